"""What an executor must tell again after its link to the agent broke."""

from __future__ import annotations

from transport.records.task import TaskInfo
from transport.records.task_status import TaskStatus


class Unacknowledged:
    """Tasks and updates that the agent may not know to have arrived, in order (mesos-protocol.md §3.2).

    Tasks that are not over are remembered by their ids, so that one which is told twice is run once.
    """

    def __init__(self) -> None:
        self._tasks: dict[str, TaskInfo | None] = {}
        self._updates: dict[bytes, TaskStatus] = {}

    def launched(self, task: TaskInfo) -> bool:
        """A task arrived; False when it is known and not over.

        Its TaskInfo is kept until one of its updates is acknowledged, its id until a terminal one is.
        """
        task_id = task.task_id.value
        if task_id in self._tasks:
            return False
        self._tasks[task_id] = task
        return True

    def updated(self, status: TaskStatus) -> None:
        """An update was made; its `uuid` is set."""
        assert status.uuid is not None, status
        self._updates[status.uuid] = status

    def acknowledged(self, task_id: str, uuid: bytes) -> bool:
        """The agent has an update: False when that was not waited for (any more)."""
        status = self._updates.pop(uuid, None)
        if status is None:
            return False
        if status.state.terminal:
            self._tasks.pop(task_id, None)
        elif task_id in self._tasks:
            self._tasks[task_id] = None
        return True

    @property
    def tasks(self) -> tuple[TaskInfo, ...]:
        """Tasks of which nothing was acknowledged, oldest first."""
        return tuple(task for task in self._tasks.values() if task is not None)

    @property
    def updates(self) -> tuple[TaskStatus, ...]:
        """Updates that were not acknowledged, oldest first."""
        return tuple(self._updates.values())

    def __bool__(self) -> bool:
        """Whether an update waits for its acknowledgement."""
        return bool(self._updates)
