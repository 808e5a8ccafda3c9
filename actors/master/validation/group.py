"""Rules for groups of tasks that are launched under one executor (mesos-protocol.md §2.7.9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from actors.master.agent import AgentEntry
from actors.master.framework import FrameworkEntry
from actors.master.requests import ExecutorRequest, TaskRequest
from actors.master.validation.container import shares_cgroups
from actors.master.validation.executor import executor_error
from actors.master.validation.resources import fit
from actors.master.validation.task import task_itself_error
from transport.records.check import CheckInfo, HealthCheck
from transport.records.container import ContainerInfo
from transport.records.executor import ExecutorInfo
from transport.records.quantities import Quantities
from transport.records.resources import Resources
from transport.records.task import TaskInfo

#: The least that an executor of a group can run with.
LEAST_OF_AN_EXECUTOR: Final = Quantities.parse("cpus:0.01;mem:32;disk:0.001")


def group_error(
    executor: ExecutorRequest,
    tasks: Sequence[TaskRequest],
    framework: FrameworkEntry,
    agent: AgentEntry,
    available: Resources,
) -> str | None:
    """Which rule a group breaks, or None; `available` is as for `task_error`."""
    if not tasks:
        return "task_group: must not be empty"
    error = _executor_error(executor, framework, agent)
    if error is not None:
        return error
    seen: set[str] = set()
    for task in tasks:
        task_id = task.info.task_id.value
        error = f"task_id: {task_id!r} is there twice" if task_id in seen else None
        error = error or _member_error(task, executor, framework, agent)
        if error is not None:
            return f"task {task_id!r}: {error}"
        seen.add(task_id)
    if len({shares_cgroups(task.info.container) for task in tasks}) > 1:
        return "container.linux_info.share_cgroups: must be the same for all tasks"
    is_new = (framework.id, executor.info.executor_id.value) not in agent.executors
    parts = [task.resources for task in tasks] + ([executor.resources] if is_new else [])
    if not fit(parts, available):
        needed = sum(parts, Resources())
        return f"resources: the group (and its executor) needs {needed}, but only {available} is left"
    return None


def _executor_error(executor: ExecutorRequest, framework: FrameworkEntry, agent: AgentEntry) -> str | None:
    info = executor.info
    if info.type not in (ExecutorInfo.Type.DEFAULT, ExecutorInfo.Type.CUSTOM):
        return "executor.type: must be DEFAULT or CUSTOM"
    error = executor_error(executor, framework, agent)
    if error is not None:
        return error
    if info.container is not None and info.container.type is ContainerInfo.Type.DOCKER:
        return "executor.container.type: must not be DOCKER for a group"
    if not executor.resources.quantities.contains(LEAST_OF_AN_EXECUTOR):
        return (
            "executor.resources: must have at least 0.01 cpus, 32 MB of mem and some disk, not "
            f"{executor.resources}"
        )
    return None


def _member_error(
    task: TaskRequest, executor: ExecutorRequest, framework: FrameworkEntry, agent: AgentEntry
) -> str | None:
    info = task.info
    error = task_itself_error(task, framework, agent)
    if error is not None:
        return error
    if task.executor is not executor and (task.executor is None or task.executor.info != executor.info):
        return "executor: must be that of the group, or not set"
    if info.command is None and executor.info.type is ExecutorInfo.Type.DEFAULT and not _has_image(info):
        return "command: must be set for an executor of type DEFAULT, unless there is an image that has one"
    if info.container is not None and info.container.type is ContainerInfo.Type.DOCKER:
        return "container.type: must not be DOCKER in a group"
    if info.container is not None and info.container.network_infos and _looks_by_network(info):
        return "health_check.type: must be COMMAND for a task with network_infos of its own"
    if info.limits and shares_cgroups(info.container):
        return "limits: must not be set unless share_cgroups is false"
    return None


def _has_image(info: TaskInfo) -> bool:
    mesos = None if info.container is None else info.container.mesos
    return mesos is not None and mesos.image is not None


def _looks_by_network(info: TaskInfo) -> bool:
    health, check = info.health_check, info.check
    return (health is not None and health.type in (HealthCheck.Type.HTTP, HealthCheck.Type.TCP)) or (
        check is not None and check.type in (CheckInfo.Type.HTTP, CheckInfo.Type.TCP)
    )
