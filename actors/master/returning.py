"""An agent is back: what it says, against what the master believes (mesos-features.md §4)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from actors.master.agent import AgentEntry
from actors.master.cluster import Cluster
from actors.master.task import TaskEntry
from transport.messages.membership import AgentReconciliation, RegisterAgent, ReregisterAgent
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID
from transport.records.resources import Resources
from transport.records.task import Task
from transport.records.task_status import TERMINAL, TaskStatus


class Comparison(msgspec.Struct, frozen=True):
    """What is to be done so that the books and the agent agree."""

    #: Frameworks that only agents speak of so far.
    frameworks: tuple[FrameworkInfo, ...] = ()
    #: Tasks that the books do not have, or no longer.
    added: tuple[Task, ...] = ()
    #: Tasks whose latest state the agent knows better, with that state's record.
    changed: tuple[tuple[TaskEntry, Task], ...] = ()
    #: Tasks that are over, and that the agent has forgotten.
    forgotten: tuple[TaskEntry, ...] = ()
    #: Executors that the books do not have, by framework id.
    executors: tuple[tuple[str, ExecutorInfo], ...] = ()
    #: Executors that are not there any more, by framework id and executor id.
    ended_executors: tuple[tuple[str, str], ...] = ()
    #: Frameworks that are over.
    shut_down: tuple[str, ...] = ()
    #: Tasks whose ids are those of other tasks by now, by framework id and task id.
    kills: tuple[tuple[str, str], ...] = ()


def compare(cluster: Cluster, agent: AgentEntry, told: ReregisterAgent, *, new: bool) -> Comparison:
    """Compare an agent that was away.

    An agent that is `new` to this master tells all that there is of it. Of one that was registered, an
    ended task that is not in the books has been dealt with: its acknowledgement is what got lost.
    """
    tasks = _unique_tasks(cluster, told)
    added, changed, kills = [], [], []
    for key, task in tasks.items():
        entry = agent.tasks.get(key)
        if entry is not None:
            if not entry.terminal:
                changed.append((entry, task))
        elif _runs_elsewhere(cluster, agent.id, key):
            kills.append(key)
        elif new or task.state not in TERMINAL:
            added.append(_as_forwarded(task))
    executors = _unique_executors(cluster, told)
    known = {one.id.value: one for one in told.frameworks if one.id is not None}
    return Comparison(
        frameworks=tuple(info for framework_id, info in known.items() if not cluster.is_over(framework_id)),
        added=tuple(added),
        changed=tuple(changed),
        forgotten=tuple(entry for key, entry in agent.tasks.items() if entry.terminal and key not in tasks),
        executors=tuple((key[0], one) for key, one in executors.items() if key not in agent.executors),
        ended_executors=tuple(key for key in agent.executors if key not in executors),
        shut_down=tuple(framework_id for framework_id in known if cluster.is_over(framework_id)),
        kills=tuple(kills),
    )


def reconciliations(
    cluster: Cluster, agent: AgentEntry, told: ReregisterAgent
) -> tuple[AgentReconciliation, ...]:
    """The tasks that the books have and the agent did not tell; those that are over need no answer."""
    names = {(task.framework_id.value, task.task_id.value) for task in told.tasks}
    missing: dict[str, list[TaskStatus]] = {}
    for key, entry in agent.tasks.items():
        if key not in names and not entry.terminal:
            missing.setdefault(entry.framework_id, []).append(_question(entry))
    return tuple(
        AgentReconciliation(
            framework_id=framework_id,
            statuses=tuple(statuses),
            partition_aware=cluster.frameworks[framework_id].partition_aware,
        )
        for framework_id, statuses in missing.items()
    )


def registration_error(message: RegisterAgent | ReregisterAgent) -> str | None:
    """Which rule a (re-)registration breaks, or None."""
    return next(_errors(message), None)


def _errors(message: RegisterAgent | ReregisterAgent) -> Iterator[str]:
    if not message.info.hostname:
        yield "info.hostname: must not be empty"
    for name, records in (("resources", message.resources), ("info.resources", message.info.resources)):
        try:
            resources = Resources(records)
        except ValueError as error:
            yield f"{name}: {error}"
        else:
            if resources.unallocate() != resources:
                yield f"{name}: must not be allocated to a role"
    if isinstance(message, ReregisterAgent):
        yield from _errors_of_told(message)
    elif message.info.id is not None:
        yield "info.id: must not be set by an agent that registers"


def _errors_of_told(message: ReregisterAgent) -> Iterator[str]:
    if message.info.id is None or not message.info.id.value:
        yield "info.id: must be set by an agent that re-registers"
    told = {one.id.value for one in message.frameworks if one.id is not None}
    for task in message.tasks:
        if task.framework_id.value not in told:
            yield f"task {task.task_id.value}: its framework {task.framework_id.value} is not told"
        if task.agent_id != message.info.id:
            yield f"task {task.task_id.value}: is of another agent, {task.agent_id.value}"
    for executor in message.executors:
        if executor.framework_id is None or executor.framework_id.value not in told:
            yield f"executor {executor.executor_id.value}: its framework is not told"


def _unique_tasks(cluster: Cluster, told: ReregisterAgent) -> dict[tuple[str, str], Task]:
    """The first of each that is told, unless its framework is over."""
    tasks: dict[tuple[str, str], Task] = {}
    for task in told.tasks:
        if not cluster.is_over(task.framework_id.value):
            tasks.setdefault((task.framework_id.value, task.task_id.value), task)
    return tasks


def _unique_executors(cluster: Cluster, told: ReregisterAgent) -> dict[tuple[str, str], ExecutorInfo]:
    executors: dict[tuple[str, str], ExecutorInfo] = {}
    for executor in told.executors:
        assert executor.framework_id is not None
        if not cluster.is_over(executor.framework_id.value):
            executors.setdefault((executor.framework_id.value, executor.executor_id.value), executor)
    return executors


def _as_forwarded(task: Task) -> Task:
    """The task with the statuses that its framework was sent; the agent tells newer ones too."""
    uuids = [status.uuid for status in task.statuses]
    sent = uuids.index(task.status_update_uuid) + 1 if task.status_update_uuid in uuids else 0
    return replace(task, statuses=task.statuses[:sent])


def _runs_elsewhere(cluster: Cluster, agent_id: str, key: tuple[str, str]) -> bool:
    framework = cluster.frameworks.get(key[0])
    entry = None if framework is None else framework.tasks.get(key[1])
    return entry is not None and entry.agent_id != agent_id


def _question(entry: TaskEntry) -> TaskStatus:
    return TaskStatus(
        task_id=entry.record.task_id,
        state=entry.record.state,
        source=TaskStatus.Source.SOURCE_MASTER,
        reason=TaskStatus.Reason.REASON_RECONCILIATION,
        agent_id=AgentID(value=entry.agent_id),
        executor_id=entry.record.executor_id,
    )
