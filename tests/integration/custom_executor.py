"""An executor as a framework would write it; a program for test_custom_executor."""

from __future__ import annotations

import sys

from actors.executor.driver import run_executor
from actors.executor.executor import Executor
from transport.records.check import KillPolicy
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState


class Clerk(Executor):
    """Runs tasks whose data is `run` at once, others until they are killed; echoes messages."""

    def launch_task(self, task: TaskInfo) -> None:
        self.update(task.task_id.value, TaskState.TASK_RUNNING, data=task.data)
        if task.data == b"run":
            self.update(task.task_id.value, TaskState.TASK_FINISHED)

    def kill_task(self, task_id: str, kill_policy: KillPolicy | None) -> None:
        self.update(task_id, TaskState.TASK_KILLED)

    def framework_message(self, data: bytes) -> None:
        if data == b"crash":
            raise RuntimeError("told to crash")
        self.send_message(data.upper())


if __name__ == "__main__":
    sys.exit(run_executor(Clerk))
