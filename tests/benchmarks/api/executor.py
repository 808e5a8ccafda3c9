"""Tasks of one executor that speaks the v1 HTTP API, written with the standard library of Python."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator

from tests.benchmarks.child import ROOT
from tests.benchmarks.figure import Figure, Size, alone, at_least, at_most
from tests.benchmarks.launch.cluster import busy_seconds, cluster, settle
from tests.benchmarks.launch.framework import Driver, driver, executor_of
from transport.records.command import CommandInfo
from transport.records.executor import ExecutorInfo
from transport.records.ids import ExecutorID, TaskID
from transport.records.offer import Offer
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState

_LEAST = tuple(Resources.parse("cpus:0.01;mem:1"))
_EXECUTOR = ExecutorInfo(
    type=ExecutorInfo.Type.CUSTOM,
    executor_id=ExecutorID(value="over-http"),
    command=CommandInfo(value=f"exec {sys.executable} {ROOT}/tests/integration/http_executor.py"),
    resources=tuple(Resources.parse("cpus:0.1;mem:64")),
)
_numbers = itertools.count()


def figures(size: Size) -> Iterator[Figure]:
    tasks = size.of(2000)
    rates, costs = [], []
    with cluster() as running, driver(running.address) as framework:
        framework.run(lambda offer: [_task(offer)])
        for _ in range(size.rounds):
            settle()
            before = busy_seconds()
            seconds = framework.run(lambda offer: [_task(offer) for _ in range(tasks)])
            costs.append((busy_seconds() - before) / tasks * 1000)
            rates.append(tasks / seconds)
            _check(framework)
    yield alone("api.executor.2000_tasks_of_one_executor", "tasks/s (Mesos 1.0.1: 562)", rates, at_least(560))
    yield alone(
        "api.executor.2000_tasks_of_one_executor.cpu",
        "ms of CPU a task, all of the machine (Mesos 1.0.1: 3.3)",
        costs,
        at_most(3.3),
    )


def _task(offer: Offer) -> TaskInfo:
    """One that the executor says is RUNNING and FINISHED at once."""
    number = next(_numbers)
    return TaskInfo(
        name=f"task {number}",
        task_id=TaskID(value=f"task-{number}"),
        agent_id=offer.agent_id,
        resources=_LEAST,
        executor=executor_of(offer, _EXECUTOR),
        data=b"run",
    )


def _check(framework: Driver) -> None:
    """Every task was told as finished: none failed quickly."""
    last = framework.bench.last.values()
    wrong = [status for status in last if status.state is not TaskState.TASK_FINISHED]
    assert not wrong, f"{len(wrong)} tasks did not finish: {wrong[0]}"
