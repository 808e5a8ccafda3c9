"""A large cluster of 1,000 agents and 50,000 tasks, read while nothing and while much happens."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from tests.benchmarks.child import child
from tests.benchmarks.figure import Figure, Size, alone, at_most
from tests.benchmarks.state.master import Running, timed_master
from tests.benchmarks.state.reading import JSON, PROTOBUF, Answer, Reader, wait_for

_AGENTS, _TASKS_EACH = 1000, 50
#: So much of the tasks changes each second, where much happens.
_CHANGES_PER_SECOND = 1000
_PROCESSES = 2
_READS = 20


def figures(size: Size) -> Iterator[Figure]:
    agents = size.of(_AGENTS, least=_PROCESSES)
    for changes, how in ((0, "at_rest"), (_CHANGES_PER_SECOND, f"{_CHANGES_PER_SECOND}_changes_a_second")):
        with _cluster(agents, changes) as (master, reader):
            yield from _read(f"state.{agents}_agents_{agents * _TASKS_EACH}_tasks.{how}", master, reader)


@contextlib.contextmanager
def _cluster(agents: int, changes: int) -> Iterator[tuple[Running, Reader]]:
    with timed_master() as master, contextlib.ExitStack() as stack:
        share = agents // _PROCESSES
        node = f"{master.pid.host}:{master.pid.port}"
        for number in range(_PROCESSES):
            words = (node, number * share, share, _TASKS_EACH, changes / agents)
            stack.enter_context(child("tests.benchmarks.state.agents", *words))
        with Reader(master.web) as reader:
            wait_for(lambda: reader.metric("master/slaves_connected") >= share * _PROCESSES)
            yield master, reader


def _read(name: str, master: Running, reader: Reader) -> Iterator[Figure]:
    ways: dict[str, Callable[[], Answer]] = {
        "state": lambda: reader.get("/state"),
        "get_state_json": lambda: reader.call("GET_STATE", JSON),
        "get_state_protobuf": lambda: reader.call("GET_STATE", PROTOBUF),
        "state_summary": lambda: reader.get("/state-summary"),
    }
    for what, read in ways.items():
        time.sleep(1.0)
        master.longest_turn_milliseconds()
        first = read()
        longest_first = master.longest_turn_milliseconds()
        later = [read().milliseconds for _ in range(_READS)]
        longest = master.longest_turn_milliseconds()
        goal = at_most(150) if what == "state" else None
        yield alone(f"{name}.{what}.first", "ms", [first.milliseconds])
        yield alone(f"{name}.{what}.first.longest_turn_of_master", "ms", [longest_first])
        yield alone(f"{name}.{what}", "ms", later, goal)
        yield alone(f"{name}.{what}.slowest", "ms", [max(later)])
        yield alone(f"{name}.{what}.longest_turn_of_master", "ms", [longest], at_most(20))
        yield alone(f"{name}.{what}.size", "MB", [first.size_bytes / 1e6])
