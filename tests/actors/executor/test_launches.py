from __future__ import annotations

from actors.executor.launches import Launch, Launches
from actors.simulation import Simulation
from transport.messages.hosting import LaunchExecutor
from transport.pid import Pid
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, TaskID
from transport.records.task import TaskInfo

AGENT = Pid("agent", "host", 5051, incarnation=7)
TASK = TaskInfo(name="t", task_id=TaskID(value="t-1"), agent_id=AgentID(value="a-1"))


def launch(container_id: str) -> LaunchExecutor:
    executor = ExecutorInfo(executor_id=ExecutorID(value="e"))
    return LaunchExecutor(container_id, FrameworkInfo(user="u", name="f"), executor, "/s", {"A": "b"})


def test_what_was_kept_is_known_to_the_next_one() -> None:
    disk = Simulation(1).node("host").disk
    launches = Launches(disk)
    for container_id in ("a", "b", "c"):
        launches.keep(AGENT, launch(container_id))
    launches.keep_task("b", TASK)
    launches.forget("c")
    launches.forget("never kept")
    kept, torn = Launches(disk).load()
    assert kept == {
        "a": Launch(agent=AGENT.whoever(), launch=launch("a")),
        "b": Launch(agent=AGENT.whoever(), launch=launch("b"), task=TASK),
    }
    assert torn == ()


def test_half_a_record_is_named_and_half_a_task_is_none() -> None:
    disk = Simulation(1).node("host").disk
    launches = Launches(disk)
    for container_id in ("a", "b"):
        launches.keep(AGENT, launch(container_id))
        launches.keep_task(container_id, TASK)
    disk.truncate("executors/a.launch", 10)
    disk.truncate("executors/b.task", 10)
    later = Launches(disk)
    kept, torn = later.load()
    assert torn == ("a",)
    assert list(kept) == ["b"]
    assert kept["b"].task is None
    later.forget("a")
    later.forget("b")
    assert disk.list("executors") == ()
