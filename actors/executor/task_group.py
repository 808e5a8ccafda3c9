"""Which tasks of an executor end together (mesos-protocol.md §3.8)."""

from __future__ import annotations

from collections.abc import Iterable

from transport.records.task_status import TaskState


class TaskGroups:
    """Groups of tasks: when one of a group does not end well, the others must end too."""

    def __init__(self) -> None:
        #: Of each task that is not over, those of its group that are not, itself among them; ordered.
        self._groups: dict[str, dict[str, None]] = {}

    def add(self, task_ids: Iterable[str]) -> None:
        """Take in a new group."""
        group = dict.fromkeys(task_ids)
        for task_id in group:
            self._groups[task_id] = group

    def over(self, task_id: str, state: TaskState) -> tuple[str, ...]:
        """A task ended: the tasks that are to be killed for it."""
        group = self._groups.pop(task_id, {})
        group.pop(task_id, None)
        return () if state is TaskState.TASK_FINISHED else tuple(group)

    def __bool__(self) -> bool:
        """Whether a task is left."""
        return bool(self._groups)
