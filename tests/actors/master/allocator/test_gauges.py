from __future__ import annotations

from random import Random

from actors.master.allocator.gauges import AllocatorMetrics
from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.metrics import Registry
from tests.actors.master.allocator.factories import add_agent, add_framework


def test_runs_and_resources_are_shown_under_mesos_names() -> None:
    allocator = HierarchicalAllocator()
    add_framework(allocator, "f", "role")
    add_agent(allocator, "one", "cpus:4;mem:64")
    allocator.allocate(0.0, Random(1))
    add_agent(allocator, "two", "cpus:0.5")
    metrics, registry = AllocatorMetrics(), Registry()
    registry.add(metrics)

    metrics.note_run(0.25, allocator)

    assert registry.snapshot() == {
        "allocator/mesos/allocation_run_ms": 250.0,
        "allocator/mesos/allocation_runs": 1,
        "allocator/mesos/resources/cpus/total": 4.5,
        "allocator/mesos/resources/mem/total": 64.0,
        "allocator/mesos/resources/disk/total": 0.0,
        "allocator/mesos/resources/cpus/offered_or_allocated": 4.0,
        "allocator/mesos/resources/mem/offered_or_allocated": 64.0,
        "allocator/mesos/resources/disk/offered_or_allocated": 0.0,
    }
