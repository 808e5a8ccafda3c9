"""What a container may use, by the resources that it was given (mesos-features.md §9)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from transport.messages.container_spec import Limits, VolumeLimit
from transport.records.resource import Resource
from transport.records.value import Value

_MIB = 2**20
#: Nothing can be started in less.
_MEMORY_MIN_MB = 32.0


def limits_of(
    resources: Iterable[Resource],
    limits: Mapping[str, Value.Scalar],
    volumes: tuple[VolumeLimit, ...] = (),
    *,
    caps_cpus: bool = False,
) -> Limits:
    """The limits of a container; raises ValueError naming a limit that is below what was asked for.

    `limits` are those of TaskInfo: `cpus` and `mem`, infinity for none. `caps_cpus` is whether cpus are a
    limit where there is no other.
    """
    held = tuple(resources)
    cpus, memory = _sum(held, "cpus"), _sum(held, "mem")
    cpus_limit = _limit(limits, "cpus", cpus, cpus if caps_cpus else None)
    memory_limit = _limit(limits, "mem", memory, memory)
    return Limits(
        cpus=cpus,
        cpus_limit=cpus_limit,
        memory_bytes=_bytes(memory),
        memory_limit_bytes=_bytes(memory_limit),
        disk_bytes=_disk(held),
        volumes=volumes,
        ports=_ports(held),
    )


def _sum(resources: tuple[Resource, ...], name: str) -> float | None:
    amounts = [one.scalar.value for one in resources if one.name == name and one.scalar is not None]
    return round(sum(amounts), 3) if amounts else None


def _limit(
    limits: Mapping[str, Value.Scalar], name: str, asked: float | None, default: float | None
) -> float | None:
    given = limits.get(name)
    if given is None:
        return default
    limit = given.value
    if math.isnan(limit) or limit <= 0 or (asked is not None and limit < asked):
        raise ValueError(
            f"limits.{name}: {limit:g} must not be less than what is asked for, which is {asked}"
        )
    return None if math.isinf(limit) else limit


def _bytes(megabytes: float | None) -> int | None:
    return None if megabytes is None else round(max(_MEMORY_MIN_MB, megabytes) * _MIB)


def _disk(resources: tuple[Resource, ...]) -> int | None:
    """Of the sandbox: what volumes and disks of their own take does not count."""
    amounts = [
        one.scalar.value
        for one in resources
        if one.name == "disk" and one.disk is None and one.scalar is not None
    ]
    return round(sum(amounts) * _MIB) if amounts else None


def _ports(resources: tuple[Resource, ...]) -> tuple[tuple[int, int], ...]:
    return tuple(
        (span.begin, span.end)
        for one in resources
        if one.name == "ports" and one.ranges is not None
        for span in one.ranges.range
    )
