"""A task as the master keeps it."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from actors.master.changes import Entry
from transport.records.resources import Resources
from transport.records.task import Task
from transport.records.task_status import TERMINAL, TaskState, TaskStatus


class TaskEntry(Entry):
    """A task that is not forgotten, and what it holds of its agent.

    `record.state` is the latest state that the agent knows; `record.status_update_state` and `_uuid` are of
    the update that the framework was sent last.
    """

    __slots__ = ("holding", "record")

    shown: ClassVar[frozenset[str]] = frozenset(__slots__)

    def __init__(self, record: Task, resources: Resources | None = None) -> None:
        """`resources` are those of the record, where they are at hand; allocated to the task's role."""
        super().__init__()
        self.record = record
        #: What is charged to the agent; empty once the task is over or its agent unreachable.
        self.holding = Resources() if record.state in TERMINAL else resources or Resources(record.resources)

    @property
    def task_id(self) -> str:
        """The value of its TaskID."""
        return self.record.task_id.value

    @property
    def framework_id(self) -> str:
        """The value of its FrameworkID."""
        return self.record.framework_id.value

    @property
    def agent_id(self) -> str:
        """The value of its AgentID."""
        return self.record.agent_id.value

    @property
    def executor_id(self) -> str | None:
        """The value of its ExecutorID; None for a command task."""
        return None if self.record.executor_id is None else self.record.executor_id.value

    @property
    def terminal(self) -> bool:
        """Whether its latest state is one that stays."""
        return self.record.state in TERMINAL

    def note(self, status: TaskStatus, latest: TaskState) -> None:
        """Take in an update: at most the last status of each run of equal states is kept, without data."""
        kept = replace(status, data=None)
        statuses = self.record.statuses
        if statuses and statuses[-1].state is status.state:
            statuses = statuses[:-1]
        state = self.record.state if self.terminal else latest
        self.record = replace(
            self.record,
            state=state,
            statuses=(*statuses, kept),
            status_update_state=status.state,
            status_update_uuid=status.uuid,
        )


def is_outdated(task: Task, status: TaskStatus) -> bool:
    """Whether an update is one that the framework dealt with before the one it was sent last.

    An agent sends the updates of a task one after the other, each when the one before is acknowledged.
    """
    latest = task.status_update_uuid
    if latest is None or status.uuid in (None, latest):
        return False
    if task.status_update_state in TERMINAL and status.state not in TERMINAL:
        return True
    uuids = [one.uuid for one in task.statuses]
    return status.uuid in uuids and latest in uuids and uuids.index(status.uuid) < uuids.index(latest)
