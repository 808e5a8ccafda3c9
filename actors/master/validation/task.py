"""Rules for tasks (mesos-protocol.md §2.7.8)."""

from __future__ import annotations

from actors.master.agent import AgentEntry
from actors.master.framework import FrameworkEntry
from actors.master.requests import TaskRequest
from actors.master.validation.checks import check_error, health_check_error
from actors.master.validation.command import command_error
from actors.master.validation.container import container_error, shares_cgroups
from actors.master.validation.executor import executor_error
from actors.master.validation.limits import limits_error
from actors.master.validation.resources import combination_error, overlap_error
from transport.records.executor import ExecutorInfo
from transport.records.names import id_error
from transport.records.resources import Resources
from transport.records.task import TaskInfo


def task_error(
    request: TaskRequest, framework: FrameworkEntry, agent: AgentEntry, available: Resources
) -> str | None:
    """Which rule a task breaks that is launched by itself, or None.

    `available` is what the offers have left, each shared volume once.
    """
    error = task_itself_error(request, framework, agent)
    if error is not None:
        return error
    info = request.info
    if (info.executor is None) == (info.command is None):
        return "exactly one of executor and command must be set"
    if request.executor is not None:
        if request.executor.info.type not in (None, ExecutorInfo.Type.UNKNOWN, ExecutorInfo.Type.CUSTOM):
            return "executor.type: must be CUSTOM, or not set, unless a group is launched"
        if request.executor.info.command is None:
            return "executor.command: must be set"
        error = executor_error(request.executor, framework, agent)
        error = error or overlap_error(request.resources, request.executor.resources)
        if error is not None:
            return error
    needed = needed_resources(request, framework, agent)
    if not available.contains(needed):
        return f"resources: the task (and its executor) needs {needed}, but only {available} is left"
    if not shares_cgroups(info.container):
        return "container.linux_info.share_cgroups: may only be false in a group"
    return None


def task_itself_error(request: TaskRequest, framework: FrameworkEntry, agent: AgentEntry) -> str | None:
    """Which rule a task breaks, alone or in a group, leaving its executor and the offers aside."""
    info = request.info
    return (
        _identity_error(info, framework, agent)
        or _spans_error(info)
        or _looks_error(info)
        or _resources_error(request)
        or (info.command and command_error(info.command))
        or (info.container and container_error(info.container))
        or limits_error(info.limits, request.resources, agent)
    )


def needed_resources(request: TaskRequest, framework: FrameworkEntry, agent: AgentEntry) -> Resources:
    """The task's resources, and those of its executor unless that is on the agent already."""
    executor = request.executor
    if executor is None or (framework.id, executor.info.executor_id.value) in agent.executors:
        return request.resources
    return request.resources + executor.resources


def _identity_error(info: TaskInfo, framework: FrameworkEntry, agent: AgentEntry) -> str | None:
    task_id = info.task_id.value
    error = id_error(task_id)
    if error is not None:
        return f"task_id: {error}"
    if task_id in framework.tasks or task_id in framework.unreachable_tasks:
        return f"task_id: {task_id!r} is in use"
    if info.agent_id.value != agent.id:
        return f"agent_id: must be {agent.id}, whose resources were offered, not {info.agent_id.value}"
    return None


def _spans_error(info: TaskInfo) -> str | None:
    grace = None if info.kill_policy is None else info.kill_policy.grace_period
    if grace is not None and grace.nanoseconds < 0:
        return "kill_policy.grace_period: must not be negative"
    if info.max_completion_time is not None and info.max_completion_time.nanoseconds < 0:
        return "max_completion_time: must not be negative"
    return None


def _looks_error(info: TaskInfo) -> str | None:
    error = None if info.check is None else check_error(info.check)
    if error is None and info.health_check is not None:
        return health_check_error(info.health_check)
    return error


def _resources_error(request: TaskRequest) -> str | None:
    if not request.info.resources:
        return "resources: must not be empty"
    return combination_error(request.resources)
