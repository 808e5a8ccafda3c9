from __future__ import annotations

import os

from actors.metrics import Registry
from actors.node.host import HostMetrics, HostStatistics


def test_the_machine_is_told_under_mesos_names() -> None:
    told = HostStatistics.read()
    assert told.cpus_total == os.cpu_count()
    assert 0 < told.mem_free_bytes < told.mem_total_bytes
    assert told.avg_load_1min >= 0


def test_a_snapshot_has_one_reading_and_a_later_one_another() -> None:
    metrics, registry = HostMetrics(), Registry()
    moments = iter([*[1.0] * 6, *[2.0] * 6])
    metrics.read_from(lambda: next(moments))
    registry.add(metrics)
    for _ in range(2):
        shown = registry.snapshot()
        assert shown["system/cpus_total"] == os.cpu_count()
        assert shown["system/mem_free_bytes"] < shown["system/mem_total_bytes"]
        assert {"system/load_1min", "system/load_5min", "system/load_15min"} < set(shown)
    assert next(moments, None) is None, "each gauge asked for the time once"
