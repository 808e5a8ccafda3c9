"""An executor that counts words, and a probe in the agent's place."""

from __future__ import annotations

from pathlib import Path

import msgspec

from actors.executor.settings import ExecutorSettings
from actors.simulation import Probe, SimulatedNode, Simulation
from frameworks.examples.counting_executor import CountingExecutor
from frameworks.examples.words import Part
from transport.messages.executing import (
    ExecutorSubscribed,
    ExecutorUpdate,
    KillExecutorTask,
    LaunchTask,
    SubscribeExecutor,
)
from transport.records.agent import AgentInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, TaskID
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus


class World:
    """A subscribed executor on one node, and its agent, a probe, on another."""

    def __init__(self) -> None:
        self.sim = Simulation(0)
        self.agent: Probe = self.sim.node("agent").probe("agent")
        self.here: SimulatedNode = self.sim.node("here")
        settings = ExecutorSettings(
            agent=self.agent.pid.whoever(), framework_id="f", executor_id="e", directory="/"
        )
        self.executor = self.here.spawn(lambda: CountingExecutor(settings), "executor")
        self.sim.run_until(lambda: any(isinstance(one, SubscribeExecutor) for one in self.agent.received))
        info = ExecutorInfo(executor_id=ExecutorID(value="e"))
        agent = AgentInfo(hostname="h", id=AgentID(value="a"))
        self.tell(ExecutorSubscribed(info, FrameworkInfo(user="u", name="n"), agent, "c"))

    def tell(self, message: object) -> None:
        self.agent.send(self.executor, message)

    def launch(self, data: bytes) -> None:
        task = TaskInfo(name="t", task_id=TaskID(value="t"), agent_id=AgentID(value="a"), data=data)
        self.tell(LaunchTask(task))

    def last(self) -> TaskStatus:
        """The terminal update."""
        self.sim.run_until(lambda: self.updates and self.updates[-1].state is not TaskState.TASK_RUNNING)
        return self.updates[-1]

    @property
    def updates(self) -> list[TaskStatus]:
        return [one.status for one in self.agent.received if isinstance(one, ExecutorUpdate)]


def test_the_words_of_all_files_come_with_the_last_update(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / str(number)).write_text("word " * number + "other")
    world = World()
    files = tuple(str(tmp_path / str(number)) for number in range(3))
    world.launch(msgspec.json.encode(Part(files, seconds=2.0)))
    status = world.last()
    assert status.state is TaskState.TASK_FINISHED
    assert msgspec.json.decode(status.data or b"") == {"word": 3, "other": 3}
    assert world.sim.now >= 2.0
    assert [one.state for one in world.updates[:-1]] == [TaskState.TASK_RUNNING]


def test_a_file_that_cannot_be_read_fails_the_task(tmp_path: Path) -> None:
    world = World()
    world.launch(msgspec.json.encode(Part((str(tmp_path / "no"),))))
    status = world.last()
    assert status.state is TaskState.TASK_FAILED
    assert "No such file" in (status.message or "")


def test_a_task_without_files_is_not_understood() -> None:
    world = World()
    world.launch(b"?")
    assert world.last().state is TaskState.TASK_FAILED


def test_a_killed_task_stops_counting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("word")
    world = World()
    world.launch(msgspec.json.encode(Part((str(tmp_path / "file"),) * 10, seconds=100.0)))
    world.sim.run(20.0)
    world.tell(KillExecutorTask("t"))
    assert world.last().state is TaskState.TASK_KILLED
    assert world.sim.now < 60.0
