"""What a framework is told when it asks what became of a task (mesos-protocol.md §2.11)."""

from __future__ import annotations

from typing import Final

from actors.master.cluster import Cluster
from actors.master.framework import FrameworkEntry
from transport.records.ids import AgentID, TaskID
from transport.records.task import Task
from transport.records.task_status import TaskState, TaskStatus
from transport.records.time_info import TimeInfo

_State = TaskState
_Reason = TaskStatus.Reason
_Source = TaskStatus.Source

#: States that only frameworks with the capability PARTITION_AWARE know; for all others it is TASK_LOST.
_REFINED: Final = frozenset(
    {
        _State.TASK_DROPPED,
        _State.TASK_UNREACHABLE,
        _State.TASK_GONE,
        _State.TASK_GONE_BY_OPERATOR,
        _State.TASK_UNKNOWN,
    }
)


def state_for(framework: FrameworkEntry, state: TaskState) -> TaskState:
    """The state in words that the framework knows."""
    return _State.TASK_LOST if state in _REFINED and not framework.partition_aware else state


def latest(task: Task, timestamp: float) -> TaskStatus:
    """The state of a task that is known, as the framework was told it last.

    Until it was told something, that is TASK_STAGING: an agent that comes back may know more already, and
    will tell it in order (reliability.md I9).
    """
    status = task.statuses[-1] if task.statuses else None
    return TaskStatus(
        task_id=task.task_id,
        state=task.status_update_state or _State.TASK_STAGING,
        message="Reconciliation: the latest state of the task",
        source=_Source.SOURCE_MASTER,
        reason=_Reason.REASON_RECONCILIATION,
        agent_id=task.agent_id,
        executor_id=task.executor_id,
        timestamp=timestamp,
        healthy=None if status is None else status.healthy,
        check_status=None if status is None else status.check_status,
        container_status=None if status is None else status.container_status,
    )


def answer(
    cluster: Cluster, framework: FrameworkEntry, task_id: str, agent_id: str | None, timestamp: float
) -> TaskStatus | None:
    """What became of a task that ran on the agent, if the framework says on which; None for no answer yet.

    `timestamp` is now, in seconds since the Unix epoch.
    """
    task = framework.tasks.get(task_id)
    if task is not None:
        return latest(task.record, timestamp)
    if agent_id is None and task_id in framework.unreachable_tasks:
        agent_id = framework.unreachable_tasks[task_id].agent_id.value
    if agent_id in cluster.recovered or (agent_id is None and cluster.recovered):
        return None
    state, message, since = _whereabouts(cluster, agent_id)
    return TaskStatus(
        task_id=TaskID(value=task_id),
        state=state_for(framework, state),
        message=f"Reconciliation: {message}",
        source=_Source.SOURCE_MASTER,
        reason=_Reason.REASON_RECONCILIATION,
        agent_id=None if agent_id is None else AgentID(value=agent_id),
        timestamp=timestamp,
        unreachable_time=since,
    )


def _whereabouts(cluster: Cluster, agent_id: str | None) -> tuple[TaskState, str, TimeInfo | None]:
    """The state of a task that the master does not know, why, and since when its agent is out of reach."""
    if agent_id in cluster.agents:
        return _State.TASK_GONE, "the agent does not know the task", None
    if agent_id is not None and agent_id in cluster.unreachable:
        return _State.TASK_UNREACHABLE, "the agent is out of reach", cluster.unreachable[agent_id]
    if agent_id in cluster.gone:
        return _State.TASK_GONE_BY_OPERATOR, "the agent is gone for good", None
    return _State.TASK_UNKNOWN, "neither the task nor its agent is known", None
