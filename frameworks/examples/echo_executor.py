"""The smallest executor: its tasks are over at once, and what it is told it says back."""

from __future__ import annotations

from actors.executor.executor import Executor
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState


class EchoExecutor(Executor):
    """Finishes every task."""

    def launch_task(self, task: TaskInfo) -> None:
        """Say that it runs, and that it is over; with the data that it came with."""
        self.update(task.task_id.value, TaskState.TASK_RUNNING)
        self.update(task.task_id.value, TaskState.TASK_FINISHED, data=task.data)

    def framework_message(self, data: bytes) -> None:
        """Say it back."""
        self.send_message(data)
