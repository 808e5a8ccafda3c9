"""Load and memory of the machine that a node runs on, under Mesos' names (mesos-protocol.md §5.2b)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from actors.metrics import Gauge, Metrics, metric

_MEMORY: Final = Path("/proc/meminfo")
_MEMORY_LINE: Final = re.compile(r"(\w+): +(\d+) kB")
#: So long one reading is good for: a snapshot asks for each figure by itself.
_FRESH_SECONDS: Final = 0.5


class HostStatistics(msgspec.Struct, frozen=True):
    """What Mesos' /system/stats.json tells."""

    avg_load_1min: float
    avg_load_5min: float
    avg_load_15min: float
    cpus_total: int
    mem_total_bytes: int
    mem_free_bytes: int

    @classmethod
    def read(cls) -> HostStatistics:
        """Look now; may block."""
        memory = dict(_MEMORY_LINE.findall(_MEMORY.read_text()))
        total, free = (int(memory[name]) * 1024 for name in ("MemTotal", "MemFree"))
        return cls(*os.getloadavg(), os.cpu_count() or 1, total, free)


class HostMetrics(Metrics):
    """The same as metrics."""

    cpus_total: Gauge = metric(Gauge, "system/cpus_total", "Processors of this machine.")
    load_1min: Gauge = metric(Gauge, "system/load_1min", "Its load, averaged over a minute.")
    load_5min: Gauge = metric(Gauge, "system/load_5min", "Its load, averaged over 5 minutes.")
    load_15min: Gauge = metric(Gauge, "system/load_15min", "Its load, averaged over 15 minutes.")
    mem_total_bytes: Gauge = metric(Gauge, "system/mem_total_bytes", "Its memory, in bytes.")
    mem_free_bytes: Gauge = metric(Gauge, "system/mem_free_bytes", "What of it is free, in bytes.")

    def read_from(self, now: Callable[[], float]) -> None:
        """Look when somebody asks, on whatever thread; `now` gives monotonic seconds."""
        latest: list[tuple[float, HostStatistics]] = []

        def fresh() -> HostStatistics:
            moment = now()
            if not latest or moment - latest[0][0] > _FRESH_SECONDS:
                latest[:] = [(moment, HostStatistics.read())]
            return latest[0][1]

        self.cpus_total.read = lambda: fresh().cpus_total
        self.load_1min.read = lambda: fresh().avg_load_1min
        self.load_5min.read = lambda: fresh().avg_load_5min
        self.load_15min.read = lambda: fresh().avg_load_15min
        self.mem_total_bytes.read = lambda: fresh().mem_total_bytes
        self.mem_free_bytes.read = lambda: fresh().mem_free_bytes
