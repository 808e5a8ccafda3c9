"""One task at a time, and how soon declined resources are offered again."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.figure import Figure, Size, alone, at_most, percentile_of
from tests.benchmarks.launch.cluster import cluster, settle
from tests.benchmarks.launch.framework import DEADLINE_SECONDS, DeclineAgain, Driver, driver
from tests.benchmarks.launch.tasks import true
from transport.records.task_status import TaskState


def figures(size: Size) -> Iterator[Figure]:
    with cluster() as running, driver(running.address) as framework:
        framework.run(lambda offer: [true(offer)])
        running_ms, finished_ms = [], []
        for _ in range(size.of(200, least=10)):
            framework.run(lambda offer: [true(offer)])
            heard = next(reversed(framework.bench.heard.values()))
            running_ms.append((heard[TaskState.TASK_RUNNING] - framework.bench.accepted) * 1000)
            finished_ms.append((heard[TaskState.TASK_FINISHED] - framework.bench.accepted) * 1000)
            assert framework.bench.offered.wait(DEADLINE_SECONDS)
        yield alone(
            "launch.accept_to_running.p50",
            "ms (Mesos 1.0.1: 60)",
            [percentile_of(running_ms, 50)],
            at_most(15),
        )
        yield alone("launch.accept_to_running.p99", "ms", [percentile_of(running_ms, 99)])
        yield alone(
            "launch.accept_to_finished.p50",
            "ms (Mesos 1.0.1: 161)",
            [percentile_of(finished_ms, 50)],
            at_most(25),
        )
        pauses = _declines(framework, size.of(50, least=5))
        yield alone(
            "launch.decline_to_offer.p50", "ms (Mesos 1.0.1: 1,000)", [percentile_of(pauses, 50)], at_most(50)
        )


def _declines(framework: Driver, times: int) -> list[float]:
    """Milliseconds from a decline to the next offer of the same resources.

    Something runs between two declines: who does nothing but decline is asked ever later, so that nothing
    spins.
    """
    bench = framework.bench
    for _ in range(times):
        framework.run(lambda offer: [true(offer)])
        assert bench.offered.wait(DEADLINE_SECONDS)
        settle(0.1)
        framework.tell(DeclineAgain())
        assert bench.declined_once.wait(DEADLINE_SECONDS)
        assert bench.offered.wait(DEADLINE_SECONDS)
    return [pause * 1000 for pause in bench.pauses]
