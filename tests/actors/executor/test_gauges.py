from __future__ import annotations

from actors.executor.gauges import ContainerMetrics, DiskMetrics, FetcherMetrics, PortsMetrics
from actors.metrics import Registry
from containerizers.fetcher.settings import FetchStatistics

PULL = "containerizer/docker/image_pull_ms"


def test_what_containerizers_and_the_fetcher_count_is_shown_by_the_names_of_mesos() -> None:
    registry, seconds, errors = Registry(), [0.5], [0]
    containers, fetcher = ContainerMetrics(), FetcherMetrics()
    for metrics in (containers, fetcher, PortsMetrics(), DiskMetrics()):
        registry.add(metrics)
    assert all(name.startswith("containerizer/") for name in registry.snapshot())
    assert PULL not in registry.snapshot()
    containers.read_from(lambda: errors[0], lambda: seconds)
    counted = FetchStatistics(cache_total_bytes=100, cache_used_bytes=40, succeeded=3, failed=1)
    fetcher.read_from(lambda: counted)
    errors[0] = 2
    snapshot = registry.snapshot()
    assert snapshot["containerizer/mesos/container_destroy_errors"] == 2
    assert snapshot[PULL] == 500
    seconds.append(1.5)
    shown = registry.snapshot()
    assert (shown[PULL], shown[f"{PULL}/count"], shown[f"{PULL}/p50"]) == (1500, 2, 1000)
    assert {name: shown[f"containerizer/fetcher/{name}"] for name in FETCHED} == FETCHED


FETCHED = {
    "task_fetches_succeeded": 3,
    "task_fetches_failed": 1,
    "cache_size_total_bytes": 100,
    "cache_size_used_bytes": 40,
}
