"""The executor that an agent makes up for a task that is a command (mesos-protocol.md §3.6)."""

from __future__ import annotations

from msgspec.structs import replace

from actors.executor.built_in import BuiltInExecutor
from actors.executor.containment.containment import Containment
from actors.executor.host import EXECUTORS
from transport.messages.hosting import KeepTask, LaunchExecutor
from transport.pid import Pid
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState


class CommandExecutor(BuiltInExecutor):
    """Runs one task, in the container whose id is the executor's own.

    Ends itself as soon as the agent has acknowledged the task's last update. `adopted` is a task that runs
    in the container already: it was launched by an executor whose whole node died.
    """

    _task_id: str | None = None

    def __init__(
        self,
        launch: LaunchExecutor,
        agent: Pid,
        containerizer: Pid,
        adopted: TaskInfo | None = None,
        containment: Containment | None = None,
    ) -> None:
        super().__init__(launch, agent, containerizer, containment)
        self._adopted = adopted

    def initialize(self) -> None:
        """Take on the task that runs, if there is one, and subscribe."""
        if self._adopted is not None:
            self._unacknowledged.launched(self._adopted)
            self._run(self._adopted, adopted=True)
        super().initialize()

    def launch_task(self, task: TaskInfo) -> None:
        """Run the task, unless there was one."""
        if self._task_id is not None:
            message = f"a command executor runs a single task, and this one has {self._task_id}"
            self.update(task.task_id.value, TaskState.TASK_FAILED, message=message)
            return
        if self.settings.checkpoint:
            host = replace(self.containerizer, name=EXECUTORS)
            self.send(host, KeepTask(self.launched.container_id, task))
        self._run(task, adopted=False)

    def task_over(self, task_id: str, state: TaskState) -> None:
        """End with the task."""
        self.stop()

    def _run(self, task: TaskInfo, *, adopted: bool) -> None:
        self._task_id = task.task_id.value
        try:
            container_id = self.launched.container_id
            run = self.prepare(task, container_id, self.containment.task(self.launched, task, container_id))
        except ValueError as error:
            self.refuse(task, error)
            return
        if adopted:
            run.adopt()
        else:
            run.start()
