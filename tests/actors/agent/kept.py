"""What agents keep, for tests; and a simulated node with the actors that keep it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from actors.agent.archive import Archivist
from actors.agent.flags import AgentFlags
from actors.agent.imaginary import ImaginarySandboxes
from actors.agent.updates import Updates
from actors.simulation import Probe, SimulatedNode, Simulation
from transport.messages.agent_state import AgentCheckpoint
from transport.messages.checkpointing import (
    AgentRecovered,
    Archive,
    Archived,
    RecoverAgent,
    Save,
    SaveAgent,
    SaveExecutor,
    SaveFramework,
    SaveTask,
    StreamUpdate,
)
from transport.messages.launching import StatusUpdate
from transport.records.agent import AgentInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, FrameworkID, TaskID
from transport.records.resource import Resource
from transport.records.task import Task
from transport.records.task_status import TaskState, TaskStatus
from transport.records.value import Value
from transport.records.volume import Volume

M = TypeVar("M")

AGENT_ID = "m1-S0"
FRAMEWORK_ID = "m1-0000"
RUN = "11111111-aaaa"


def agent(agent_id: str = AGENT_ID, **others: object) -> AgentInfo:
    return AgentInfo(hostname="host", id=AgentID(value=agent_id), **others)  # type: ignore[arg-type]


def framework(framework_id: str = FRAMEWORK_ID) -> FrameworkInfo:
    return FrameworkInfo(user="root", name="shop", id=FrameworkID(value=framework_id), checkpoint=True)


def executor(executor_id: str = "e1", framework_id: str = FRAMEWORK_ID) -> ExecutorInfo:
    return ExecutorInfo(
        executor_id=ExecutorID(value=executor_id), framework_id=FrameworkID(value=framework_id)
    )


def task(task_id: str = "t1", framework_id: str = FRAMEWORK_ID) -> Task:
    return Task(
        name=f"task {task_id}",
        task_id=TaskID(value=task_id),
        framework_id=FrameworkID(value=framework_id),
        agent_id=AgentID(value=AGENT_ID),
        state=TaskState.TASK_STAGING,
    )


def status(
    uuid: bytes | None = b"u1", state: TaskState = TaskState.TASK_RUNNING, task_id: str = "t1"
) -> TaskStatus:
    return TaskStatus(task_id=TaskID(value=task_id), state=state, uuid=uuid)


def update(told: TaskStatus, container_id: str | None = RUN, executor_id: str | None = "e1") -> StreamUpdate:
    sent = StatusUpdate(FRAMEWORK_ID, AGENT_ID, told, told.state, executor_id)
    return StreamUpdate(sent, container_id)


def volume(identifier: str = "v1", role: str = "web") -> Resource:
    return Resource(
        name="disk",
        type=Value.Type.SCALAR,
        scalar=Value.Scalar(value=64.0),
        reservations=(Resource.ReservationInfo(type=Resource.ReservationInfo.Type.DYNAMIC, role=role),),
        disk=Resource.DiskInfo(
            persistence=Resource.DiskInfo.Persistence(id=identifier),
            volume=Volume(container_path="data", mode=Volume.Mode.RW),
        ),
    )


#: A framework with one executor and one task.
SAVES: tuple[Save, ...] = (
    SaveFramework(framework()),
    SaveExecutor(executor(), RUN),
    SaveTask("e1", RUN, task()),
)


def flags(**others: object) -> AgentFlags:
    given = {"master": "127.0.0.1:5050", "work_dir": Path("work"), **others}
    return AgentFlags(**given)  # type: ignore[arg-type]


def names(folder: Path) -> list[str]:
    """What is in a folder of the real file system."""
    return sorted(entry.name for entry in folder.iterdir())


class Host:
    """A simulated agent's node: `archive`, `updates`, and a probe that plays agent, master and garbage.

    The actors are vital: what crashes them ends the node, which a test starts again.
    """

    def __init__(self, sim: Simulation, *, boot_id: str = "boot-1", **others: object) -> None:
        self.sim = sim
        self.boot_id = boot_id
        self.flags = flags(**others)
        self.probe = Probe()
        self.node = sim.node("host", self._boot)

    def _boot(self, node: SimulatedNode) -> None:
        self.probe = Probe()
        node.spawn(lambda: self.probe, "garbage")
        sandboxes = ImaginarySandboxes(node.disk)
        node.spawn(lambda: Archivist(self.flags, sandboxes, self.boot_id), "archive", vital=True)
        node.spawn(Updates, "updates", vital=True)

    def tell(self, name: str, message: object) -> None:
        self.probe.send(self.node.pid_of(name), message)

    def answers(self, kind: type[M]) -> list[M]:
        return [message for message in self.probe.received if isinstance(message, kind)]

    def archive(self, *saves: Save) -> Archived:
        """Have it done, and wait for the answer."""
        self.tell("archive", Archive(7, saves))
        return self.sim.wait_for(Archived, to=self.probe.pid)

    def try_recover(self) -> AgentRecovered | None:
        """What the archive finds; None when the node dies of it."""
        before = len(self.answers(AgentRecovered))
        self.tell("archive", RecoverAgent())
        self.sim.run_until(lambda: len(self.answers(AgentRecovered)) > before or not self.node.up)
        return next(iter(self.answers(AgentRecovered)[before:]), None)

    def recover(self) -> AgentRecovered:
        answer = self.try_recover()
        assert answer is not None
        return answer

    def recovered(self) -> AgentCheckpoint:
        """What a new agent finds, after a crash that loses all that is not durable."""
        self.again()
        answer = self.recover()
        assert answer.error is None
        return answer.checkpoint

    def again(self) -> None:
        """Lose power and start again."""
        self.node.crash()
        self.node.restart()

    def admit(self) -> None:
        """Give the agent an id."""
        assert self.archive(SaveAgent(agent())).error is None
