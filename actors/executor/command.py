"""The executor that an agent makes up for a task that is a command (mesos-protocol.md §3.6)."""

from __future__ import annotations

from typing import Final

from actors.executor.built_in import BuiltInExecutor
from actors.executor.containment.containment import Containment
from actors.executor.task_run import TaskRun
from actors.process import handles
from actors.system import Timer
from transport.messages.hosting import KeepTask, LaunchExecutor, TaskKept
from transport.pid import Pid
from transport.records.check import KillPolicy
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState

#: A host that crashed answers nothing; its successor does.
_ASK_AGAIN_SECONDS: Final = 1.0


class CommandExecutor(BuiltInExecutor):
    """Runs one task, in the container whose id is the executor's own.

    Ends itself as soon as the agent has acknowledged the task's last update. `adopted` is a task that runs
    in the container already, or was about to: it was launched by an executor whose whole node died.
    """

    _task_id: str | None = None
    _run: TaskRun | None = None
    #: When the host is asked again to keep the task, or that it is to end.
    _asking: Timer | None = None
    #: How the task is to be ended as soon as the host knows of it.
    _kill_policy: KillPolicy | None = None

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
            run = self._prepare(self._adopted)
            if run is not None:
                run.adopt()
                if self.launched.killed:
                    run.kill(None)
        super().initialize()

    def launch_task(self, task: TaskInfo) -> None:
        """Run the task, unless there was one."""
        if self._task_id is not None:
            message = f"a command executor runs a single task, and this one has {self._task_id}"
            self.update(task.task_id.value, TaskState.TASK_FAILED, message=message)
            return
        run = self._prepare(task)
        if run is None:
            return
        if self.settings.checkpoint:
            self._keep(task)
        else:
            run.start()

    def kill_task(self, task_id: str, kill_policy: KillPolicy | None) -> None:
        """End the task. The host is to know first: else its end were its own doing for who comes next."""
        run = self._run
        runs = run is not None and run.course.started and not run.course.over
        if not self.settings.checkpoint or not runs or task_id != self._task_id:
            super().kill_task(task_id, kill_policy)
            return
        self._kill_policy = kill_policy
        if self._asking is None:
            self._keep_kill()

    def task_over(self, task_id: str, state: TaskState) -> None:
        """End with the task."""
        self.stop()

    def _prepare(self, task: TaskInfo) -> TaskRun | None:
        """Make the task ready to be run; None if it cannot be."""
        self._task_id = task.task_id.value
        container_id = self.launched.container_id
        try:
            spec = self.containment.task(self.launched, task, container_id)
            self._run = self.prepare(task, container_id, spec, is_kept=self.settings.checkpoint)
        except ValueError as error:
            self.refuse(task, error)
            return None
        return self._run

    def _keep(self, task: TaskInfo) -> None:
        """Have the host remember the task before anything of it is begun: else it might be begun again."""
        if self._run is not None and not self._run.course.started:
            self.send(self.host, KeepTask(self.launched.container_id, task))
            self._asking = self.delay(_ASK_AGAIN_SECONDS, self._keep, task)

    def _keep_kill(self) -> None:
        if self._run is not None and not self._run.course.over:
            self.send(self.host, KeepTask(self.launched.container_id, self._run.course.task, killed=True))
            self._asking = self.delay(_ASK_AGAIN_SECONDS, self._keep_kill)

    @handles(TaskKept)
    def _on_kept(self, sender: Pid, message: TaskKept) -> None:
        if self._asking is None or self._run is None or message.killed != self._run.course.started:
            return
        self._asking.cancel()
        self._asking = None
        if message.killed:
            # Should that not be kept, it is ended all the same.
            super().kill_task(self._run.task_id, self._kill_policy)
        elif message.error:
            self._run.refuse(f"the task cannot be kept: {message.error}")
        else:
            self._run.start()
