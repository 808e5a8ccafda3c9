"""Limits of each process of a container (posix/rlimits), by name."""

from __future__ import annotations

import resource
from typing import TypeAlias

from containerizers.spec import Isolation

#: By their numbers, which are the same on all machines that there are filters for.
NAMES = (
    *("cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks"),
    *("sigpending", "msgqueue", "nice", "rtprio", "rttime"),
)
#: Name, number, soft and hard; -1 is unlimited.
Limit: TypeAlias = "tuple[str, int, int, int]"


class RLimitError(ValueError):
    """A limit that there is not, or that cannot be; the text names field and rule."""


def plan(isolation: Isolation) -> tuple[Limit, ...]:
    """What `limits.apply` takes, for a child; raises RLimitError."""
    found: dict[int, Limit] = {}
    for limit in isolation.rlimits:
        name = f"rlimits: {limit.name!r}"
        if limit.name not in NAMES:
            raise RLimitError(f"{name}: there is no such limit; there are {', '.join(NAMES)}")
        number = NAMES.index(limit.name)
        if number in found:
            raise RLimitError(f"{name}: must be there but once")
        soft, hard = _value(limit.soft), _value(limit.hard)
        if (limit.soft or 0) < 0 or (limit.hard or 0) < 0:
            raise RLimitError(f"{name}: must not be negative")
        if limit.hard is not None and (limit.soft is None or limit.soft > limit.hard):
            raise RLimitError(f"{name}: the soft limit must not be above the hard one")
        found[number] = (limit.name, number, soft, hard)
    return tuple(found.values())


def _value(limit: int | None) -> int:
    return resource.RLIM_INFINITY if limit is None else limit
