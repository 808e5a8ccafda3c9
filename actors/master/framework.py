"""A framework as the master keeps it."""

from __future__ import annotations

from enum import Enum, auto
from typing import ClassVar

from actors.master.changes import Changes, CompletedTasks, Entry, Key, Shelf
from actors.master.offer import InverseOfferEntry, OfferEntry
from actors.master.operation import OperationEntry
from actors.master.tally import Tally
from actors.master.task import TaskEntry
from actors.system import Timer
from transport.pid import Pid
from transport.records.framework import FrameworkInfo
from transport.records.offer_constraints import OfferConstraints
from transport.records.task import Task

Capability = FrameworkInfo.Capability.Type


class FrameworkState(Enum):
    """Where a framework's scheduler is."""

    #: Known from its agents after a failover; has not subscribed with this master.
    RECOVERED = auto()
    #: Its link broke; the failover timeout runs.
    DISCONNECTED = auto()
    ACTIVE = auto()


class FrameworkEntry(Entry):
    """A framework that is not over. Times are seconds since the Unix epoch."""

    shown: ClassVar[frozenset[str]] = frozenset(
        {"constraints", "info", "pid", "registered_at", "reregistered_at", "state", "unregistered_at"}
    )

    def __init__(
        self,
        info: FrameworkInfo,
        pid: Pid | None,
        *,
        registered_at: float,
        completed_limit: int = 1000,
        unreachable_limit: int = 1000,
    ) -> None:
        """A framework without a pid is recovered."""
        super().__init__()
        assert info.id is not None
        self.id = info.id.value
        self.pid = pid
        self.state = FrameworkState.RECOVERED if pid is None else FrameworkState.ACTIVE
        self.registered_at = registered_at
        self.reregistered_at: float | None = None
        self.unregistered_at: float | None = None
        #: Ends the wait for a scheduler to come back.
        self.failover: Timer | None = None
        self.suppressed_roles: tuple[str, ...] = ()
        self.constraints = OfferConstraints()
        #: By task id, in order of launch: those on registered agents.
        self.tasks: Shelf[str, TaskEntry] = Shelf("task", self.id)
        #: By task id: those on agents that are out of reach.
        self.unreachable_tasks: Shelf[str, Task] = Shelf("unreachable_task", self.id)
        self._unreachable_limit = unreachable_limit
        self.completed_tasks = CompletedTasks(self.id, completed_limit)
        self.offers: dict[str, OfferEntry] = {}
        self.inverse_offers: dict[str, InverseOfferEntry] = {}
        #: By operation id: those whose outcome it wants to be told.
        self.operations: dict[str, OperationEntry] = {}
        self.tally = Tally()
        self.describe(info)

    def attach(self, changes: Changes, key: Key) -> None:
        """Note changes there from now on."""
        super().attach(changes, key)
        self.tasks.attach(changes)
        self.unreachable_tasks.attach(changes)
        self.completed_tasks.attach(changes)

    def detach(self) -> None:
        """It is in the books no more, and its tasks neither."""
        self.tasks.detach()
        self.unreachable_tasks.detach()
        if self._key[0] == "completed_framework":
            # Else it is about to be remembered as one, and its tasks with it.
            self.completed_tasks.detach()
        super().detach()

    def describe(self, info: FrameworkInfo) -> None:
        """Take over what it says about itself."""
        self.info = info
        self.capabilities = frozenset(one.type for one in info.capabilities if one.type is not None)
        if Capability.MULTI_ROLE in self.capabilities:
            self.roles = info.roles
        else:
            self.roles = (info.role or "*",)

    @property
    def connected(self) -> bool:
        """Whether events reach it."""
        return self.state is FrameworkState.ACTIVE

    @property
    def failover_timeout_seconds(self) -> float:
        """How long it has to come back when its scheduler is gone."""
        return max(0.0, self.info.failover_timeout or 0.0)

    @property
    def partition_aware(self) -> bool:
        """Whether it tells apart how tasks are lost."""
        return Capability.PARTITION_AWARE in self.capabilities

    def knows(self, task_id: str) -> bool:
        """Whether a task of that id was launched, and is not forgotten yet."""
        return (
            task_id in self.tasks
            or task_id in self.unreachable_tasks
            or any(task.task_id.value == task_id for task in self.completed_tasks)
        )

    def note_unreachable(self, task: Task) -> None:
        """Remember a task whose agent is out of reach; of too many, the oldest are forgotten."""
        self.unreachable_tasks[task.task_id.value] = task
        while len(self.unreachable_tasks) > self._unreachable_limit:
            del self.unreachable_tasks[next(iter(self.unreachable_tasks))]
