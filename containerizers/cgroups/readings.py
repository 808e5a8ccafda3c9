"""What files of control groups say, as figures of what a container uses."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from containerizers.containerizer import Usage

_TICKS = os.sysconf("SC_CLK_TCK")
_NANOSECONDS, _MICROSECONDS = 1_000_000_000, 1_000_000
#: A limit of so much is none: v1 has a number for it, in whole pages.
_UNLIMITED_BYTES = 1 << 62
_V1_TRANSFER = re.compile(rb"(Read|Write) (\d+)")
_V2_TRANSFER = re.compile(rb"([rw])bytes=(\d+)")


def number(data: bytes) -> int | None:
    """The number in a file that holds just one; None where there is none, or no limit."""
    text = data.strip()
    return int(text) if text.isdigit() else None


def numbers(data: bytes) -> dict[bytes, int]:
    """The lines of a file that are a name and a number each."""
    fields = iter(data.split())
    return {name: int(value) for name, value in zip(fields, fields, strict=False)}


def processes(data: bytes) -> tuple[int, ...]:
    """Processes of a group. A 0 is one that this process's own namespace has no number for."""
    return tuple(one for one in map(int, data.split()) if one)


def v1_limit(memory_stat: bytes) -> int | None:
    """The limit of memory that holds for a group of v1: its own, or one around it; None: there is none."""
    return _limit(numbers(memory_stat).get(b"hierarchical_memory_limit"))


def v1(files: Mapping[str, bytes], count: int) -> Usage:
    """What a container of `count` processes uses, of the files of v1 that there are, by name."""
    times = numbers(files.get("cpuacct.stat", b""))
    turns = numbers(files.get("cpu.stat", b""))
    memory = numbers(files.get("memory.stat", b""))
    moved = _transfer(_V1_TRANSFER, files.get("blkio.throttle.io_service_bytes_recursive", b""))
    throttled = turns.get(b"throttled_time")
    return Usage(
        includes_nested=True,
        processes=count,
        threads=number(files.get("pids.current", b"")) or count,
        user_seconds=times.get(b"user", 0) / _TICKS,
        system_seconds=times.get(b"system", 0) / _TICKS,
        memory_bytes=memory.get(b"total_rss", 0),
        cpu_periods=turns.get(b"nr_periods"),
        throttled_periods=turns.get(b"nr_throttled"),
        throttled_seconds=None if throttled is None else throttled / _NANOSECONDS,
        total_memory_bytes=number(files.get("memory.usage_in_bytes", b"")),
        anonymous_bytes=memory.get(b"total_rss"),
        file_bytes=memory.get(b"total_cache"),
        mapped_file_bytes=memory.get(b"total_mapped_file"),
        swap_bytes=memory.get(b"total_swap"),
        unevictable_bytes=memory.get(b"total_unevictable"),
        kernel_bytes=number(files.get("memory.kmem.usage_in_bytes", b"")),
        kernel_tcp_bytes=number(files.get("memory.kmem.tcp.usage_in_bytes", b"")),
        memory_limit_bytes=_limit(memory.get(b"hierarchical_memory_limit")),
        soft_memory_limit_bytes=_limit(number(files.get("memory.soft_limit_in_bytes", b""))),
        read_bytes=moved.get(b"Read"),
        written_bytes=moved.get(b"Write"),
    )


def v2(files: Mapping[str, bytes], count: int) -> Usage:
    """What a container of `count` processes uses, of the files of v2 that there are, by name."""
    turns = numbers(files.get("cpu.stat", b""))
    memory = numbers(files.get("memory.stat", b""))
    moved = _transfer(_V2_TRANSFER, files.get("io.stat", b""))
    throttled = turns.get(b"throttled_usec")
    return Usage(
        includes_nested=True,
        processes=count,
        threads=number(files.get("pids.current", b"")) or count,
        user_seconds=turns.get(b"user_usec", 0) / _MICROSECONDS,
        system_seconds=turns.get(b"system_usec", 0) / _MICROSECONDS,
        memory_bytes=memory.get(b"anon", 0),
        cpu_periods=turns.get(b"nr_periods"),
        throttled_periods=turns.get(b"nr_throttled"),
        throttled_seconds=None if throttled is None else throttled / _MICROSECONDS,
        total_memory_bytes=number(files.get("memory.current", b"")),
        anonymous_bytes=memory.get(b"anon"),
        file_bytes=memory.get(b"file"),
        mapped_file_bytes=memory.get(b"file_mapped"),
        swap_bytes=number(files.get("memory.swap.current", b"")),
        unevictable_bytes=memory.get(b"unevictable"),
        kernel_bytes=memory.get(b"kernel"),
        memory_limit_bytes=number(files.get("memory.max", b"")),
        soft_memory_limit_bytes=number(files.get("memory.low", b"")) or None,
        read_bytes=moved.get(b"r"),
        written_bytes=moved.get(b"w"),
    )


def _limit(value: int | None) -> int | None:
    return None if value is None or value >= _UNLIMITED_BYTES else value


def _transfer(pattern: re.Pattern[bytes], data: bytes) -> dict[bytes, int]:
    """Sums over all devices; nothing was moved where none is named."""
    sums: dict[bytes, int] = {}
    for kind, value in pattern.findall(data):
        sums[kind] = sums.get(kind, 0) + int(value)
    return sums
