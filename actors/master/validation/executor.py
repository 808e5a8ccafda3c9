"""Rules for executors, whether they run tasks or groups of tasks (mesos-protocol.md §2.7, items 8 and 9)."""

from __future__ import annotations

from msgspec.structs import replace

from actors.master.agent import AgentEntry
from actors.master.framework import FrameworkEntry
from actors.master.requests import ExecutorRequest
from actors.master.validation.command import command_error
from actors.master.validation.container import container_error
from actors.master.validation.resources import combination_error
from transport.records.container import ContainerInfo
from transport.records.executor import ExecutorInfo
from transport.records.names import id_error
from transport.records.resources import Resources

_Type = ExecutorInfo.Type


def executor_error(request: ExecutorRequest, framework: FrameworkEntry, agent: AgentEntry) -> str | None:
    """Which rule an executor breaks, or None; what its type must be is for its user to say."""
    info = request.info
    error = _type_error(info) or _identity_error(info, framework)
    if error is not None:
        return error
    grace = info.shutdown_grace_period
    if grace is not None and grace.nanoseconds < 0:
        return "executor.shutdown_grace_period: must not be negative"
    error = combination_error(request.resources)
    if error is None and info.command is not None:
        error = command_error(info.command)
    if error is None and info.container is not None:
        error = container_error(info.container)
    if error is not None:
        return f"executor.{error}"
    if request.resources.shared:
        return "executor.resources: must not be shared"
    return _compatibility_error(request, framework, agent)


def _type_error(info: ExecutorInfo) -> str | None:
    container = info.container
    if info.type is _Type.CUSTOM and info.command is None:
        return "executor.command: must be set for an executor of type CUSTOM"
    if info.type is not _Type.DEFAULT:
        return None
    if info.command is not None:
        return "executor.command: must not be set for an executor of type DEFAULT"
    if container is not None and container.type is not ContainerInfo.Type.MESOS:
        return "executor.container.type: must be MESOS for an executor of type DEFAULT"
    if container is not None and container.mesos is not None and container.mesos.image is not None:
        return "executor.container.mesos.image: must not be set for an executor of type DEFAULT"
    return None


def _identity_error(info: ExecutorInfo, framework: FrameworkEntry) -> str | None:
    if info.framework_id is None or info.framework_id.value != framework.id:
        told = "absent" if info.framework_id is None else info.framework_id.value
        return f"executor.framework_id: must be {framework.id}, not {told}"
    error = id_error(info.executor_id.value)
    return None if error is None else f"executor.executor_id: {error}"


def _compatibility_error(
    request: ExecutorRequest, framework: FrameworkEntry, agent: AgentEntry
) -> str | None:
    info = request.info
    running = agent.executors.get((framework.id, info.executor_id.value))
    if running is None or running == info:
        return None
    alike = replace(running, resources=()) == replace(info, resources=())
    if alike and Resources(running.resources).unallocate() == request.resources.unallocate():
        return None
    return (
        f"executor: one with the id {info.executor_id.value!r} is on agent {agent.id} already, "
        "and is not the same"
    )
