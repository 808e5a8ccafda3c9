"""Many tasks at once: `true` as command tasks, and tasks of one custom executor."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.benchmarks.child import ROOT
from tests.benchmarks.figure import Figure, Size, alone, at_least, at_most, compared
from tests.benchmarks.launch.cluster import busy_seconds, cluster, settle
from tests.benchmarks.launch.framework import Driver, driver
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
    executor_id=ExecutorID(value="quick"),
    command=CommandInfo(
        value=f"cd {ROOT} && exec {sys.executable} -m actors.executor.driver "
        "frameworks.examples.echo_executor:EchoExecutor"
    ),
    resources=tuple(Resources.parse("cpus:0.1;mem:64")),
)
_numbers = itertools.count()


def figures(size: Size) -> Iterator[Figure]:
    for usual in (500, 2000):
        tasks = size.of(usual)
        rates, costs, bare = _command_tasks(tasks, size.rounds)
        yield alone(f"launch.{usual}_command_tasks", "tasks/s (Mesos 1.0.1: 22)", rates, at_least(300))
        yield alone(
            f"launch.{usual}_command_tasks.cpu", "ms of CPU a task, all of the machine", costs, at_most(6)
        )
        yield compared(
            f"launch.{usual}_command_tasks.bare",
            "tasks/s",
            'a bare loop of subprocess.run(["true"])',
            list(zip(rates, bare, strict=True)),
            at_least(0.25),
        )
    yield alone(
        "launch.2000_tasks_of_one_executor",
        "tasks/s (Mesos 1.0.1: 526)",
        _executor_tasks(size.of(2000), size.rounds),
        at_least(1000),
    )


def true(offer: Offer, command: str = "true") -> TaskInfo:
    """A command task."""
    number = next(_numbers)
    return TaskInfo(
        name=f"task {number}",
        task_id=TaskID(value=f"task-{number}"),
        agent_id=offer.agent_id,
        resources=_LEAST,
        command=CommandInfo(value=command),
    )


def _command_tasks(tasks: int, rounds: int) -> tuple[list[float], list[float], list[float]]:
    rates, costs, bare = [], [], []
    with cluster() as running, driver(running.address) as framework:
        framework.run(lambda offer: [true(offer) for _ in range(20)])
        for _ in range(rounds):
            settle()
            before = busy_seconds()
            seconds = framework.run(lambda offer: [true(offer) for _ in range(tasks)])
            costs.append((busy_seconds() - before) / tasks * 1000)
            rates.append(tasks / seconds)
            _check(framework)
            bare.append(_bare(tasks))
    return rates, costs, bare


def _bare(tasks: int) -> float:
    begin = time.perf_counter()
    for _ in range(tasks):
        subprocess.run(["true"], check=True)
    return tasks / (time.perf_counter() - begin)


def _executor_tasks(tasks: int, rounds: int) -> list[float]:
    rates = []
    with cluster() as running, driver(running.address) as framework:
        framework.run(lambda offer: [_quick(offer)])
        for _ in range(rounds):
            settle()
            rates.append(tasks / framework.run(lambda offer: [_quick(offer) for _ in range(tasks)]))
            _check(framework)
    return rates


def _quick(offer: Offer) -> TaskInfo:
    number = next(_numbers)
    return TaskInfo(
        name=f"task {number}",
        task_id=TaskID(value=f"task-{number}"),
        agent_id=offer.agent_id,
        resources=_LEAST,
        executor=ExecutorInfo(
            type=_EXECUTOR.type,
            executor_id=_EXECUTOR.executor_id,
            framework_id=offer.framework_id,
            command=_EXECUTOR.command,
            resources=_EXECUTOR.resources,
        ),
    )


def _check(framework: Driver) -> None:
    """Every task was told as finished: none failed quickly."""
    wrong = [
        status for status in framework.bench.last.values() if status.state is not TaskState.TASK_FINISHED
    ]
    assert not wrong, f"{len(wrong)} tasks did not finish: {wrong[0]}"
