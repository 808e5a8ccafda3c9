from __future__ import annotations

from actors.executor.gauges import ContainerMetrics, DiskMetrics, FetcherMetrics, GpuMetrics, PortsMetrics
from actors.metrics import Registry
from containerizers.fetcher.settings import FetchStatistics
from containerizers.gpu import Gpu, GpuProcess, Gpus

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


def test_gpus_are_shown_by_their_numbers_and_what_they_do_not_tell_is_left_out() -> None:
    registry, metrics = Registry(), GpuMetrics()
    registry.add(metrics)
    found = Gpus(
        (Gpu(0, "a", "T4", 37.0, 100, 60, 41.0, 27.5), Gpu(1, "b", "T4", None, 100)),
        (GpuProcess(7, "a", 60),),
    )
    metrics.read_from(lambda: found, lambda: {"one": (7, 8), "two": (9,)})
    assert registry.snapshot() == {
        "containerizer/gpu/utilization_percent/0": 37.0,
        "containerizer/gpu/memory_total_bytes/0": 100,
        "containerizer/gpu/memory_total_bytes/1": 100,
        "containerizer/gpu/memory_used_bytes/0": 60,
        "containerizer/gpu/temperature_celsius/0": 41.0,
        "containerizer/gpu/power_watts/0": 27.5,
        "containerizer/gpu/memory_of_container_bytes/one": 60,
    }
