"""What an agent told lately that it is over: a message that comes late must not bring it to life."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

#: Tasks and frameworks that are remembered.
_TASKS: Final = 10_000
_FRAMEWORKS: Final = 1_000
#: For so long a task's id is not used again.
_REST_SECONDS: Final = 3.0


class Memory:
    """Tasks that are over by their ids, with when that was, and frameworks that the master ended."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._frameworks: OrderedDict[str, None] = OrderedDict()

    def end_task(self, framework_id: str, task_id: str, now: float) -> None:
        """A task is over, or was told to be."""
        self._tasks[framework_id, task_id] = now
        self._tasks.move_to_end((framework_id, task_id))
        if len(self._tasks) > _TASKS:
            self._tasks.popitem(last=False)

    def end_framework(self, framework_id: str) -> None:
        """The master ended a framework; its id is never used again (I23, I27)."""
        self._frameworks[framework_id] = None
        if len(self._frameworks) > _FRAMEWORKS:
            self._frameworks.popitem(last=False)

    def knows_task(self, framework_id: str, task_id: str) -> bool:
        """Whether the task was here."""
        return (framework_id, task_id) in self._tasks

    def rests(self, framework_id: str, task_id: str, now: float) -> bool:
        """Whether the task was over just now: a launch of it may be an old one that took long."""
        when = self._tasks.get((framework_id, task_id))
        return when is not None and now - when < _REST_SECONDS

    def ended(self, framework_id: str) -> bool:
        """Whether the framework is over."""
        return framework_id in self._frameworks
