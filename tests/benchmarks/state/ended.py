"""The state of a small cluster with 1,000 tasks that ended, as Mesos 1.0.1 and 1.3.2 were measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.benchmarks.child import child
from tests.benchmarks.figure import Figure, Goal, Size, alone, at_most, median_of
from tests.benchmarks.state.master import timed_master
from tests.benchmarks.state.reading import JSON, PROTOBUF, Answer, Reader, wait_for

_TASKS = 1000
_READS = 20


def figures(size: Size) -> Iterator[Figure]:
    tasks = size.of(_TASKS, least=10)
    with timed_master() as master:
        node = f"{master.pid.host}:{master.pid.port}"
        with child("tests.benchmarks.state.worker", node, tasks), Reader(master.web) as reader:
            wait_for(lambda: reader.metric("master/tasks_finished") >= tasks)
            wait_for(lambda: reader.metric("master/outstanding_offers") == 0)
            ways: dict[str, tuple[Callable[[], Answer], str, Goal]] = {
                "state": (lambda: reader.get("/state"), "ms (Mesos: 15 to 21)", at_most(8)),
                "get_state_json": (
                    lambda: reader.call("GET_STATE", JSON),
                    "ms (Mesos 1.3.2: 178)",
                    at_most(15),
                ),
                "get_state_protobuf": (lambda: reader.call("GET_STATE", PROTOBUF), "ms", at_most(60)),
            }
            for what, (read, unit, goal) in ways.items():
                name = f"state.{tasks}_completed_tasks.{what}"
                yield alone(f"{name}.first", unit, [read().milliseconds])
                rounds = [median_of([read().milliseconds for _ in range(_READS)]) for _ in range(size.rounds)]
                yield alone(name, unit, rounds, goal)
