"""The executor that the frameworks of the simulation bring along."""

from __future__ import annotations

from collections.abc import Callable

from actors.executor.executor import Executor
from actors.executor.settings import ExecutorSettings
from actors.system import Timer
from containerizers.fake import Course
from transport.records.check import KillPolicy
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState

_State = TaskState


class Workshop(Executor):
    """Only waits as long as its tasks take; once idle it may end, by chance."""

    def __init__(self, settings: ExecutorSettings, begin: Callable[[str], Course]) -> None:
        """`begin` is told of each task that is begun, by its words, and says what it does."""
        super().__init__(settings)
        self._begin = begin
        self._work: dict[str, Timer | None] = {}

    def launch_task(self, task: TaskInfo) -> None:
        self.go_on()
        task_id = task.task_id.value
        course = self._begin(task.name)
        self.update(task_id, _State.TASK_RUNNING)
        ended = _State.TASK_FAILED if course.status else _State.TASK_FINISHED
        self._work[task_id] = (
            None if course.seconds is None else self.delay(course.seconds, self._end, task_id, ended)
        )

    def kill_task(self, task_id: str, kill_policy: KillPolicy | None) -> None:
        self._end(task_id, _State.TASK_KILLED)

    def shutdown(self) -> None:
        for task_id in tuple(self._work):
            self._end(task_id, _State.TASK_KILLED)
        self.stop()

    def _end(self, task_id: str, state: TaskState) -> None:
        if task_id not in self._work:
            return
        timer = self._work.pop(task_id)
        if timer is not None:
            timer.cancel()
        self.update(task_id, state)
        if not self._work and self.system.rng.random() < 0.3:
            self.stop()
