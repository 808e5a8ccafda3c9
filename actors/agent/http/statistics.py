"""What containers use, as records of Mesos tell it (`ResourceStatistics`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import isfinite
from typing import Any, Final, TypeAlias

import msgspec

from transport.messages.agent_reading import ExecutorRead
from transport.messages.containing import ContainerUsage
from transport.records.cgroup import CgroupInfo
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.statistics import DiskStatistics, ResourceStatistics

_MIB: Final = 2**20
_Blkio: TypeAlias = CgroupInfo.Blkio

#: Fields of both records that mean the same.
_SAME: Final = {
    "processes": "processes",
    "threads": "threads",
    "cpus_nr_periods": "cpu_periods",
    "cpus_nr_throttled": "throttled_periods",
    "mem_rss_bytes": "memory_bytes",
    "mem_total_bytes": "total_memory_bytes",
    "mem_anon_bytes": "anonymous_bytes",
    "mem_file_bytes": "file_bytes",
    "mem_cache_bytes": "file_bytes",
    "mem_mapped_file_bytes": "mapped_file_bytes",
    "mem_swap_bytes": "swap_bytes",
    "mem_unevictable_bytes": "unevictable_bytes",
    "mem_kmem_usage_bytes": "kernel_bytes",
    "mem_kmem_tcp_usage_bytes": "kernel_tcp_bytes",
    "disk_used_bytes": "disk_bytes",
    "disk_limit_bytes": "disk_limit_bytes",
    "net_rx_bytes": "received_bytes",
    "net_rx_packets": "received_packets",
    "net_rx_errors": "received_errors",
    "net_rx_dropped": "received_dropped",
    "net_tx_bytes": "sent_bytes",
    "net_tx_packets": "sent_packets",
    "net_tx_errors": "sent_errors",
    "net_tx_dropped": "sent_dropped",
}


class Given(msgspec.Struct, frozen=True):
    """What a container was given, and what it may use at most, where that differs: cpus and mem, by name."""

    requests: Mapping[str, float] = {}
    limits: Mapping[str, float] = {}


def statistics(
    usages: Sequence[ContainerUsage], wall: float, given: Given | None = None
) -> ResourceStatistics:
    """What these use together, measured at `wall`, seconds since 1970."""
    found: dict[str, Any] = {name: _sum(usages, field) for name, field in _SAME.items()}
    return ResourceStatistics(
        timestamp=wall,
        cpus_user_time_secs=_seconds(usages, "user_seconds"),
        cpus_system_time_secs=_seconds(usages, "system_seconds"),
        cpus_throttled_time_secs=_seconds(usages, "throttled_seconds"),
        mem_total_memsw_bytes=_with_swap(found),
        disk_statistics=tuple(_disks(usages)),
        blkio_statistics=_block_devices(usages),
        **found,
        **_pressure(usages),
        **_limits(usages, given or Given()),
    )


def given(executor: ExecutorRead) -> Given:
    """What an executor and its tasks that are not over were given."""
    tasks = (*executor.queued, *executor.launched)
    limits = {}
    for name in ("cpus", "mem"):
        if any(name in task.limits for task in tasks):
            limits[name] = _amount(executor.info.resources, name) + sum(
                task.limits[name].value if name in task.limits else _amount(task.resources, name)
                for task in tasks
            )
    return Given(_amounts(allocated(executor)), limits)


def allocated(executor: ExecutorRead) -> tuple[Resource, ...]:
    """What an executor and its tasks that are not over hold."""
    tasks = (*executor.queued, *executor.launched)
    return executor.info.resources + tuple(chain.from_iterable(task.resources for task in tasks))


def _amounts(resources: Iterable[Resource]) -> Mapping[str, float]:
    quantities = Resources(resources).scalar_quantities
    return {name: quantities[name] / 1000 for name in ("cpus", "mem") if name in quantities}


def _amount(resources: Iterable[Resource], name: str) -> float:
    return _amounts(resources).get(name, 0.0)


def _limits(usages: Sequence[ContainerUsage], given: Given) -> dict[str, Any]:
    """Limits as the kernel says, else as they were asked for; requests beside them where they differ.

    What the kernel says of several may be the limit of all together.
    """
    limits = {
        name: value for name, value in (dict(given.requests) | dict(given.limits)).items() if isfinite(value)
    }
    own = usages[0] if len(usages) == 1 else ContainerUsage()
    memory, soft = own.memory_limit_bytes, own.soft_memory_limit_bytes
    requested = _bytes(given.requests.get("mem")) if "mem" in given.limits else None
    return {
        "cpus_limit": limits.get("cpus"),
        "cpus_soft_limit": given.requests.get("cpus") if "cpus" in given.limits else None,
        "mem_limit_bytes": _bytes(limits.get("mem")) if memory is None else memory,
        "mem_soft_limit_bytes": requested if soft is None else soft,
    }


def _bytes(mebibytes: float | None) -> int | None:
    return None if mebibytes is None else round(mebibytes * _MIB)


def _values(usages: Iterable[ContainerUsage], field: str) -> Iterator[Any]:
    return (value for value in (getattr(usage, field) for usage in usages) if value is not None)


def _sum(usages: Iterable[ContainerUsage], field: str) -> int | None:
    values = tuple(_values(usages, field))
    return sum(values) if values else None


def _seconds(usages: Iterable[ContainerUsage], field: str) -> float | None:
    values = tuple(_values(usages, field))
    return round(sum(values), 6) if values else None


def _with_swap(found: Mapping[str, int | None]) -> int | None:
    memory, swap = found["mem_total_bytes"], found["mem_swap_bytes"]
    return None if memory is None or swap is None else memory + swap


def _pressure(usages: Iterable[ContainerUsage]) -> dict[str, Any]:
    levels = tuple(_values(usages, "memory_pressure"))
    names = ("mem_low_pressure_counter", "mem_medium_pressure_counter", "mem_critical_pressure_counter")
    return {name: sum(level[place] for level in levels) for place, name in enumerate(names)} if levels else {}


def _disks(usages: Iterable[ContainerUsage]) -> Iterator[DiskStatistics]:
    for usage in usages:
        if usage.disk_limit_bytes is not None:
            yield DiskStatistics(limit_bytes=usage.disk_limit_bytes, used_bytes=usage.disk_bytes)
        for volume in usage.volumes:
            yield DiskStatistics(
                persistence=Resource.DiskInfo.Persistence(id=volume.persistence_id),
                limit_bytes=volume.limit_bytes,
                used_bytes=volume.used_bytes,
            )


def _block_devices(usages: Sequence[ContainerUsage]) -> CgroupInfo.Blkio.Statistics | None:
    """Bytes of all block devices together."""
    operations = (_Blkio.Operation.READ, "read_bytes"), (_Blkio.Operation.WRITE, "written_bytes")
    counted = ((operation, _sum(usages, field)) for operation, field in operations)
    values = tuple(
        _Blkio.Value(op=operation, value=value) for operation, value in counted if value is not None
    )
    if not values:
        return None
    return _Blkio.Statistics(throttling=(_Blkio.Throttling.Statistics(io_service_bytes=values),))
