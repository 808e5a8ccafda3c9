from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TypeAlias

import pytest

from containerizers.cgroups import readings
from containerizers.containerizer import Usage

Read: TypeAlias = Callable[[Mapping[str, bytes], int], Usage]
TICKS = os.sysconf("SC_CLK_TCK")
V1 = {
    "cpuacct.stat": b"user %d\nsystem %d\n" % (3 * TICKS, TICKS),
    "cpu.stat": b"nr_periods 10\nnr_throttled 4\nthrottled_time 2500000000\n",
    "memory.stat": (
        b"cache 1\nrss 2\nhierarchical_memory_limit 64\nhierarchical_memsw_limit 9223372036854771712\n"
        b"total_cache 10\ntotal_rss 20\ntotal_mapped_file 5\ntotal_swap 7\ntotal_unevictable 3\n"
    ),
    "memory.usage_in_bytes": b"33\n",
    "memory.soft_limit_in_bytes": b"48\n",
    "memory.kmem.usage_in_bytes": b"8\n",
    "memory.kmem.tcp.usage_in_bytes": b"2\n",
    "pids.current": b"9\n",
    "blkio.throttle.io_service_bytes_recursive": (
        b"8:0 Read 5\n8:0 Write 6\n8:16 Read 2\n8:0 Total 11\nTotal 13\n"
    ),
}
V2 = {
    "cpu.stat": (
        b"usage_usec 4000000\nuser_usec 3000000\nsystem_usec 1000000\n"
        b"nr_periods 10\nnr_throttled 4\nthrottled_usec 2500000\n"
    ),
    "memory.stat": b"anon 20\nfile 10\nkernel 8\nfile_mapped 5\nunevictable 3\n",
    "memory.current": b"33\n",
    "memory.max": b"64\n",
    "memory.low": b"48\n",
    "memory.swap.current": b"7\n",
    "pids.current": b"9\n",
    "io.stat": b"8:0 rbytes=5 wbytes=6 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=2 wbytes=0\n",
}


@pytest.mark.parametrize(("read", "files"), [(readings.v1, V1), (readings.v2, V2)])
def test_both_versions_say_the_same(read: Read, files: dict[str, bytes]) -> None:
    usage = read(files, 5)
    assert (usage.processes, usage.threads) == (5, 9)
    assert (usage.user_seconds, usage.system_seconds) == (3, 1)
    assert (usage.cpu_periods, usage.throttled_periods, usage.throttled_seconds) == (10, 4, 2.5)
    assert (usage.memory_bytes, usage.total_memory_bytes, usage.swap_bytes) == (20, 33, 7)
    assert (usage.anonymous_bytes, usage.file_bytes, usage.mapped_file_bytes) == (20, 10, 5)
    assert (usage.unevictable_bytes, usage.kernel_bytes) == (3, 8)
    assert (usage.memory_limit_bytes, usage.soft_memory_limit_bytes) == (64, 48)
    assert (usage.read_bytes, usage.written_bytes) == (7, 6)
    assert usage.includes_nested


@pytest.mark.parametrize("read", [readings.v1, readings.v2])
def test_what_no_file_tells_is_unknown(read: Read) -> None:
    usage = read({}, 1)
    assert (usage.processes, usage.threads, usage.user_seconds, usage.memory_bytes) == (1, 1, 0, 0)
    assert usage.cpu_periods is None
    assert usage.throttled_seconds is None
    assert usage.memory_limit_bytes is None
    assert usage.soft_memory_limit_bytes is None
    assert usage.read_bytes is None


def test_limits_that_are_none_are_no_numbers() -> None:
    assert readings.v1_limit(b"hierarchical_memory_limit 9223372036854771712\n") is None
    assert (
        readings.v1({**V1, "memory.soft_limit_in_bytes": b"9223372036854771712\n"}, 0).soft_memory_limit_bytes
        is None
    )
    usage = readings.v2({**V2, "memory.max": b"max\n", "memory.low": b"0\n"}, 0)
    assert (usage.memory_limit_bytes, usage.soft_memory_limit_bytes) == (None, None)


def test_processes_that_have_no_number_here_are_left_out() -> None:
    assert readings.processes(b"12\n0\n13\n") == (12, 13)
    assert readings.processes(b"") == ()
