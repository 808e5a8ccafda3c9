"""What the v0 endpoints of both daemons show alike: resources, attributes, tasks (mesos-protocol.md §5.5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from transport import json_v1
from transport.json_defaults import completed
from transport.record import Record
from transport.records.endpoint_format import shown
from transport.records.executor import ExecutorInfo
from transport.records.ranges import coalesce
from transport.records.resource import Resource
from transport.records.scalar import from_thousandths, to_thousandths
from transport.records.task import Task
from transport.records.task_status import TaskStatus
from transport.records.value import Attribute
from transport.records.value_text import format_value

#: What is shown of every sum of resources, also if there is nothing of it.
_USUAL: Final = ("cpus", "gpus", "mem", "disk")


def raw(record: Record) -> msgspec.Raw:
    """A record that v0 shows as it is."""
    return msgspec.Raw(json_v1.encode(record))


def resources(records: Iterable[Resource]) -> dict[str, Any]:
    """Amounts by name: numbers of scalars, text of ranges and sets; apart, what may be taken back."""
    scalars = dict.fromkeys(_USUAL, 0)
    ranges: dict[str, list[tuple[int, int]]] = {}
    sets: dict[str, dict[str, None]] = {}
    for one in records:
        name = one.name if one.revocable is None else f"{one.name}_revocable"
        if one.scalar is not None:
            scalars[name] = scalars.get(name, 0) + to_thousandths(one.scalar.value)
        elif one.ranges is not None:
            ranges.setdefault(name, []).extend((each.begin, each.end) for each in one.ranges.range)
        elif one.set is not None:
            sets.setdefault(name, {}).update(dict.fromkeys(one.set.item))
    found: dict[str, Any] = {name: from_thousandths(amount) for name, amount in scalars.items()}
    for name, pairs in ranges.items():
        found[name] = f"[{', '.join(f'{begin}-{end}' for begin, end in coalesce(pairs))}]"
    for name, words in sets.items():
        found[name] = f"{{{', '.join(words)}}}"
    return found


def full(records: Iterable[Resource]) -> list[msgspec.Raw]:
    """Resources one by one, as in v1."""
    return [raw(shown(one)) for one in records]


def attributes(records: Iterable[Attribute]) -> dict[str, float | str]:
    """Attributes by name: numbers of scalars, else text."""
    return {
        one.name: format_value(one).replace(",", ", ") if one.scalar is None else one.scalar.value
        for one in records
    }


def task(record: Task) -> dict[str, Any]:
    """A task (§5.5)."""
    found: dict[str, Any] = {
        "id": record.task_id.value,
        "name": record.name,
        "framework_id": record.framework_id.value,
        "executor_id": "" if record.executor_id is None else record.executor_id.value,
        "slave_id": record.agent_id.value,
        "state": record.state.value,
        "resources": resources(record.resources),
        "statuses": [_status(one) for one in record.statuses],
    }
    role = role_of(record.resources)
    if role is not None:
        found["role"] = role
    if record.limits:
        found["limits"] = {name: scalar.value for name, scalar in record.limits.items()}
    if record.user is not None:
        found["user"] = record.user
    if record.labels is not None:
        found["labels"] = record.labels.labels
    for name in ("discovery", "container", "health_check"):
        part = getattr(record, name)
        if part is not None:
            found[name] = raw(part)
    return found


def role_of(records: Iterable[Resource]) -> str | None:
    """The role that resources are allocated to, if they are."""
    allocated = (one.allocation_info for one in records if one.allocation_info is not None)
    return next((one.role for one in allocated), None)


def traits(info: ExecutorInfo, given: Iterable[Resource]) -> dict[str, Any]:
    """What is shown of an executor only if it is there; `given` is what it has."""
    found: dict[str, Any] = {}
    role = role_of(given)
    if role is not None:
        found["role"] = role
    if info.labels is not None:
        found["labels"] = info.labels.labels
    if info.type is not None:
        found["type"] = info.type.value
    return found


def _status(record: TaskStatus) -> dict[str, Any]:
    found: dict[str, Any] = {"state": record.state.value, "timestamp": record.timestamp or 0.0}
    if record.labels is not None:
        found["labels"] = record.labels.labels
    container = record.container_status
    if container is not None:
        part = found["container_status"] = {}
        if container.container_id is not None:
            part["container_id"] = completed(container.container_id)
        if container.network_infos:
            part["network_infos"] = list(map(completed, container.network_infos))
        if container.cgroup_info is not None:
            part["cgroup_info"] = raw(container.cgroup_info)
    if record.healthy is not None:
        found["healthy"] = record.healthy
    return found
