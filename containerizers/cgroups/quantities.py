"""What the kernel is told for the limits of a container (mesos-features.md §9)."""

from __future__ import annotations

import math

from containerizers.spec import Limits

#: What a processor weighs, which is the kernel's default, and the least that anything does.
_SHARES_PER_CPU, _LEAST_SHARES, _MOST_SHARES = 1024, 2, 262_144
_WEIGHT_PER_CPU, _LEAST_WEIGHT, _MOST_WEIGHT = 100, 1, 10_000
#: Of the CPU's hard limit, in microseconds.
PERIOD_MICROSECONDS = 100_000
_LEAST_QUOTA_MICROSECONDS = 1_000
#: No container gets by with less memory.
LEAST_MEMORY_BYTES = 32 << 20


def shares(cpus: float) -> int:
    """The share in processors that others want, too; v1."""
    return min(max(int(_SHARES_PER_CPU * cpus), _LEAST_SHARES), _MOST_SHARES)


def weight(cpus: float) -> int:
    """The same for v2."""
    return min(max(int(_WEIGHT_PER_CPU * cpus), _LEAST_WEIGHT), _MOST_WEIGHT)


def quota_microseconds(limits: Limits) -> int | None:
    """How long all of a container may run in a period; None: as long as it wants."""
    if limits.cpus_limit is None or math.isinf(limits.cpus_limit):
        return None
    return max(round(PERIOD_MICROSECONDS * limits.cpus_limit), _LEAST_QUOTA_MICROSECONDS)


def memory_bytes(value: int | None) -> int | None:
    """A limit of memory; None: there is none."""
    return None if value is None else max(value, LEAST_MEMORY_BYTES)
