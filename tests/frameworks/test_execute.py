"""`mesos-execute` as an actor, and a probe in the master's place."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest

from actors.election.standalone import StandaloneDetector
from actors.flags import FlagError, load
from actors.simulation import Probe, Simulation
from frameworks.execute import Execute, main
from frameworks.execution import ExecuteFlags, plan
from transport.messages import scheduling
from transport.messages.scheduling import AcceptOffers, Subscribe, TaskUpdate
from transport.records.ids import AgentID, FrameworkID, OfferID, TaskID
from transport.records.master import MasterInfo
from transport.records.offer import Offer
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.task_status import TaskState, TaskStatus

M = TypeVar("M")

GROUP = """--task_group={"tasks": [
    {"name": "one", "task_id": {"value": "one"}, "command": {"value": "true"},
     "resources": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.5}}]},
    {"name": "two", "task_id": {"value": "two"}, "command": {"value": "true"},
     "resources": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.5}}]}]}"""


class World:
    """An Execute on one node; the master is a probe on another, which it is subscribed with."""

    def __init__(self, *words: str) -> None:
        flags = load(ExecuteFlags, ["--master=master@master:5050", *words], {}, prefix="MESOS_")
        self.lines: list[str] = []
        self.sim = Simulation(0)
        there = self.sim.node("master")
        self.master: Probe = there.probe("master")
        there.spawn(lambda: StandaloneDetector(there.pid_of("master")), "detector")
        here = self.sim.node("here")
        self.execute = Execute(plan(flags, "root"), flags.master, self.lines.append)
        self.pid = here.spawn(lambda: self.execute, "execute")
        self.watcher = here.probe("watcher")
        self.watcher.link(self.pid)
        self.sim.run_until(lambda: self.received(Subscribe))
        self.answer(scheduling.Subscribed("f1", 15.0, MasterInfo(id="m", ip=1, port=5050)))
        self.sim.run_until(lambda: self.lines)

    def received(self, kind: type[M]) -> list[M]:
        return [message for message in self.master.received if isinstance(message, kind)]

    def answer(self, message: object) -> None:
        self.master.send(self.pid, message)

    def offer(self, *resources: str) -> None:
        offers = tuple(
            Offer(
                id=OfferID(value=f"o{number}"),
                framework_id=FrameworkID(value="f1"),
                agent_id=AgentID(value=f"a{number}"),
                hostname="h",
                resources=tuple(Resources.parse(text).allocate("*")),
                allocation_info=Resource.AllocationInfo(role="*"),
            )
            for number, text in enumerate(resources)
        )
        self.answer(scheduling.ResourceOffers(offers))
        self.sim.run(1.0)

    def update(self, state: TaskState, task_id: str = "hello") -> None:
        status = TaskStatus(
            task_id=TaskID(value=task_id),
            state=state,
            uuid=self.master.system.rng.randbytes(16),
            agent_id=AgentID(value="a1"),
            source=TaskStatus.Source.SOURCE_EXECUTOR,
        )
        self.answer(TaskUpdate(status))
        self.sim.run(1.0)

    def succeeded(self) -> bool:
        return self.execute.succeeded

    @property
    def ended(self) -> bool:
        return bool(self.watcher.gone)


def test_a_command_that_finishes_is_a_success() -> None:
    world = World("--name=hello", "--command=true")
    world.offer("cpus:0.5;mem:1024", "cpus:4;mem:1024")
    (accept,) = world.received(AcceptOffers)
    assert accept.offer_ids == ("o1",)
    (decline,) = world.received(scheduling.DeclineOffers)
    assert decline.offer_ids == ("o0",)
    assert world.received(scheduling.Suppress)
    world.update(TaskState.TASK_RUNNING)
    assert not world.succeeded()
    world.update(TaskState.TASK_FINISHED)
    assert world.succeeded()
    assert world.received(scheduling.Teardown)
    world.answer(scheduling.SchedulerError("Framework has been removed"))
    world.sim.run_until(lambda: world.ended)
    assert world.lines == [
        "Subscribed with ID f1",
        "Submitted task 'hello' to agent 'a1'",
        "Received status update TASK_RUNNING for task 'hello'",
        "  source: SOURCE_EXECUTOR",
        "Received status update TASK_FINISHED for task 'hello'",
        "  source: SOURCE_EXECUTOR",
    ]


def test_a_master_that_does_not_confirm_the_end_is_not_waited_for_long() -> None:
    world = World("--name=hello", "--command=true")
    world.offer("cpus:4;mem:1024")
    world.update(TaskState.TASK_FAILED)
    world.sim.run_until(lambda: world.ended, timeout_seconds=6.0)
    assert not world.succeeded()


def test_a_group_is_launched_together_and_over_when_all_of_it_is() -> None:
    world = World(GROUP)
    world.offer("cpus:4;mem:1024;disk:1024")
    assert world.lines[-1] == "Submitted task group with tasks [ one, two ] to agent 'a0'"
    (operation,) = world.received(AcceptOffers)[0].operations
    assert operation.launch_group is not None
    world.update(TaskState.TASK_FINISHED, "one")
    assert not world.received(scheduling.Teardown)
    world.update(TaskState.TASK_FINISHED, "two")
    assert world.received(scheduling.Teardown)
    assert world.succeeded()


def test_a_task_is_killed_when_its_time_is_over_until_it_is_dead() -> None:
    world = World("--name=hello", "--command=sleep 1000", "--kill_after=30secs")
    world.offer("cpus:4;mem:1024")
    world.update(TaskState.TASK_RUNNING)
    world.sim.run(20.0)
    assert not world.received(scheduling.Kill)
    world.sim.run(25.0)
    assert set(world.received(scheduling.Kill)) == {scheduling.Kill("f1", "hello", "a0")}
    assert len(world.received(scheduling.Kill)) == 2
    assert "Asked to kill task 'hello'" in world.lines
    world.update(TaskState.TASK_KILLED)
    assert not world.succeeded()


def test_an_error_ends_it() -> None:
    world = World("--name=hello", "--command=true")
    world.answer(scheduling.SchedulerError("no"))
    world.sim.run_until(lambda: world.ended)
    assert world.lines[-1] == "Received an error: no"
    assert not world.succeeded()


def test_a_launch_that_the_master_never_heard_of_is_a_failure() -> None:
    world = World("--name=hello", "--command=true")
    world.offer("cpus:4;mem:1024")
    world.sim.disconnect("here", "master")
    world.sim.run_until(lambda: len(world.received(Subscribe)) == 2)
    world.answer(scheduling.Subscribed("f1", 15.0, MasterInfo(id="m", ip=1, port=5050)))
    world.sim.run_until(lambda: world.received(scheduling.Reconcile))
    (asked,) = world.received(scheduling.Reconcile)[0].tasks
    assert asked.task_id.value == "hello"
    status = TaskStatus(task_id=asked.task_id, state=TaskState.TASK_UNKNOWN)
    world.answer(TaskUpdate(status))
    world.sim.run_until(lambda: world.ended)
    assert not world.succeeded()
    assert "Disconnected from the master" in world.lines


def test_the_answer_to_a_question_tells_the_user_nothing_new() -> None:
    world = World("--name=hello", "--command=true")
    world.offer("cpus:4;mem:1024")
    world.update(TaskState.TASK_RUNNING)
    lines = list(world.lines)
    world.answer(TaskUpdate(TaskStatus(task_id=TaskID(value="hello"), state=TaskState.TASK_RUNNING)))
    world.sim.run(1.0)
    assert world.lines == lines


def test_help_tells_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"], {}) == 0
    out = capsys.readouterr().out
    assert "--kill_after=DURATION" in out
    assert "--docker_image" in out


def test_a_file_that_is_not_there_is_told_by_its_flag(tmp_path: Path) -> None:
    with pytest.raises(FlagError, match=r"--task: .*No such file"):
        main(["--master=anna", f"--task={tmp_path / 'no'}"], {})
    task = tmp_path / "task.json"
    task.write_text("{")
    with pytest.raises(FlagError, match=r"--task: .*truncated"):
        main(["--master=anna", f"--task={task}"], {})
