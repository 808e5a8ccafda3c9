"""Many containers on one agent: what they cost while nothing happens, and how soon all are found again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from tests import dockerd
from tests.actors.gateway.browser import fetch
from tests.benchmarks.containers.bare import remove_containers
from tests.benchmarks.containers.docker import docker_task, flags
from tests.benchmarks.containers.isolated import ISOLATION
from tests.benchmarks.figure import Figure, Size, alone, at_most
from tests.benchmarks.launch.cluster import cpu_seconds, settle
from tests.benchmarks.launch.framework import DEADLINE_SECONDS, Driver, driver
from tests.benchmarks.launch.tasks import true
from tests.chaos.containers.house import House
from transport.pid import Address
from transport.records.offer import Offer
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState

_MANY, _RECOVERED = 200, 100
_WATCHED_SECONDS = 20.0
_AT_ONCE = 20
_READS = 20
_PAUSE_SECONDS = 0.02
_FOR_EVER = "sleep 1000000"


def figures(size: Size) -> Iterator[Figure]:
    socket, image = dockerd.docker_socket(), dockerd.busybox()
    own = ("--launcher=linux", f"--isolation={ISOLATION}", "--logging_level=WARNING")
    with House([*flags(socket), *own]) as house, driver(house.master_address, checkpoint=True) as framework:
        try:
            few, many = size.of(_RECOVERED, least=4), size.of(_MANY, least=8)
            _launch(framework, image, few)
            settle(2.0)
            recoveries = [_recover(house, few) for _ in range(max(1, size.rounds // 2))]
            yield alone(f"containers.recovery_{few}", "s", recoveries, at_most(5))
            _launch(framework, image, many - few)
            settle(3.0)
            yield alone(f"containers.idle_{many}", "% of a core", [_idle(house, size)], at_most(3))
            yield from _statistics(house, many)
        finally:
            house.empty()
            remove_containers(socket, image)


def _launch(framework: Driver, image: str, tasks: int) -> None:
    """Half of them Docker's, the others isolated; those of before run on."""
    before = len(framework.bench.last)
    for first in range(0, tasks, _AT_ONCE):
        count = min(_AT_ONCE, tasks - first)
        assert framework.bench.offered.wait(DEADLINE_SECONDS)
        framework.begin(lambda offer, count=count: _tasks(offer, image, count))  # type: ignore[misc]
        framework.wait_for(TaskState.TASK_RUNNING, before + first + count, DEADLINE_SECONDS)


def _tasks(offer: Offer, image: str, count: int) -> Sequence[TaskInfo]:
    return [
        docker_task(offer, image, _FOR_EVER) if number % 2 else true(offer, _FOR_EVER)
        for number in range(count)
    ]


def _recover(house: House, tasks: int) -> float:
    """Seconds from the start of an agent whose executor node was killed with it, until it has all again."""
    before = house.node
    house.agent.kill()
    house.kill_node()
    begin = time.perf_counter()
    house.agent.start()
    while time.perf_counter() < begin + DEADLINE_SECONDS:
        if house.node not in (None, before) and _has(house, tasks):
            return time.perf_counter() - begin
        time.sleep(_PAUSE_SECONDS)
    raise AssertionError(f"not all of {tasks} tasks were found again; see {house.folder}")


def _has(house: House, tasks: int) -> bool:
    """Whether the agent has registered, and shows so many containers with a process."""
    try:
        metrics: Any = _get(house, "/metrics/snapshot")
        if metrics is None or not metrics["slave/registered"] or metrics["slave/tasks_running"] != tasks:
            return False
        containers: Any = _get(house, "/containers")
    except OSError:
        return False
    return containers is not None and len(containers) == tasks


def _get(house: House, path: str) -> object:
    answer = fetch(Address("127.0.0.1", house.agent_port), path)
    return msgspec.json.decode(answer.body) if answer.status == 200 else None


def _idle(house: House, size: Size) -> float:
    """Percent of a core that the agent and its executor node use together."""
    assert house.node is not None
    processes = (house.agent.number, house.node)
    before, begin = sum(map(cpu_seconds, processes)), time.perf_counter()
    settle(max(2.0, _WATCHED_SECONDS * size.scale))
    return (sum(map(cpu_seconds, processes)) - before) / (time.perf_counter() - begin) * 100


def _statistics(house: House, tasks: int) -> Iterator[Figure]:
    milliseconds = []
    for _ in range(_READS):
        begin = time.perf_counter()
        found: Any = _get(house, "/monitor/statistics")
        milliseconds.append((time.perf_counter() - begin) * 1000)
        assert len(found) == tasks, f"statistics of {len(found)} of {tasks}"
        # What was measured half a second ago is told again.
        time.sleep(0.6)
    yield alone(f"containers.statistics_{tasks}", "ms", milliseconds, at_most(300))
