"""The base class of executors, built-in and plugged-in, and their driver in one (mesos-protocol.md §3.5).

    class Sleeper(Executor):
        def launch_task(self, task: TaskInfo) -> None:
            self.update(task.task_id.value, TaskState.TASK_RUNNING)
            self.delay(1.0, self.update, task.task_id.value, TaskState.TASK_FINISHED)

It subscribes at its agent, tells again after a broken link what was not acknowledged, and waits for an agent
that is away as long as it may. Only the agent that it subscribed with is obeyed.
"""

from __future__ import annotations

from actors.executor.settings import ExecutorSettings
from actors.executor.unacknowledged import Unacknowledged
from actors.process import Process, handles
from actors.system import Timer
from transport.messages.executing import (
    ExecutorError,
    ExecutorSubscribed,
    ExecutorUpdate,
    KillExecutorTask,
    LaunchTask,
    LaunchTaskGroup,
    ReconnectExecutor,
    ShutdownNow,
    SubscribeExecutor,
    UpdateAcknowledged,
)
from transport.messages.scheduling import ExecutorMessage, FrameworkMessage
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.check import CheckStatusInfo, KillPolicy
from transport.records.container import ContainerStatus
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import ExecutorID, TaskID
from transport.records.labels import Labels
from transport.records.task import TaskGroupInfo, TaskInfo
from transport.records.task_status import TaskResourceLimitation, TaskState, TaskStatus

#: The longest pause after the first try to subscribe; doubled with each, up to the backoff's maximum.
_FIRST_PAUSE_SECONDS = 0.2
#: An update that is not acknowledged is told again after so long, even if the link holds.
_REPEAT_SECONDS = 5.0
#: How long `stop` waits for acknowledgements while the agent is there (mesos-protocol.md §3.6, §3.8).
STOP_SECONDS = 60.0


class Executor(Process):
    """Runs tasks of one framework on one agent; a subclass says how.

    A subclass overrides the hooks and calls `update`, `send_message` and `stop`. One that overrides
    `__init__`, `initialize` or `exited` calls the method of this class too. Names that begin with an
    underscore are this class' own.
    """

    def __init__(self, settings: ExecutorSettings) -> None:
        self.settings = settings
        #: Whether it came to the end that it was meant to, and did not crash.
        self.ended = False
        #: The agent that it subscribed with, as long as the link holds.
        self._agent: Pid | None = None
        self._agent_id: str | None = None
        self._unacknowledged = Unacknowledged()
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._retry: Timer | None = None
        #: When an agent that is away is given up.
        self._patience: Timer | None = None
        self._repeat: Timer | None = None
        self._stopping = False
        self._shutting_down = False
        self._deadline: Timer | None = None

    # Hooks.

    def registered(self, executor: ExecutorInfo, framework: FrameworkInfo, agent: AgentInfo) -> None:
        """Run when it subscribed for the first time; tasks follow."""

    def reregistered(self, agent: AgentInfo) -> None:
        """Run when it subscribed again, after its link to the agent broke."""

    def launch_task(self, task: TaskInfo) -> None:
        """Run a task: once for each that is not over."""
        self.log.warning("task cannot be run by this executor", task_id=task.task_id.value)
        message = f"{type(self).__name__} does not run tasks"
        self.update(task.task_id.value, TaskState.TASK_FAILED, message=message)

    def launch_group(self, group: TaskGroupInfo) -> None:
        """Run tasks together; each by itself unless overridden."""
        for task in group.tasks:
            self.launch_task(task)

    def kill_task(self, task_id: str, kill_policy: KillPolicy | None) -> None:
        """End a task; may come again, with another policy."""

    def framework_message(self, data: bytes) -> None:
        """Take bytes from the scheduler, which come at most once."""

    def shutdown(self) -> None:
        """End all tasks, then call `stop`; what is not over when the grace period is will be cut off."""
        self.stop()

    def error(self, message: str) -> None:
        """Run when the agent refuses this executor, which then ends."""

    # What a subclass may do.

    def update(
        self,
        task_id: str,
        state: TaskState,
        *,
        message: str | None = None,
        reason: TaskStatus.Reason | None = None,
        data: bytes | None = None,
        healthy: bool | None = None,
        check_status: CheckStatusInfo | None = None,
        labels: Labels | None = None,
        container_status: ContainerStatus | None = None,
        limitation: TaskResourceLimitation | None = None,
    ) -> None:
        """Tell what became of a task; repeated until it is acknowledged.

        Raises ValueError for TASK_STAGING, which no executor may send.
        """
        if state is TaskState.TASK_STAGING:
            raise ValueError(f"task {task_id}: an executor must not send TASK_STAGING")
        status = TaskStatus(
            task_id=TaskID(value=task_id),
            state=state,
            message=message,
            source=TaskStatus.Source.SOURCE_EXECUTOR,
            reason=reason,
            data=data,
            executor_id=ExecutorID(value=self.settings.executor_id),
            timestamp=self.system.wall(),
            uuid=self.system.rng.randbytes(16),
            healthy=healthy,
            check_status=check_status,
            labels=labels,
            container_status=container_status,
            limitation=limitation,
        )
        self._unacknowledged.updated(status)
        if self._agent is not None:
            self._tell(self._agent, status)
        if self._repeat is None:
            self._repeat = self.delay(_REPEAT_SECONDS, self._tell_again)

    def send_message(self, data: bytes) -> None:
        """Send bytes to the scheduler, at most once: not at all while the agent is away."""
        if self._agent is not None and self._agent_id is not None:
            settings = self.settings
            self.send(
                self._agent,
                ExecutorMessage(settings.framework_id, self._agent_id, settings.executor_id, data),
            )

    def stop(self) -> None:
        """End as soon as all updates are acknowledged: within 60 seconds, not counting an agent's absence."""
        self._stopping = True
        self._stop_if_acknowledged()

    def go_on(self) -> None:
        """Take back `stop`, unless it has ended already."""
        self._stopping = False
        self._cancel_deadline()

    # What the agent says.

    @handles(ExecutorSubscribed)
    def _on_subscribed(self, sender: Pid, message: ExecutorSubscribed) -> None:
        """The agent knows this executor: what it may have missed follows."""
        if sender.whoever() != self.settings.agent or sender == self._agent:
            return
        first = self._agent_id is None
        self._connect(sender, message)
        self._tell_all()
        if first:
            self.registered(message.executor, message.framework, message.agent)
        else:
            self.reregistered(message.agent)
        self._stop_if_acknowledged()

    @handles(ReconnectExecutor)
    def _on_reconnect(self, sender: Pid, message: ReconnectExecutor) -> None:
        """The agent was started again and does not know this executor yet, or doubts what reached it."""
        if sender == self._agent:
            self._introduce()
        elif sender.whoever() == self.settings.agent:
            self._disconnect()
            self._subscribe()

    @handles(LaunchTask)
    def _on_launch(self, sender: Pid, message: LaunchTask) -> None:
        if self._obeys(sender, message) and self._unacknowledged.launched(message.task):
            self.launch_task(message.task)

    @handles(LaunchTaskGroup)
    def _on_launch_group(self, sender: Pid, message: LaunchTaskGroup) -> None:
        if self._obeys(sender, message):
            tasks = tuple(task for task in message.group.tasks if self._unacknowledged.launched(task))
            if tasks:
                self.launch_group(TaskGroupInfo(tasks=tasks))

    @handles(KillExecutorTask)
    def _on_kill(self, sender: Pid, message: KillExecutorTask) -> None:
        if self._obeys(sender, message):
            self.kill_task(message.task_id, message.kill_policy)

    @handles(FrameworkMessage)
    def _on_message(self, sender: Pid, message: FrameworkMessage) -> None:
        if self._obeys(sender, message):
            self.framework_message(message.data)

    @handles(UpdateAcknowledged)
    def _on_acknowledged(self, sender: Pid, message: UpdateAcknowledged) -> None:
        if sender == self._agent and self._unacknowledged.acknowledged(message.task_id, message.uuid):
            self._stop_if_acknowledged()

    @handles(ShutdownNow)
    def _on_shutdown(self, sender: Pid, message: ShutdownNow) -> None:
        if sender.whoever() == self.settings.agent:
            self._shut_down("told to by the agent")

    @handles(ExecutorError)
    def _on_error(self, sender: Pid, message: ExecutorError) -> None:
        if sender.whoever() == self.settings.agent:
            self.log.error("executor refused", reason=message.message)
            self.error(message.message)
            self.end()

    # Life.

    def initialize(self) -> None:
        """Begin to subscribe."""
        self._lose_patience_in_time()
        self._subscribe()

    def exited(self, pid: Pid) -> None:
        """The agent is gone, or cannot be reached: wait for it, or shut down."""
        if pid != self._agent:
            return
        self._disconnect()
        if self.settings.checkpoint:
            self._subscribe()
        else:
            self._shut_down("the agent is gone, and the framework does not checkpoint")

    def check_invariants(self) -> None:
        """Called by the simulation: an agent that is away is waited for, and one that is there is not."""
        assert (self._agent is None) == (self._patience is not None)
        assert self._agent is None or self._retry is None

    def end(self) -> None:
        """End now, whatever was not acknowledged."""
        self.ended = True
        for timer in (self._retry, self._patience, self._deadline, self._repeat):
            if timer is not None:
                timer.cancel()
        self.terminate()

    def _connect(self, agent: Pid, message: ExecutorSubscribed) -> None:
        if self._agent is not None:
            self.unlink(self._agent)
        self._agent = agent
        self._agent_id = None if message.agent.id is None else message.agent.id.value
        self.link(agent)
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        for timer in (self._retry, self._patience):
            if timer is not None:
                timer.cancel()
        self._retry = self._patience = None

    def _disconnect(self) -> None:
        if self._agent is not None:
            self.log.info("agent gone", agent=str(self._agent))
            self.unlink(self._agent)
            self._agent = None
        self._cancel_deadline()
        if self._patience is None:
            self._lose_patience_in_time()

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _subscribe(self) -> None:
        """Ask to be let in, again and again until there is an answer."""
        if self._retry is not None:
            self._retry.cancel()
        self._introduce()
        pause = min(self._pause_seconds, self.settings.pause_max_seconds)
        self._pause_seconds = 2 * pause
        self._retry = self.delay(pause * self.system.rng.uniform(0.5, 1.0), self._subscribe)

    def _introduce(self) -> None:
        """Tell the agent that this executor is there, and what was not acknowledged to it."""
        settings, waiting = self.settings, self._unacknowledged
        self.send(
            settings.agent,
            SubscribeExecutor(settings.framework_id, settings.executor_id, waiting.tasks, waiting.updates),
        )

    def _lose_patience_in_time(self) -> None:
        timeout = self.settings.recovery_timeout_seconds
        self._patience = self.delay(timeout, self._shut_down, f"no agent for {timeout:g} s")

    def _obeys(self, sender: Pid, message: object) -> bool:
        if sender == self._agent and not self._shutting_down:
            return True
        self.log.info("message not obeyed", type=type(message).__name__, sender=str(sender))
        return False

    def _tell_all(self) -> None:
        if self._agent is not None:
            for status in self._unacknowledged.updates:
                self._tell(self._agent, status)

    def _tell_again(self) -> None:
        self._repeat = None
        if self._unacknowledged:
            self._tell_all()
            self._repeat = self.delay(_REPEAT_SECONDS, self._tell_again)

    def _tell(self, agent: Pid, status: TaskStatus) -> None:
        self.send(agent, ExecutorUpdate(self.settings.framework_id, self.settings.executor_id, status))

    def _shut_down(self, reason: str) -> None:
        if not self._shutting_down:
            self._shutting_down = True
            self.log.info("executor shuts down", reason=reason)
            self.delay(self.settings.shutdown_grace_seconds, self.end)
            self.shutdown()

    def _stop_if_acknowledged(self) -> None:
        if not self._stopping:
            return
        if not self._unacknowledged or (self._agent is None and not self.settings.checkpoint):
            self.end()
        elif self._agent is not None and self._deadline is None:
            self._deadline = self.delay(STOP_SECONDS, self.end)
