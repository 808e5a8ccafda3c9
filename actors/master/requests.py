"""What a framework asks for in an ACCEPT, with all that it may leave out filled in.

Resources are brought into the stack form of reservations and allocated to the role of the offers, executors
are given their framework, and health checks the type that their fields imply (mesos-protocol.md §2.7, items 3
and 5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from transport.records.check import HealthCheck
from transport.records.executor import ExecutorInfo
from transport.records.ids import FrameworkID
from transport.records.offer import Offer
from transport.records.reservation_format import upgrade
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.task import TaskInfo

_Operation = Offer.Operation
_Type = Offer.Operation.Type


class ExecutorRequest(NamedTuple):
    """An executor, and the sum of its resources."""

    info: ExecutorInfo
    resources: Resources


class TaskRequest(NamedTuple):
    """A task, the sum of its resources, and the executor it is to run under, if it names one."""

    info: TaskInfo
    resources: Resources
    executor: ExecutorRequest | None = None


def request_executor(executor: ExecutorInfo, framework_id: FrameworkID, role: str) -> ExecutorRequest:
    """Complete an executor; raises ValueError naming the rule that one of its resources breaks."""
    records, resources = _allocated(executor.resources, role)
    info = replace(executor, resources=records, framework_id=executor.framework_id or framework_id)
    return ExecutorRequest(info, resources)


def request_task(
    task: TaskInfo, framework_id: FrameworkID, role: str, executor: ExecutorRequest | None = None
) -> TaskRequest:
    """Complete a task; raises ValueError naming the rule that one of its resources breaks.

    `executor` is the one that a task of a group is given unless it names its own.
    """
    records, resources = _allocated(task.resources, role)
    if task.executor is not None:
        executor = request_executor(task.executor, framework_id, role)
    info = replace(
        task,
        resources=records,
        executor=None if executor is None else executor.info,
        health_check=None if task.health_check is None else _typed(task.health_check),
    )
    return TaskRequest(info, resources, executor)


def complete(operation: Offer.Operation, role: str | None) -> Offer.Operation:
    """Complete an operation on resources; an operator's (no role) is allocated to nobody.

    Raises ValueError naming the rule that one of its resources breaks, or the field that is missing.
    Operations of other types are left as they are.
    """
    fill = None if operation.type is None else _COMPLETIONS.get(operation.type)
    if fill is None:
        return operation
    completed = fill(operation, role)
    if completed is None:
        kind = operation.type.value if operation.type is not None else ""
        raise ValueError(f"{kind}: the field {kind.lower()} must be set")
    return completed


def _allocated(resources: tuple[Resource, ...], role: str | None) -> tuple[tuple[Resource, ...], Resources]:
    total = Resources(resources)
    for identity in total.identities:
        if identity.allocation not in (None, role):
            rule = "must be allocated to nobody" if role is None else f"must be allocated to role {role!r}"
            raise ValueError(f"resource {identity.name!r}: {rule}, not {identity.allocation!r}")
    info = None if role is None else Resource.AllocationInfo(role=role)
    records = tuple(replace(upgrade(resource), allocation_info=info) for resource in resources)
    return records, total if role is None else total.allocate(role)


def _records(resources: tuple[Resource, ...], role: str | None) -> tuple[Resource, ...]:
    return _allocated(resources, role)[0]


def _record(resource: Resource, role: str | None) -> Resource:
    return _allocated((resource,), role)[0][0]


def _typed(check: HealthCheck) -> HealthCheck:
    if check.type is not None or (check.command is None) == (check.http is None):
        return check
    kind = HealthCheck.Type.COMMAND if check.http is None else HealthCheck.Type.HTTP
    return replace(check, type=kind)


def _reserve(operation: _Operation, role: str | None) -> _Operation | None:
    if (body := operation.reserve) is None:
        return None
    source, resources = _records(body.source, role), _records(body.resources, role)
    return replace(operation, reserve=replace(body, source=source, resources=resources))


def _unreserve(operation: _Operation, role: str | None) -> _Operation | None:
    if (body := operation.unreserve) is None:
        return None
    return replace(operation, unreserve=replace(body, resources=_records(body.resources, role)))


def _create(operation: _Operation, role: str | None) -> _Operation | None:
    if (body := operation.create) is None:
        return None
    return replace(operation, create=replace(body, volumes=_records(body.volumes, role)))


def _destroy(operation: _Operation, role: str | None) -> _Operation | None:
    if (body := operation.destroy) is None:
        return None
    return replace(operation, destroy=replace(body, volumes=_records(body.volumes, role)))


def _grow(operation: _Operation, role: str | None) -> _Operation | None:
    if (body := operation.grow_volume) is None:
        return None
    volume, addition = _record(body.volume, role), _record(body.addition, role)
    return replace(operation, grow_volume=replace(body, volume=volume, addition=addition))


def _shrink(operation: _Operation, role: str | None) -> _Operation | None:
    if (body := operation.shrink_volume) is None:
        return None
    return replace(operation, shrink_volume=replace(body, volume=_record(body.volume, role)))


_COMPLETIONS: Mapping[_Type, Callable[[_Operation, str | None], _Operation | None]] = {
    _Type.RESERVE: _reserve,
    _Type.UNRESERVE: _unreserve,
    _Type.CREATE: _create,
    _Type.DESTROY: _destroy,
    _Type.GROW_VOLUME: _grow,
    _Type.SHRINK_VOLUME: _shrink,
}
