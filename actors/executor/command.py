"""The executor that an agent makes up for a task that is a command (mesos-protocol.md §3.6)."""

from __future__ import annotations

from actors.executor.built_in import BuiltInExecutor
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState


class CommandExecutor(BuiltInExecutor):
    """Runs one task, in the container whose id is the executor's own.

    Ends itself as soon as the agent has acknowledged the task's last update.
    """

    _task_id: str | None = None

    def launch_task(self, task: TaskInfo) -> None:
        """Run the task, unless there was one."""
        if self._task_id is not None:
            message = f"a command executor runs a single task, and this one has {self._task_id}"
            self.update(task.task_id.value, TaskState.TASK_FAILED, message=message)
            return
        self._task_id = task.task_id.value
        try:
            run = self.prepare(task, self.launched.container_id, self.launched.sandbox)
        except ValueError as error:
            self.refuse(task, error)
        else:
            run.start()

    def task_over(self, task_id: str, state: TaskState) -> None:
        """End with the task."""
        self.stop()
