"""Executors: started, subscribed, shut down, and what follows when one is no more."""

from __future__ import annotations

from functools import partial
from typing import Final

from actors.agent.books import Books
from actors.agent.environment import grace_period
from actors.agent.executor import ExecutorEntry, ExecutorState, Verdict
from actors.agent.executor_node import ExecutorNode
from actors.agent.gauges import AgentMetrics
from actors.agent.repeats import Repeats
from actors.agent.statuses import Reason, StatusDesk
from actors.agent.task import Stage
from actors.agent.world import World
from transport.messages.checkpointing import (
    Archived,
    DiscardExecutor,
    DiscardFramework,
    EndStreams,
    SaveCompletion,
    SaveEnding,
    SaveFrameworkEnd,
)
from transport.messages.executing import ExecutorError, ReconnectExecutor, ShutdownNow
from transport.messages.hosting import ExecutorEnding, ExecutorLaunched
from transport.messages.launching import ExecutorExited
from transport.records.task_status import TaskState

_State = ExecutorState
#: How many executors the node starts at a time: more would fill its connection, which breaks then.
STARTS_AT_ONCE: Final = 256
#: How often an executor that was lost sight of is asked to subscribe again.
_RECONNECT_SECONDS: Final = 1.0

#: An executor that does not subscribe.
REGISTRATION_TIMEOUT: Final = Verdict(
    TaskState.TASK_FAILED,
    TaskState.TASK_FAILED,
    Reason.REASON_EXECUTOR_REGISTRATION_TIMEOUT,
    "the executor did not subscribe in time",
)
#: An executor that does not subscribe again after a restart of the agent.
REREGISTRATION_TIMEOUT: Final = Verdict(
    TaskState.TASK_GONE,
    TaskState.TASK_LOST,
    Reason.REASON_EXECUTOR_REREGISTRATION_TIMEOUT,
    "the executor did not subscribe again in time after the agent was restarted",
)
#: Everything that ran before the host was booted.
REBOOTED: Final = Verdict(
    TaskState.TASK_GONE,
    TaskState.TASK_LOST,
    Reason.REASON_AGENT_RESTARTED,
    "the host was booted",
)


class ExecutorDesk:
    """The life of executors, but for what they are sent."""

    def __init__(
        self,
        world: World,
        books: Books,
        statuses: StatusDesk,
        node: ExecutorNode,
        repeats: Repeats,
        metrics: AgentMetrics,
    ) -> None:
        self._world = world
        self._books = books
        self._statuses = statuses
        self._node = node
        self._repeats = repeats
        self._metrics = metrics
        #: By container id: those that the node was asked to start and did not, and those that wait for that.
        self._starting: dict[str, ExecutorEntry] = {}
        self._waiting: dict[str, ExecutorEntry] = {}
        #: By container id: those whose end is durable, and of which the master is still to be told.
        self._untold: dict[str, ExecutorEntry] = {}

    # --- the beginning ---

    def start(self, executor: ExecutorEntry) -> None:
        """Have an executor started as its `request` says, as soon as there is a node that has time for it."""
        assert executor.request is not None
        if not self._node.ready:
            return
        if len(self._starting) >= STARTS_AT_ONCE:
            self._waiting[executor.container_id] = executor
            return
        self._waiting.pop(executor.container_id, None)
        self._starting[executor.container_id] = executor
        executor.sent = True
        self._repeats.start(executor)
        seconds = self._world.flags.executor_registration_timeout.seconds
        executor.timer = self._world.delay(seconds, self._overdue, executor)

    def launched(self, message: ExecutorLaunched) -> None:
        """An executor's process was started."""
        executor = self._books.containers.get(message.container_id)
        if executor is not None:
            executor.launched = True
            if executor.process != message.process:
                executor.process = message.process
                executor.container_status = None  # which names it
            self.make_room(executor)
        self._world.log.debug("executor started", container_id=message.container_id, process=message.process)

    def make_room(self, executor: ExecutorEntry) -> None:
        """An executor has come to life, or to its end: the next one can be started."""
        self._waiting.pop(executor.container_id, None)
        self._starting.pop(executor.container_id, None)
        while self._waiting and self._node.ready and len(self._starting) < STARTS_AT_ONCE:
            self.start(next(iter(self._waiting.values())))

    def _overdue(self, executor: ExecutorEntry) -> None:
        if executor.state is _State.REGISTERING:
            self._metrics.container_launch_errors.increment()
            self.destroy(executor, REGISTRATION_TIMEOUT)

    # --- the end ---

    def shut_down(self, executor: ExecutorEntry) -> None:
        """Ask an executor to end, and see to it that it does."""
        if executor.ends:
            return
        self._world.log.info(
            "executor is shut down",
            executor_id=executor.executor_id,
            framework_id=executor.framework.id,
            container_id=executor.container_id,
        )
        if executor.pid is None:
            self.destroy(executor)
            return
        executor.cancel()
        self._books.move(executor, _State.TERMINATING)
        if executor.connected:
            self._world.send(executor.pid, ShutdownNow())
        seconds = grace_period(self._world.flags, executor.info).seconds
        executor.timer = self._world.delay(seconds, self.destroy, executor)

    def destroy(self, executor: ExecutorEntry, verdict: Verdict | None = None) -> None:
        """Have everything in its container killed; its tasks are told the verdict if they live by then."""
        if executor.state is _State.TERMINATED:
            return
        executor.cancel()
        executor.verdict = verdict or executor.verdict
        if executor.state is not _State.TERMINATING:
            self._books.move(executor, _State.TERMINATING)
        if executor.sent:
            self._repeats.destroy(executor)
        elif executor.request is not None:
            self.ended(executor, ExecutorEnding(container_id=executor.container_id))

    def end(self, ending: ExecutorEnding) -> None:
        """The executor node tells how a container ended, perhaps again."""
        executor = self._books.containers.get(ending.container_id)
        if executor is None or executor.forgotten:
            self._node.forget(ending.container_id)
        elif executor.state is not _State.TERMINATED:
            self.ended(executor, ending)

    def ended(self, executor: ExecutorEntry, ending: ExecutorEnding) -> None:
        """An executor is no more, or never was."""
        if executor.state is _State.TERMINATED:
            return
        executor.cancel()
        if executor.over_http and executor.connected:
            assert executor.pid is not None
            self._world.send(executor.pid, ExecutorError("the executor's container has ended"))
        self._node.leave(executor)
        self._books.move(executor, _State.TERMINATED)
        self.make_room(executor)
        self._metrics.executors_terminated.increment()
        if ending.reason is Reason.REASON_CONTAINER_LAUNCH_FAILED:
            self._metrics.container_launch_errors.increment()
        executor.ending = ending
        executor.queue.clear()
        executor.request = executor.container_status = None  # so many executors are remembered
        self._world.log.info(
            "executor ended",
            executor_id=executor.executor_id,
            framework_id=executor.framework.id,
            container_id=executor.container_id,
            status=ending.status,
            reason=None if ending.reason is None else ending.reason.name,
            message=ending.message,
        )
        self._conclude_tasks(executor, ending)
        if executor.generated or executor.over:
            executor.over = True
            self.settle(executor)
        elif executor.framework.checkpoint:
            # Were the master told before, others could be given what this agent, restarted, takes for held.
            save = SaveEnding(executor.framework.id, executor.executor_id, ending)
            self._world.archive((save,), partial(self._tell_end, executor))
        else:
            self._tell_end(executor)

    def _tell_end(self, executor: ExecutorEntry, _archived: Archived | None = None) -> None:
        self._untold[executor.container_id] = executor
        self.tell_ends()

    def tell_ends(self) -> None:
        """Tell the master which executors have ended, also if they were never started: it counts with them.

        One that is away is told of them as alive when it is back, and then of their ends: had it learned of
        an end already, the news could come late, and be taken for that of a next executor of the same id.
        """
        for container_id, executor in list(self._untold.items()):
            if self._world.has_master or executor.framework.terminating:
                del self._untold[container_id]
                executor.over = True
                assert executor.ending is not None
                status = -1 if executor.ending.status is None else executor.ending.status
                framework_id, agent_id = executor.framework.id, self._books.agent_id
                self._world.report(ExecutorExited(framework_id, agent_id, executor.executor_id, status))
                self.settle(executor)

    def _conclude_tasks(self, executor: ExecutorEntry, ending: ExecutorEnding) -> None:
        live = [
            task for task in executor.tasks.values() if not task.terminal and task.stage is not Stage.PENDING
        ]
        verdict = executor.verdict
        for task in live:
            if verdict is not None:
                state = verdict.aware if executor.framework.partition_aware else verdict.unaware
                self._statuses.conclude(task, state, verdict.reason, ending.message or verdict.message)
            else:
                reason = ending.reason or Reason.REASON_EXECUTOR_TERMINATED
                self._statuses.conclude(task, TaskState.TASK_FAILED, reason, _told(ending), ending.limitation)

    def bound(self, executor: ExecutorEntry) -> None:
        """Its tasks are others than before, and so is what it may use."""
        self._node.bound(executor)

    def settle(self, executor: ExecutorEntry) -> None:
        """Forget what need not be remembered of an executor that is over, or of a task of it."""
        self.bound(executor)
        if not executor.over or executor.streaming:
            return
        if not executor.forgotten:
            executor.forgotten = True
            if executor.sent:
                self._node.forget(executor.container_id)
        if executor.tasks or self._books.containers.get(executor.container_id) is not executor:
            return
        framework_id, executor_id, container_id = (
            executor.framework.id,
            executor.executor_id,
            executor.container_id,
        )
        if executor.framework.checkpoint:
            self._world.archive((SaveCompletion(framework_id, executor_id, container_id),), _nothing)
        self._world.send(self._world.garbage, DiscardExecutor(framework_id, executor_id, container_id))
        if self._books.remove_executor(executor):
            self._world.send(self._world.garbage, DiscardFramework(framework_id))

    # --- frameworks ---

    def shut_down_framework(self, framework_id: str) -> None:
        """End all executors of a framework; nobody wants updates of its tasks any more."""
        self._books.memory.end_framework(framework_id)
        # Also of tasks that were refused, which leave nothing but an update.
        self._world.send(self._world.updates, EndStreams(framework_id))
        framework = self._books.frameworks.get(framework_id)
        if framework is None:
            self._world.log.info("framework is not here", framework_id=framework_id)
            return
        framework.terminating = True
        if framework.saved:
            framework.saved = False
            self._world.archive((SaveFrameworkEnd(framework_id),), _nothing)
        for executor in list(framework.executors.values()):
            executor.streaming.clear()
            executor.queue.clear()
            for task in list(executor.tasks.values()):
                self._books.remove_task(task)
            self.shut_down(executor)
            self.settle(executor)
        self.tell_ends()

    # --- connections ---

    def lost(self, executor: ExecutorEntry) -> None:
        """Messages do not reach a subscribed executor any more; it may have ended, or come back."""
        if not executor.connected:
            return
        executor.connected = False
        if not executor.idle or not executor.generated:
            self._world.delay(_RECONNECT_SECONDS, self._reconnect, executor)

    def _reconnect(self, executor: ExecutorEntry) -> None:
        if executor.connected or executor.state is _State.TERMINATED:
            return
        assert executor.pid is not None
        self._world.send(executor.pid, ReconnectExecutor())
        self._world.delay(_RECONNECT_SECONDS, self._reconnect, executor)


def _told(ending: ExecutorEnding) -> str:
    if ending.message:
        return ending.message
    if ending.status is None:
        return "the executor ended"
    return f"the executor ended with wait status {ending.status}"


def _nothing(_archived: Archived) -> None:
    pass
