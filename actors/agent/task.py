"""A task as its agent keeps it."""

from __future__ import annotations

import enum
from collections import deque
from typing import TYPE_CHECKING

from msgspec.structs import replace

from transport.records.check import KillPolicy
from transport.records.ids import AgentID, ExecutorID, FrameworkID
from transport.records.resources import Resources
from transport.records.task import Task, TaskGroupInfo, TaskInfo
from transport.records.task_status import TERMINAL, TaskState, TaskStatus

if TYPE_CHECKING:
    from actors.agent.executor import ExecutorEntry


class Stage(enum.Enum):
    """How far a task is on its way to its executor."""

    #: Its checkpoint and sandbox are being made.
    PENDING = enum.auto()
    #: It waits for its executor to subscribe.
    QUEUED = enum.auto()
    #: Its executor was sent it.
    LAUNCHED = enum.auto()


class TaskEntry:
    """A task until its terminal update is acknowledged."""

    __slots__ = (
        "_streamed",
        "executor",
        "holding",
        "kill_policy",
        "killed",
        "launch",
        "record",
        "stage",
        "task_id",
        "unacknowledged",
    )

    def __init__(
        self,
        record: Task,
        executor: ExecutorEntry,
        stage: Stage,
        launch: Launch | None = None,
        holding: Resources | None = None,
    ) -> None:
        self.record = record
        self.task_id = record.task_id.value
        self.executor = executor
        self.stage = stage
        #: What it was launched with; None for one that was found after a restart.
        self.launch = launch
        #: What it takes of the agent's total, allocated to nobody; empty once it is over.
        self.holding = Resources() if holding is None else holding
        #: Somebody wants it dead.
        self.killed = False
        #: How its executor was told to kill it last, where not by the task's own policy.
        self.kill_policy: KillPolicy | None = None
        #: The updates that are safe and not acknowledged, oldest first: the master was sent the first.
        self.unacknowledged: deque[TaskStatus] = deque()
        self._streamed: set[bytes | None] = set()

    @property
    def state(self) -> TaskState:
        """The latest one."""
        return self.record.state

    @property
    def terminal(self) -> bool:
        """Whether its latest state is one that stays."""
        return self.record.state in TERMINAL

    def note(self, status: TaskStatus) -> None:
        """Take in an update; of equal states in a row the last is kept, without data."""
        kept = replace(status, data=None) if status.data is not None else status
        statuses = self.record.statuses
        if statuses and statuses[-1].state is status.state:
            statuses = statuses[:-1]
        self.record = replace(self.record, state=status.state, statuses=(*statuses, kept))

    def streamed(self, status: TaskStatus) -> None:
        """An update is safe in its stream, perhaps for the second time."""
        if status.uuid not in self._streamed:
            self._streamed.add(status.uuid)
            self.unacknowledged.append(status)

    def told(self) -> Task:
        """The record with the update that the scheduler was sent last."""
        if self.unacknowledged:
            sent = self.unacknowledged[0]
            return replace(self.record, status_update_state=sent.state, status_update_uuid=sent.uuid)
        return self.record

    def durable(self) -> Task:
        """The same without an end whose update is still on its way into its stream, and may be lost."""
        told, statuses = self.told(), self.record.statuses
        if not self.terminal or statuses[-1].uuid not in self.executor.streaming:
            return told
        before = statuses[:-1]
        state = before[-1].state if before else TaskState.TASK_STAGING
        return replace(told, state=state, statuses=before)

    def advance(self, status: TaskStatus) -> None:
        """An update was acknowledged."""
        if self.unacknowledged and self.unacknowledged[0].uuid == status.uuid:
            self.unacknowledged.popleft()
            self.record = replace(
                self.record, status_update_state=status.state, status_update_uuid=status.uuid
            )


class Launch:
    """Tasks that are launched together: a group, all or none, or a single one."""

    __slots__ = ("grouped", "infos")

    def __init__(self, infos: tuple[TaskInfo, ...], *, grouped: bool = False) -> None:
        self.infos = infos
        self.grouped = grouped

    @property
    def group(self) -> TaskGroupInfo:
        """As the executor is sent it."""
        return TaskGroupInfo(tasks=self.infos)


def task_record(
    info: TaskInfo,
    framework_id: FrameworkID,
    agent_id: AgentID,
    executor_id: ExecutorID | None,
    user: str | None,
) -> Task:
    """The task as it is told of while it is STAGING; the executor of a command task is not (§3.6)."""
    return Task(
        name=info.name,
        task_id=info.task_id,
        framework_id=framework_id,
        executor_id=executor_id,
        agent_id=agent_id,
        state=TaskState.TASK_STAGING,
        resources=info.resources,
        labels=info.labels,
        discovery=info.discovery,
        container=info.container,
        health_check=info.health_check,
        kill_policy=info.kill_policy,
        user=user,
        limits=info.limits,
    )
