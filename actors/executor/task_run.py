"""A task in its container: performs what the course of the task (`command_task`) asks for."""

from __future__ import annotations

from collections.abc import Callable
from signal import SIGTERM

from actors.executor import command_task
from actors.executor.command_task import Action, CommandTask
from actors.executor.executor import Executor
from actors.system import Timer
from transport.messages.containing import ContainerSpec, DestroyContainer, LaunchContainer, SignalContainer
from transport.pid import Pid
from transport.records.check import KillPolicy
from transport.records.task import TaskInfo


class TaskRun:
    """One task of an executor, whose turns it runs in; `finished` is called when the task is over."""

    def __init__(
        self,
        executor: Executor,
        task: TaskInfo,
        container_id: str,
        containerizer: Pid,
        finished: Callable[[], None],
        *,
        has_killing: bool,
    ) -> None:
        self.container_id = container_id
        self.course = CommandTask(task, has_killing=has_killing)
        self._executor = executor
        self.task_id = task.task_id.value
        self._containerizer = containerizer
        self._finished = finished
        self._spec: ContainerSpec | None = None
        self._escalation: Timer | None = None
        self._completion: Timer | None = None

    def start(self, spec: ContainerSpec) -> None:
        """Run the task."""
        self._spec = spec
        self._perform(self.course.start())

    def refuse(self, message: str) -> None:
        """End the task, which cannot be started."""
        self._perform(self.course.failed(message))

    def launched(self) -> None:
        """Its container runs."""
        self._perform(self.course.launched())

    def ended(self, status: int | None, error: str) -> None:
        """Its container is no more."""
        self._perform(self.course.ended(status, error))

    def kill(self, policy: KillPolicy | None) -> None:
        """End the task, with the grace that the policy or the task gives."""
        self.kill_within(command_task.grace_of(policy))

    def kill_within(self, grace_seconds: float | None) -> None:
        """End the task, with so much grace, or (None) that which it has."""
        self._perform(self.course.kill(self._executor.system.now(), grace_seconds))

    def _perform(self, actions: command_task.Actions) -> None:
        for action in actions:
            self._do(action)

    def _do(self, action: Action) -> None:
        executor = self._executor
        match action:
            case command_task.Report():
                self._report(action)
            case command_task.Run():
                assert self._spec is not None
                executor.send(self._containerizer, LaunchContainer(self.container_id, self._spec))
            case command_task.Watch(completion_seconds):
                if completion_seconds is not None:
                    self._completion = executor.delay(completion_seconds, self._overdue)
            case command_task.Terminate():
                executor.send(self._containerizer, SignalContainer(self.container_id, SIGTERM))
            case command_task.Escalate(seconds):
                _cancel(self._escalation)
                self._escalation = executor.delay(seconds, self._grace_over)
            case command_task.Destroy():
                executor.send(self._containerizer, DestroyContainer(self.container_id))
            case command_task.Finish():
                _cancel(self._escalation)
                _cancel(self._completion)
                self._finished()

    def _report(self, report: command_task.Report) -> None:
        executor = self._executor
        if report.state.terminal:
            executor.log.info(
                "task over",
                task_id=self.task_id,
                container_id=self.container_id,
                state=report.state.value,
                reason=report.message,
            )
        executor.update(
            self.task_id,
            report.state,
            message=report.message,
            reason=report.reason,
            healthy=report.healthy,
        )

    def _overdue(self) -> None:
        self._perform(self.course.overdue(self._executor.system.now()))

    def _grace_over(self) -> None:
        self._perform(self.course.grace_over())


def _cancel(timer: Timer | None) -> None:
    if timer is not None:
        timer.cancel()
