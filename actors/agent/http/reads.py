"""What an agent answers to calls that read, from what it told of itself (mesos-protocol.md §4.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import TypeAlias

from msgspec.structs import replace

from actors.agent.http.containers import id_record, usages_by_family
from actors.agent.http.statistics import given, statistics
from transport.messages.agent_reading import AgentRead, ExecutorRead, FrameworkRead
from transport.messages.containing import ContainersMeasured, ContainerUsage
from transport.records.agent_response import Response
from transport.records.container import ContainerStatus
from transport.records.network import NetworkInfo
from transport.records.task import Task

_Container: TypeAlias = Response.GetContainers.Container
#: What containers use, by their ids, by that of the outermost one.
_Families: TypeAlias = Mapping[str, Mapping[str, ContainerUsage]]


def get_state(read: AgentRead) -> Response.GetState:
    """All of it."""
    return Response.GetState(
        get_tasks=get_tasks(read), get_executors=get_executors(read), get_frameworks=get_frameworks(read)
    )


def get_agent(read: AgentRead) -> Response.GetAgent:
    """The agent, with the resources that operations made of those it began with."""
    return Response.GetAgent(
        agent_info=replace(read.info, resources=tuple(read.total)), drain_config=read.drain
    )


def get_frameworks(read: AgentRead) -> Response.GetFrameworks:
    """Its frameworks."""
    framework = Response.GetFrameworks.Framework
    return Response.GetFrameworks(
        frameworks=tuple(framework(framework_info=one.info) for one in read.frameworks),
        completed_frameworks=tuple(framework(framework_info=one.info) for one in read.completed),
    )


def get_executors(read: AgentRead) -> Response.GetExecutors:
    """Its executors."""
    return Response.GetExecutors(
        executors=tuple(_executor(framework, one) for framework, one in _executors(read)),
        completed_executors=tuple(_executor(framework, one) for framework, one in _completed(read)),
    )


def get_tasks(read: AgentRead) -> Response.GetTasks:
    """Its tasks."""
    return Response.GetTasks(
        pending_tasks=_tasks(_executors(read), lambda one: one.pending),
        queued_tasks=_tasks(_executors(read), lambda one: one.queued),
        launched_tasks=_tasks(_executors(read), lambda one: one.launched),
        terminated_tasks=_tasks(_executors(read), lambda one: one.terminated),
        completed_tasks=_tasks(chain(_executors(read), _completed(read)), lambda one: one.completed),
    )


def get_operations(read: AgentRead) -> Response.GetOperations:
    """Operations that nobody acknowledged yet."""
    return Response.GetOperations(operations=read.operations)


# Containers.


def containers(
    read: AgentRead,
    measured: ContainersMeasured,
    host: str,
    *,
    nested: bool = False,
    standalone: bool = False,
) -> Iterator[_Container]:
    """Those of executors, and others if wanted; `host` is where the agent is reached."""
    families = usages_by_family(measured.usages)
    yield from containers_of_executors(read, families, measured.wall, host)
    if nested:
        yield from nested_containers(read, families, measured.wall, host)
    if standalone:
        yield from standalone_containers(read, measured, nested=nested)


def containers_of_executors(
    read: AgentRead, families: _Families, wall: float, host: str
) -> Iterator[_Container]:
    """The containers of executors."""
    for framework, executor in _executors(read):
        if executor.runs:
            usages = families.get(executor.container_id, {})
            own = usages.get(executor.container_id)
            together = (own,) if own is not None and own.includes_nested else tuple(usages.values())
            # One that is an actor runs in its node, but whoever enters its container wants a process of that.
            process = executor.process if own is None or own.process is None else own.process
            yield _Container(
                framework_id=framework.info.id,
                executor_id=executor.info.executor_id,
                executor_name=executor.info.name or "",
                container_id=id_record(executor.container_id),
                container_status=_status(executor.container_id, process, networks(executor, host)),
                resource_statistics=statistics(together, wall, given(executor)),
            )


def nested_containers(read: AgentRead, families: _Families, wall: float, host: str) -> Iterator[_Container]:
    """The containers within those of executors."""
    for framework, executor in _executors(read):
        networks_of = networks(executor, host)
        for container_id, usage in families.get(executor.container_id, {}).items():
            if container_id != executor.container_id:
                yield _Container(
                    framework_id=framework.info.id,
                    executor_id=executor.info.executor_id,
                    executor_name=executor.info.name or "",
                    container_id=id_record(container_id),
                    container_status=_status(container_id, usage.process, networks_of),
                    resource_statistics=statistics((usage,), wall),
                )


def standalone_containers(
    read: AgentRead, measured: ContainersMeasured, *, nested: bool
) -> Iterator[_Container]:
    """The containers that belong to no executor, and those within them if wanted."""
    roots = {executor.container_id for _, executor in _executors(read)}
    for container_id, usage in measured.usages.items():
        if container_id.partition(".")[0] not in roots and (nested or "." not in container_id):
            yield _Container(
                container_id=id_record(container_id),
                container_status=_status(container_id, usage.process),
                resource_statistics=statistics((usage,), measured.wall),
            )


def networks(executor: ExecutorRead, host: str) -> tuple[NetworkInfo, ...]:
    """Those of its own that its tasks have told of; as in Mesos, none where it has that of the host."""
    for task in executor.launched:
        for status in reversed(task.statuses):
            told = () if status.container_status is None else status.container_status.network_infos
            if any(one.ip_address != host for info in told for one in info.ip_addresses):
                return told
    return ()


def _status(
    container_id: str, process: int | None, network_infos: tuple[NetworkInfo, ...] = ()
) -> ContainerStatus:
    return ContainerStatus(
        container_id=id_record(container_id), executor_pid=process, network_infos=network_infos
    )


def _executors(read: AgentRead) -> Iterator[tuple[FrameworkRead, ExecutorRead]]:
    for framework in read.frameworks:
        for executor in framework.executors:
            yield framework, executor


def _completed(read: AgentRead) -> Iterator[tuple[FrameworkRead, ExecutorRead]]:
    for framework in (*read.frameworks, *read.completed):
        for executor in framework.completed:
            yield framework, executor


def _executor(framework: FrameworkRead, executor: ExecutorRead) -> Response.GetExecutors.Executor:
    info = replace(executor.info, framework_id=framework.info.id)
    return Response.GetExecutors.Executor(executor_info=info)


def _tasks(
    executors: Iterable[tuple[FrameworkRead, ExecutorRead]],
    tasks: Callable[[ExecutorRead], tuple[Task, ...]],
) -> tuple[Task, ...]:
    return tuple(chain.from_iterable(tasks(executor) for _, executor in executors))
