"""A task in its container: performs what the course of the task (`command_task`) asks for."""

from __future__ import annotations

from collections.abc import Callable
from signal import SIGTERM

from actors.executor import command_task
from actors.executor.checks.checker import Surroundings
from actors.executor.checks.health import Verdict
from actors.executor.checks.task_checks import TaskChecks
from actors.executor.command_task import Action, CommandTask
from actors.executor.executor import Executor
from actors.system import Timer
from transport.messages.containing import (
    AdoptContainer,
    ContainerEnded,
    ContainerLaunched,
    DestroyContainer,
    LaunchContainer,
    SignalContainer,
)
from transport.messages.probing import Probed
from transport.records.check import KillPolicy
from transport.records.container import ContainerStatus
from transport.records.ids import ContainerID
from transport.records.network import NetworkInfo
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus

_Reason = TaskStatus.Reason


class TaskRun:
    """One task of an executor, whose turns it runs in; `finished` is called with its last state."""

    def __init__(
        self,
        executor: Executor,
        task: TaskInfo,
        surroundings: Surroundings,
        finished: Callable[[TaskRun, TaskState], None],
        *,
        has_killing: bool,
        is_kept: bool = False,
    ) -> None:
        """`surroundings` say what its container is called and runs; raises ValueError for bad checks.

        `is_kept` is whether it is known after the node's death that it was begun.
        """
        self._is_kept = is_kept
        self.task_id = task.task_id.value
        self.container_id = surroundings.container_id
        self.course = CommandTask(task, has_killing=has_killing)
        self._container_status = _nested_status(surroundings.container_id)
        #: What Docker says of its container.
        self._described: bytes | None = None
        self._executor = executor
        self._spec = surroundings.spec
        self.user = surroundings.spec.user
        self._containerizer = surroundings.containerizer
        self._checks = TaskChecks(executor, task, surroundings, self._judged, self._checked)
        self._finished = finished
        self._escalation: Timer | None = None
        self._completion: Timer | None = None

    def start(self) -> None:
        """Run the task."""
        self._perform(self.course.start())

    def adopt(self) -> None:
        """Take on the task, which somebody else has started."""
        self._perform(self.course.adopted())

    def refuse(self, message: str) -> None:
        """End the task, which cannot be started."""
        self._perform(self.course.refused(message))

    def launched(self, message: ContainerLaunched) -> None:
        """Its container runs."""
        self._described = message.described or None
        self._address_it(message)
        self._perform(self.course.launched())

    def ended(self, message: ContainerEnded) -> bool:
        """A container is no more: whether it was this task's, or that of one of its checks."""
        if message.container_id != self.container_id:
            return self._checks.ended(message)
        self._perform(self.course.ended(message.status, message.error, message.limitation))
        return True

    def probed(self, message: Probed) -> bool:
        """The prober answers: whether that was about this task."""
        return self._checks.probed(message)

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
                executor.send(
                    self._containerizer, LaunchContainer(self.container_id, self._spec, self._is_kept)
                )
            case command_task.Adopt():
                executor.send(
                    self._containerizer, AdoptContainer(self.container_id, self._spec, self._is_kept)
                )
            case command_task.Watch(completion_seconds):
                self._checks.start(executor.system.now())
                if completion_seconds is not None:
                    self._completion = executor.delay(completion_seconds, self._overdue)
            case command_task.Terminate():
                self._checks.stop()
                executor.send(self._containerizer, SignalContainer(self.container_id, SIGTERM))
            case command_task.Escalate(seconds):
                _cancel(self._escalation)
                self._escalation = executor.delay(seconds, self._grace_over)
            case command_task.Destroy():
                executor.send(self._containerizer, DestroyContainer(self.container_id))
            case command_task.Finish(state):
                self._checks.stop()
                _cancel(self._escalation)
                _cancel(self._completion)
                self._finished(self, state)

    def _report(self, report: command_task.Report) -> None:
        if report.state.terminal:
            self._executor.log.info(
                "task over",
                task_id=self.task_id,
                container_id=self.container_id,
                state=report.state.value,
                reason=report.message,
            )
        self._executor.update(
            self.task_id,
            report.state,
            message=report.message,
            reason=report.reason,
            healthy=report.healthy,
            check_status=self._checks.status,
            container_status=self._container_status,
            data=self._described if report.state is TaskState.TASK_RUNNING else None,
            limitation=report.limitation,
        )

    def _judged(self, verdict: Verdict) -> None:
        """The health check has looked at the task."""
        if verdict.healthy is not None:
            self._repeat(_Reason.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED, verdict.message)
        if verdict.kills:
            self._executor.log.warning("task is unhealthy", task_id=self.task_id, reason=verdict.message)
            self._perform(self.course.unhealthy(self._executor.system.now()))

    def _checked(self) -> None:
        """The check shows something else than before."""
        self._repeat(_Reason.REASON_TASK_CHECK_STATUS_UPDATED, None)

    def _repeat(self, reason: TaskStatus.Reason, message: str | None) -> None:
        """Tell that the task runs, again, and what its checks show."""
        self._executor.update(
            self.task_id,
            TaskState.TASK_RUNNING,
            message=message,
            reason=reason,
            healthy=self._checks.healthy,
            check_status=self._checks.status,
            container_status=self._container_status,
        )

    def _address_it(self, message: ContainerLaunched) -> None:
        """Its container has a network of its own."""
        docker = self._spec.docker
        if docker is None or docker.network == "host":
            return
        self._checks.move(message.addresses)
        if not message.addresses:
            return
        of_users = docker.network not in ("bridge", "none")
        network = NetworkInfo(
            name=docker.network if of_users else None,
            ip_addresses=tuple(NetworkInfo.IPAddress(ip_address=address) for address in message.addresses),
        )
        self._container_status = ContainerStatus(
            container_id=ContainerID(value=self.container_id),
            network_infos=(network,),
            executor_pid=message.process or None,
        )

    def _overdue(self) -> None:
        self._perform(self.course.overdue(self._executor.system.now()))

    def _grace_over(self) -> None:
        self._perform(self.course.grace_over())


def _nested_status(container_id: str) -> ContainerStatus | None:
    """Which container a nested task runs in; of others the agent knows."""
    parent, _, child = container_id.rpartition(".")
    if not parent:
        return None
    return ContainerStatus(container_id=ContainerID(value=child, parent=ContainerID(value=parent)))


def _cancel(timer: Timer | None) -> None:
    if timer is not None:
        timer.cancel()
