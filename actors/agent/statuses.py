"""Updates on tasks: made, completed, put into their streams, acknowledged in both directions."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from actors.agent.books import Books
from actors.agent.executor import ExecutorEntry
from actors.agent.framework import FrameworkEntry, partition_aware
from actors.agent.gauges import AgentMetrics
from actors.agent.task import TaskEntry
from actors.agent.world import World
from transport.messages.checkpointing import (
    StreamAcknowledge,
    StreamAdvanced,
    StreamUpdate,
    UpdateStreamed,
)
from transport.messages.executing import ExecutorUpdate, KillExecutorTask, UpdateAcknowledged
from transport.messages.launching import AcknowledgeUpdate, ExecutorExited, StatusUpdate
from transport.messages.membership import AgentReconciliation
from transport.pid import Pid
from transport.records.container import ContainerStatus
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ContainerID, ExecutorID, TaskID
from transport.records.network import NetworkInfo
from transport.records.task import TaskInfo
from transport.records.task_status import TERMINAL, TaskResourceLimitation, TaskState, TaskStatus

_State = TaskState
Reason = TaskStatus.Reason
Source = TaskStatus.Source

#: What becomes of a task by draining its agent (mesos-protocol.md §3.10).
_DRAINED: Final = frozenset({_State.TASK_KILLING, _State.TASK_KILLED})
#: A task never goes back (I10).
_RANK: Final = {
    _State.TASK_STAGING: 0,
    _State.TASK_STARTING: 1,
    _State.TASK_RUNNING: 2,
    _State.TASK_KILLING: 3,
}
_END: Final = 4


class StatusDesk:
    """Every update passes here on its way into its stream, and every acknowledgement on its way back."""

    def __init__(self, world: World, books: Books, metrics: AgentMetrics) -> None:
        self._world = world
        self._books = books
        self._metrics = metrics

    # --- made by the agent ---

    def conclude(
        self,
        task: TaskEntry,
        state: TaskState,
        reason: Reason,
        message: str,
        limitation: TaskResourceLimitation | None = None,
    ) -> None:
        """The end of a task, as the agent sees it; `limitation` is what it used too much of."""
        executor = task.executor
        self._world.log.info(
            "task ended by the agent",
            task_id=task.task_id,
            framework_id=executor.framework.id,
            executor_id=executor.executor_id,
            state=state.name,
            reason=reason.name,
            message=message,
        )
        status = self._make(task.record.task_id, state, reason, message, executor.info.executor_id)
        self._take(task, status if limitation is None else replace(status, limitation=limitation))

    def kill_early(self, task: TaskEntry) -> None:
        """The end of a task that is killed before it reached its executor, and never will."""
        drain = self._books.drain
        state = _State.TASK_KILLED
        reason = Reason.REASON_TASK_KILLED_DURING_LAUNCH
        if drain is not None:
            reason = Reason.REASON_AGENT_DRAINING
            state = _State.TASK_GONE_BY_OPERATOR if drain.mark_gone else state
        self.conclude(task, state, reason, "killed before its executor got it")

    def refuse(
        self,
        framework: FrameworkInfo,
        task: TaskInfo,
        reason: Reason,
        message: str,
        *,
        executor_id: str | None,
    ) -> None:
        """A task that is not launched: DROPPED, or LOST for a framework that does not know the difference."""
        assert framework.id is not None
        state = _State.TASK_DROPPED if partition_aware(framework) else _State.TASK_LOST
        self.report_unknown(framework.id.value, task.task_id, state, reason, message, executor_id)

    def report_unknown(
        self,
        framework_id: str,
        task_id: TaskID,
        state: TaskState,
        reason: Reason,
        message: str,
        executor_id: str | None = None,
    ) -> None:
        """An update on a task that is not in the books."""
        self._world.log.info(
            "task not here",
            task_id=task_id.value,
            framework_id=framework_id,
            state=state.name,
            reason=reason.name,
            message=message,
        )
        self._metrics.note(state)
        self._books.memory.end_task(framework_id, task_id.value, self._world.now())
        named = None if executor_id is None else ExecutorID(value=executor_id)
        status = self._make(task_id, state, reason, message, named)
        self._stream(framework_id, status, executor_id, None)

    def reconcile(self, reconciliations: Iterable[AgentReconciliation]) -> None:
        """Tell the master that tasks which it believes to be here are not."""
        for reconciliation in reconciliations:
            framework_id = reconciliation.framework_id
            framework = self._books.frameworks.get(framework_id)
            aware = reconciliation.partition_aware
            for status in reconciliation.statuses:
                task_id = status.task_id.value
                if framework is not None and task_id in framework.tasks:
                    continue
                if self._books.memory.rests(framework_id, task_id, self._world.now()):
                    continue  # told just now; should that not have arrived, the master asks again
                executor_id = None if status.executor_id is None else status.executor_id.value
                self.report_unknown(
                    framework_id,
                    status.task_id,
                    _State.TASK_DROPPED if aware else _State.TASK_LOST,
                    Reason.REASON_RECONCILIATION,
                    "the agent does not know the task",
                    executor_id,
                )
                if executor_id is not None and self._books.executor(framework_id, executor_id) is None:
                    # The order got lost, and with it the start of the executor that the master counts with.
                    self._world.report(ExecutorExited(framework_id, self._books.agent_id, executor_id, -1))

    def _make(
        self, task_id: TaskID, state: TaskState, reason: Reason, message: str, executor_id: ExecutorID | None
    ) -> TaskStatus:
        return TaskStatus(
            task_id=task_id,
            state=state,
            message=message,
            source=Source.SOURCE_AGENT,
            reason=reason,
            agent_id=AgentID(value=self._books.agent_id),
            executor_id=executor_id,
            timestamp=self._world.wall(),
            uuid=uuid.UUID(int=self._world.rng.getrandbits(128), version=4).bytes,
        )

    # --- made by executors ---

    def update(self, sender: Pid, message: ExecutorUpdate) -> ExecutorEntry | None:
        """An executor tells what became of a task; one that is not subscribed is not heard (§3.1).

        Returns the executor if it must be shut down for what it said.
        """
        executor = self._books.executor(message.framework_id, message.executor_id)
        if executor is None or not executor.says(sender):
            self._metrics.invalid_status_updates.increment()
            self._world.log.warning(
                "update of an executor that is not subscribed",
                framework_id=message.framework_id,
                executor_id=message.executor_id,
                sender=str(sender),
            )
            return None
        return None if self.hear(executor, message.status) else executor

    def hear(self, executor: ExecutorEntry, status: TaskStatus) -> bool:
        """Take what a subscribed executor says, now or again; it is acknowledged in any case.

        False for what no executor may say: it must be shut down.
        """
        assert executor.pid is not None
        if status.uuid is None or status.state is _State.TASK_STAGING:
            self._metrics.invalid_status_updates.increment()
            self._world.log.warning(
                "invalid update", executor_id=executor.executor_id, state=status.state.name
            )
            return False
        task = executor.tasks.get(status.task_id.value)
        if (task is None or task.terminal) and status.state not in TERMINAL:
            # It was given up, and must not run; had it ended by itself, this would not come after.
            self._world.send(executor.pid, KillExecutorTask(status.task_id.value))
        if task is None or executor.framework.terminating:
            # Over and acknowledged, or of no interest to anybody: its stream must not begin anew.
            self._world.send(executor.pid, UpdateAcknowledged(status.task_id.value, status.uuid))
            return True
        if _RANK.get(status.state, _END) < _RANK.get(task.state, _END) and not task.terminal:
            # A later one has overtaken it: what it tells is known.
            self._world.send(executor.pid, UpdateAcknowledged(status.task_id.value, status.uuid))
            return True
        self._metrics.valid_status_updates.increment()
        if status.state in TERMINAL and not task.terminal:
            self._world.log.info(
                "task ended",
                task_id=task.task_id,
                framework_id=executor.framework.id,
                executor_id=executor.executor_id,
                state=status.state.name,
                message=status.message,
            )
            if status.reason is Reason.REASON_CONTAINER_LAUNCH_FAILED:
                self._metrics.container_launch_errors.increment()
        self._take(task, self._completed(executor, status))
        return True

    def _completed(self, executor: ExecutorEntry, status: TaskStatus) -> TaskStatus:
        """The status with what the agent knows better (§3.10)."""
        container = status.container_status
        if container is None or not container.network_infos:
            container = self._container_status(executor, container)
        status = replace(
            status,
            source=Source.SOURCE_EXECUTOR,
            agent_id=AgentID(value=self._books.agent_id),
            executor_id=executor.info.executor_id,
            timestamp=self._world.wall() if status.timestamp is None else status.timestamp,
            container_status=container,
        )
        drain = self._books.drain
        if drain is None or status.state not in _DRAINED:
            return status
        gone = bool(drain.mark_gone) and status.state is _State.TASK_KILLED
        state = _State.TASK_GONE_BY_OPERATOR if gone else status.state
        return replace(status, state=state, reason=Reason.REASON_AGENT_DRAINING)

    def _container_status(self, executor: ExecutorEntry, said: ContainerStatus | None) -> ContainerStatus:
        known = executor.container_status
        if known is None:
            address = NetworkInfo.IPAddress(ip_address=self._world.pid.host)
            known = executor.container_status = ContainerStatus(
                container_id=ContainerID(value=executor.container_id),
                network_infos=(NetworkInfo(ip_addresses=(address,)),),
                executor_pid=executor.process,
            )
        return known if said is None else replace(said, network_infos=known.network_infos)

    # --- into the stream, and out of it ---

    def _take(self, task: TaskEntry, status: TaskStatus) -> None:
        executor = task.executor
        if not task.terminal:
            self._metrics.note(status.state)
            self._books.note(task, status)
        executor.streaming.add(status.uuid)
        durable = executor.container_id if executor.framework.checkpoint else None
        executor_id = None if executor.generated else executor.executor_id
        self._stream(executor.framework.id, status, executor_id, durable, task.state)

    def _stream(
        self,
        framework_id: str,
        status: TaskStatus,
        executor_id: str | None,
        container_id: str | None,
        latest: TaskState | None = None,
    ) -> None:
        agent_id = self._books.agent_id
        update = StatusUpdate(framework_id, agent_id, status, latest or status.state, executor_id)
        self._world.send(self._world.updates, StreamUpdate(update, container_id))

    def streamed(self, message: UpdateStreamed) -> ExecutorEntry | None:
        """An update is safe: its executor may forget it; returns that executor if it is in the books."""
        task, status = self._books.task(message.framework_id, message.task_id), message.status
        if task is not None:
            executor: ExecutorEntry | None = task.executor
        else:
            # It was told twice, and forgotten in between.
            executor_id = "" if status.executor_id is None else status.executor_id.value
            executor = self._books.executor(message.framework_id, executor_id)
        if executor is None:
            return None
        executor.streaming.discard(status.uuid)
        if task is not None and message.accepted:
            task.streamed(status)
        if status.source is Source.SOURCE_EXECUTOR and executor.connected and status.uuid is not None:
            assert executor.pid is not None
            self._world.send(executor.pid, UpdateAcknowledged(status.task_id.value, status.uuid))
        return executor

    def acknowledge(self, message: AcknowledgeUpdate) -> None:
        """The scheduler has dealt with an update."""
        self._world.send(
            self._world.updates, StreamAcknowledge(message.framework_id, message.task_id, message.uuid)
        )

    def advanced(self, message: StreamAdvanced) -> ExecutorEntry | None:
        """An acknowledgement is safe; returns the executor of a task that is forgotten by it."""
        task = self._books.task(message.framework_id, message.task_id)
        if task is None:
            return None
        known = bool(task.unacknowledged) and task.unacknowledged[0].uuid == message.status.uuid
        task.advance(message.status)
        if not (known and message.over and task.terminal):
            return None
        self._books.remove_task(task)
        self._books.memory.end_task(message.framework_id, message.task_id, self._world.now())
        return task.executor

    # --- what a task that is not there any more is told as ---

    @staticmethod
    def lost_state(framework: FrameworkEntry, aware: TaskState) -> TaskState:
        """`aware` for frameworks that are partition-aware, LOST for others."""
        assert aware in TERMINAL
        return aware if framework.partition_aware else _State.TASK_LOST
