"""The metrics of an executor node's containers: those named `containerizer/…` are shown by its agent, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Protocol

from actors.metrics import Counter, Family, Gauge, Metrics, Sample, Timer, metric
from containerizers.gpu import Gpus


class Fetched(Protocol):
    """What a fetcher counts."""

    @property
    def cache_total_bytes(self) -> int: ...  # noqa: D102
    @property
    def cache_used_bytes(self) -> int: ...  # noqa: D102
    @property
    def succeeded(self) -> int: ...  # noqa: D102
    @property
    def failed(self) -> int: ...  # noqa: D102


class FetcherMetrics(Metrics):
    """What is counted of files that containers need."""

    succeeded: Gauge = metric(
        Gauge,
        "containerizer/fetcher/task_fetches_succeeded",
        "Containers whose files were fetched.",
    )
    failed: Gauge = metric(
        Gauge,
        "containerizer/fetcher/task_fetches_failed",
        "Containers whose files could not be fetched.",
    )
    total: Gauge = metric(
        Gauge, "containerizer/fetcher/cache_size_total_bytes", "What the cache of files may hold."
    )
    used: Gauge = metric(
        Gauge, "containerizer/fetcher/cache_size_used_bytes", "What the cache of files holds."
    )

    def read_from(self, fetched: Callable[[], Fetched]) -> None:
        """Have the gauges read what a fetcher counts, which may be asked from any thread."""
        self.succeeded.read = lambda: fetched().succeeded
        self.failed.read = lambda: fetched().failed
        self.total.read = lambda: fetched().cache_total_bytes
        self.used.read = lambda: fetched().cache_used_bytes


class _Pulls(Timer):
    """Times that are noted elsewhere, in seconds."""

    def __init__(self, name: str, help: str) -> None:  # noqa: A002
        super().__init__(name, help)
        self.read: Callable[[], Iterable[float]] = tuple

    def samples(self) -> Iterator[Sample]:
        """See `Timer.samples`."""
        taken = Timer(self.name, self.help)
        for seconds in tuple(self.read()):
            taken.record(seconds)
        yield from taken.samples()


class ContainerMetrics(Metrics):
    """What is counted of containers."""

    destroy_errors: Gauge = metric(
        Gauge,
        "containerizer/mesos/container_destroy_errors",
        "Containers that could not be ended, or of which something could not be removed.",
    )
    image_pull: _Pulls = metric(
        _Pulls, "containerizer/docker/image_pull", "How long Docker takes to pull an image."
    )

    def read_from(
        self, destroy_errors: Callable[[], int], pull_seconds: Callable[[], Iterable[float]]
    ) -> None:
        """Have it read what containerizers count, which may be asked from any thread."""
        self.destroy_errors.read = destroy_errors
        self.image_pull.read = pull_seconds


class PortsMetrics(Metrics):
    """What is counted of ports."""

    unallocated: Counter = metric(
        Counter,
        "containerizer/ports/unallocated_found",
        "How often a container was found to listen on ports that are not its own.",
    )
    taken: Gauge = metric(
        Gauge,
        "containerizer/ports/offered_taken",
        "Ports that the agent offers while something else on the host listens on them.",
    )


class DiskMetrics(Metrics):
    """What is counted of quotas on disks."""

    exceeded: Counter = metric(
        Counter,
        "containerizer/disk/quota_exceeded",
        "How often something was found with more on the disk than its quota.",
    )
    round: Timer = metric(
        Timer, "containerizer/disk/round", "How long it takes to count what all containers have on the disk."
    )


class GpuMetrics(Metrics):
    """What the GPUs of a host do, by their numbers; and what containers have in their memory."""

    utilization: Family = metric(
        Family, "containerizer/gpu/utilization_percent", "How busy a GPU is, in percent."
    )
    memory_total: Family = metric(
        Family, "containerizer/gpu/memory_total_bytes", "How much memory a GPU has."
    )
    memory_used: Family = metric(
        Family, "containerizer/gpu/memory_used_bytes", "How much memory of a GPU is used."
    )
    temperature: Family = metric(
        Family, "containerizer/gpu/temperature_celsius", "How hot a GPU is, in degrees Celsius."
    )
    power: Family = metric(Family, "containerizer/gpu/power_watts", "How much power a GPU takes, in watts.")
    of_containers: Family = metric(
        Family,
        "containerizer/gpu/memory_of_container_bytes",
        "How much memory of GPUs a container uses.",
    )

    def read_from(
        self, read: Callable[[], Gpus], processes: Callable[[], Mapping[str, tuple[int, ...]]]
    ) -> None:
        """Have it tell what is read; `processes` are those of containers."""
        for family, field in (
            (self.utilization, "utilization_percent"),
            (self.memory_total, "memory_total_bytes"),
            (self.memory_used, "memory_used_bytes"),
            (self.temperature, "temperature_celsius"),
            (self.power, "power_watts"),
        ):
            family.read = partial(_by_gpu, read, field)
        self.of_containers.read = lambda: read().memory_of(processes())


def _by_gpu(read: Callable[[], Gpus], field: str) -> Mapping[str, float]:
    values = ((str(gpu.index), getattr(gpu, field)) for gpu in read().gpus)
    return {index: value for index, value in values if value is not None}
