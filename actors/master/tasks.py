"""The desk for tasks: what became of them, and what frameworks want to know or done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from actors.master.agent import AgentEntry
from actors.master.cluster import Cluster
from actors.master.framework import FrameworkEntry
from actors.master.gauges import MasterMetrics
from actors.master.reconciliation import answer, state_for
from actors.master.task import TaskEntry, is_outdated
from actors.master.world import World
from transport.messages.allocation import RecoverResources
from transport.messages.launching import AcknowledgeUpdate, KillTask, ShutdownFramework, StatusUpdate
from transport.messages.scheduling import Acknowledge, Kill, TaskReference, TaskUpdate
from transport.pid import Pid
from transport.records.resources import Resources
from transport.records.task import Task, TaskInfo
from transport.records.task_status import TERMINAL, TaskState, TaskStatus
from transport.records.time_info import TimeInfo

_Reason = TaskStatus.Reason
_Source = TaskStatus.Source

#: So many answers are given in one turn, and so often: a scheduler has to take them in, too.
_ANSWERS_PER_TURN: Final = 1000
_ANSWERS_PAUSE_SECONDS: Final = 0.05


class TaskDesk:
    """Passes updates up and acknowledgements and kills down, and frees what tasks held."""

    def __init__(self, world: World, cluster: Cluster, metrics: MasterMetrics | None = None) -> None:
        self._world = world
        self._cluster = cluster
        self._metrics = metrics or MasterMetrics()
        self._ends = self._metrics.by_end()

    # --- what the framework is told ---

    def report(self, framework: FrameworkEntry, status: TaskStatus) -> None:
        """Tell the framework an update, if its scheduler is there."""
        if framework.connected:
            assert framework.pid is not None
            self._world.send(framework.pid, TaskUpdate(status))

    def conclude(
        self,
        task: TaskEntry,
        state: TaskState,
        reason: TaskStatus.Reason,
        message: str,
        *,
        unreachable_time: TimeInfo | None = None,
    ) -> None:
        """Take a live task off its agent: it ended, or (`unreachable_time`) its agent is out of reach.

        A framework that does not know the state is told TASK_LOST. One that was told already how the task
        ended is told no more.
        """
        framework = self._cluster.frameworks[task.framework_id]
        over = task.terminal
        if task.record.status_update_state not in TERMINAL:
            status = self._status(task.record, state_for(framework, state), reason, message, unreachable_time)
            self._note(task, status, status.state)
            self.report(framework, status)
        self._forget(task, unreachable=unreachable_time is not None and not over)
        self._world.log.info(
            "task concluded",
            task_id=task.task_id,
            framework_id=framework.id,
            agent_id=task.agent_id,
            state=task.record.state.value,
            reason=message,
        )

    def end_all(self, framework: FrameworkEntry, message: str) -> None:
        """A framework is removed, and with it in the allocator's books all that its tasks hold."""
        killed, reason = TaskState.TASK_KILLED, _Reason.REASON_FRAMEWORK_REMOVED
        for entry in tuple(framework.tasks.values()):
            if not entry.terminal:
                self._cluster.update_task(entry, self._status(entry.record, killed, reason, message), killed)
                self._count_end(framework, killed, _Source.SOURCE_MASTER, reason)
            self._cluster.agents[entry.agent_id].pending_kills.pop((framework.id, entry.task_id), None)
            self._cluster.remove_task(entry)
        for task in framework.unreachable_tasks.values():
            status = self._status(task, killed, reason, message)
            framework.completed_tasks.append(replace(task, state=killed, statuses=(*task.statuses, status)))
            self._count_end(framework, killed, _Source.SOURCE_MASTER, reason)
        framework.unreachable_tasks.clear()

    def end_unreachable(
        self,
        framework: FrameworkEntry,
        task: Task,
        state: TaskState,
        reason: TaskStatus.Reason,
        message: str,
    ) -> None:
        """A task that was out of reach will not come back; told unless the framework has heard as much."""
        status = self._status(task, state_for(framework, state), reason, message)
        del framework.unreachable_tasks[task.task_id.value]
        framework.completed_tasks.append(replace(task, state=status.state, statuses=(*task.statuses, status)))
        if status.state is not task.status_update_state:
            self._count_end(framework, status.state, _Source.SOURCE_MASTER, reason)
            self.report(framework, status)

    def refuse(
        self,
        framework: FrameworkEntry,
        info: TaskInfo,
        state: TaskState,
        reason: TaskStatus.Reason,
        message: str,
    ) -> None:
        """Tell the framework that a task is not launched; states it does not know are told as TASK_LOST."""
        state = state_for(framework, state)
        self._count_end(framework, state, _Source.SOURCE_MASTER, reason)
        self._world.log.info(
            "task refused",
            task_id=info.task_id.value,
            framework_id=framework.id,
            state=state.value,
            reason=message,
        )
        self.report(
            framework,
            TaskStatus(
                task_id=info.task_id,
                state=state,
                message=message,
                source=_Source.SOURCE_MASTER,
                reason=reason,
                agent_id=info.agent_id,
                executor_id=None if info.executor is None else info.executor.executor_id,
                timestamp=self._world.wall(),
            ),
        )

    # --- what agents say ---

    def update(self, agent: AgentEntry, message: StatusUpdate) -> None:
        """Pass an update on, and free what the task holds as soon as it is over.

        Dropped where nobody hears it: the agent says it again until it is acknowledged.
        """
        framework = self._cluster.frameworks.get(message.framework_id)
        if framework is None:
            self._metrics.invalid_status_updates.increment()
            self._world.log.warning(
                "update of an unknown framework", framework_id=message.framework_id, agent_id=agent.id
            )
            if self._cluster.is_over(message.framework_id):
                self._world.send(agent.pid, ShutdownFramework(message.framework_id))
            return
        status = message.status
        task = agent.tasks.get((message.framework_id, status.task_id.value))
        if task is not None and is_outdated(task.record, status):
            # It was acknowledged, or the agent would not have gone on; should it not know: here it is again.
            assert status.uuid is not None
            self._world.send(agent.pid, AcknowledgeUpdate(framework.id, task.task_id, status.uuid))
            return
        self.report(framework, status)
        if task is None:
            self._metrics.invalid_status_updates.increment()
            self._world.log.warning(
                "update of an unknown task",
                task_id=status.task_id.value,
                framework_id=framework.id,
                agent_id=agent.id,
                state=status.state.value,
            )
            return
        self._metrics.valid_status_updates.increment()
        self._note(task, status, message.latest_state)
        if status.uuid is None and status.state in TERMINAL:
            self._forget(task)

    # --- what frameworks say ---

    def acknowledge(self, framework: FrameworkEntry, message: Acknowledge) -> None:
        """Pass an acknowledgement on; a task whose end is acknowledged is completed.

        One of a task that the master knows must be for the update that it passed on last.
        """
        agent = self._cluster.agents.get(message.agent_id)
        task = None if agent is None else agent.tasks.get((framework.id, message.task_id))
        if agent is None or not agent.connected:
            fault = "the agent is not there"
        elif task is not None and task.record.status_update_uuid != message.uuid:
            fault = "no such update was sent"
        else:
            self._metrics.valid_status_update_acknowledgements.increment()
            self._world.send(agent.pid, AcknowledgeUpdate(framework.id, message.task_id, message.uuid))
            if task is not None and task.record.status_update_state in TERMINAL:
                self._forget(task)
            return
        self._metrics.invalid_status_update_acknowledgements.increment()
        self._world.log.info(
            "acknowledgement dropped",
            reason=fault,
            task_id=message.task_id,
            framework_id=framework.id,
            agent_id=message.agent_id,
        )

    def kill(self, framework: FrameworkEntry, message: Kill) -> None:
        """Have a task killed; said again to an agent that comes back, as long as the task is not over."""
        task = framework.tasks.get(message.task_id)
        if task is None:
            self._world.log.info(
                "kill of an unknown task", task_id=message.task_id, framework_id=framework.id
            )
            self._answer(framework, message.task_id, message.agent_id)
            return
        if message.agent_id not in (None, task.agent_id):
            self._world.log.warning(
                "kill dropped: the task is on another agent",
                task_id=message.task_id,
                framework_id=framework.id,
                agent_id=message.agent_id,
            )
            return
        agent = self._cluster.agents[task.agent_id]
        if not task.terminal:
            agent.pending_kills[framework.id, task.task_id] = message.kill_policy
        self._world.log.info(
            "task to be killed",
            task_id=task.task_id,
            framework_id=framework.id,
            agent_id=agent.id,
            connected=agent.connected,
        )
        if agent.connected:
            self._world.send(agent.pid, KillTask(framework.id, task.task_id, message.kill_policy))

    def reconcile(self, framework: FrameworkEntry, references: Sequence[TaskReference]) -> None:
        """Tell the latest state of these tasks, or (none given) of all that are not completed."""
        asked: Sequence[TaskReference | str] = references or tuple(framework.tasks)
        self._answer_all(framework, framework.pid, asked, 0)

    def _answer_all(
        self, framework: FrameworkEntry, asker: Pid | None, asked: Sequence[TaskReference | str], begin: int
    ) -> None:
        """Answer some of what was asked, and the others in turns to come."""
        if framework.pid != asker:
            return
        end = begin + _ANSWERS_PER_TURN
        for one in asked[begin:end]:
            if not isinstance(one, str):
                agent_id = None if one.agent_id is None else one.agent_id.value
                self._answer(framework, one.task_id.value, agent_id)
            elif one in framework.tasks:
                self._answer(framework, one, None)
        if end < len(asked):
            self._world.delay(_ANSWERS_PAUSE_SECONDS, self._answer_all, framework, asker, asked, end)

    def _answer(self, framework: FrameworkEntry, task_id: str, agent_id: str | None) -> None:
        status = answer(self._cluster, framework, task_id, agent_id, self._world.wall())
        if status is not None:
            self.report(framework, status)

    # --- the books ---

    def _note(self, task: TaskEntry, status: TaskStatus, latest: TaskState) -> None:
        was_over = task.terminal
        freed = self._cluster.update_task(task, status, latest)
        self._free(task.framework_id, task.agent_id, freed)
        if task.terminal and not was_over:
            framework = self._cluster.frameworks[task.framework_id]
            self._count_end(framework, task.record.state, status.source, status.reason)
            agent = self._cluster.agents[task.agent_id]
            agent.pending_kills.pop((task.framework_id, task.task_id), None)

    def _forget(self, task: TaskEntry, *, unreachable: bool = False) -> None:
        freed = self._cluster.remove_task(task, unreachable=unreachable)
        self._free(task.framework_id, task.agent_id, freed)
        agent = self._cluster.agents[task.agent_id]
        agent.pending_kills.pop((task.framework_id, task.task_id), None)

    def _free(self, framework_id: str, agent_id: str, resources: Resources) -> None:
        if resources:
            self._world.allocate(RecoverResources(framework_id, agent_id, resources))

    def _count_end(
        self,
        framework: FrameworkEntry,
        state: TaskState,
        source: TaskStatus.Source | None,
        reason: TaskStatus.Reason | None,
    ) -> None:
        framework.tally.ended(state)
        self._ends[state].increment()
        self._metrics.task_ends.increment(state, source, reason)

    def _status(
        self,
        task: Task,
        state: TaskState,
        reason: TaskStatus.Reason,
        message: str,
        unreachable_time: TimeInfo | None = None,
    ) -> TaskStatus:
        return TaskStatus(
            task_id=task.task_id,
            state=state,
            message=message,
            source=_Source.SOURCE_MASTER,
            reason=reason,
            agent_id=task.agent_id,
            executor_id=task.executor_id,
            timestamp=self._world.wall(),
            unreachable_time=unreachable_time,
        )
