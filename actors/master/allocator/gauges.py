"""What the allocator shows of itself, under Mesos' names (mesos-metrics.tsv)."""

from __future__ import annotations

from actors.master.allocator.allocator import Allocator
from actors.metrics import Counter, Gauge, Metrics, Timer, metric


class AllocatorMetrics(Metrics):
    """Runs, and the resources of the cluster."""

    allocation_run: Timer = metric(Timer, "allocator/mesos/allocation_run", "How long runs took.")
    allocation_run_latency: Timer = metric(
        Timer, "allocator/mesos/allocation_run_latency", "How long runs were queued."
    )
    allocation_runs: Counter = metric(Counter, "allocator/mesos/allocation_runs", "Runs.")
    cpus_total: Gauge = metric(Gauge, "allocator/mesos/resources/cpus/total", "CPUs of all agents.")
    mem_total: Gauge = metric(Gauge, "allocator/mesos/resources/mem/total", "Memory of all agents, in MB.")
    disk_total: Gauge = metric(Gauge, "allocator/mesos/resources/disk/total", "Disk of all agents, in MB.")
    cpus_allocated: Gauge = metric(
        Gauge, "allocator/mesos/resources/cpus/offered_or_allocated", "CPUs offered or allocated."
    )
    mem_allocated: Gauge = metric(
        Gauge, "allocator/mesos/resources/mem/offered_or_allocated", "Memory offered or allocated, in MB."
    )
    disk_allocated: Gauge = metric(
        Gauge, "allocator/mesos/resources/disk/offered_or_allocated", "Disk offered or allocated, in MB."
    )

    def note_run(self, seconds: float, allocator: Allocator) -> None:
        """Note one run, and what the cluster is like after it."""
        self.allocation_run.record(seconds)
        self.allocation_runs.increment()
        total, allocated = allocator.total, allocator.allocated
        for name, of_all, taken in (
            ("cpus", self.cpus_total, self.cpus_allocated),
            ("mem", self.mem_total, self.mem_allocated),
            ("disk", self.disk_total, self.disk_allocated),
        ):
            of_all.set(total[name] / 1000)
            taken.set(allocated[name] / 1000)
