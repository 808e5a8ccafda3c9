"""An agent as its v0 endpoints show it (mesos-protocol.md §5.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from actors.agent.http.containers import id_record
from actors.agent.http.statistics import allocated
from actors.agent.registrant import CAPABILITIES
from actors.build import version_info
from actors.gateway import v0
from transport.messages.agent_reading import AgentRead, ExecutorRead, FrameworkRead
from transport.messages.containing import ListedContainer
from transport.records.agent_response import Response
from transport.records.framework import FrameworkInfo
from transport.records.resources import Resources
from transport.records.task import TaskInfo

_Container = Response.GetContainers.Container
_MULTI_ROLE: Final = FrameworkInfo.Capability.Type.MULTI_ROLE


def state(read: AgentRead, host: str, flags: Mapping[str, str]) -> dict[str, Any]:
    """The whole agent; `host` is where it is reached."""
    version, info = version_info(), read.info
    found: dict[str, Any] = {
        "version": version.version,
        "build_date": version.build_date,
        "build_time": version.build_time,
        "build_user": version.build_user,
        "start_time": read.started,
        "id": "" if info.id is None else info.id.value,
        "pid": f"slave(1)@{host}:{info.port}",
        "hostname": info.hostname,
        "capabilities": [one.type.value for one in CAPABILITIES if one.type is not None],
        **_resources(read),
        "resource_providers": [],
        "attributes": v0.attributes(info.attributes),
        "flags": flags,
        "frameworks": [_framework(one) for one in read.frameworks],
        "completed_frameworks": [_framework(one) for one in read.completed],
    }
    if info.domain is not None:
        found["domain"] = v0.raw(info.domain)
    if read.drain is not None:
        found["drain_config"] = v0.raw(read.drain)
    if read.master is not None:
        found["master_hostname"] = read.master.host
    for name in ("log_dir", "external_log_file"):
        if name in flags:
            found[name] = flags[name]
    return found


def container(record: _Container, source: str | None) -> dict[str, Any]:
    """A container of an executor, and what it uses."""
    found = _about(record, source)
    found["container_id"] = record.container_id.value
    if record.container_status is not None:
        found["status"] = v0.raw(record.container_status)
    if record.resource_statistics is not None:
        found["statistics"] = v0.raw(record.resource_statistics)
    return found


def statistics(record: _Container, source: str | None) -> dict[str, Any]:
    """What an executor uses."""
    found = _about(record, source)
    if record.resource_statistics is not None:
        found["statistics"] = v0.raw(record.resource_statistics)
    return found


def pending(read: AgentRead, listed: Iterable[ListedContainer]) -> dict[str, Any]:
    """Operations on containers that are under way, the agent's own first: launching and destroying."""
    launching = [
        one.container_id for framework in read.frameworks for one in framework.executors if one.starts
    ]
    operations = dict.fromkeys(launching, "launch")
    for one in listed:
        if one.is_ending:
            operations[one.container_id] = "destroy"
        elif one.is_launching:
            operations[one.container_id] = "launch"
    return {
        "pending": [
            {"operation": operation, "args": {"containerId": v0.raw(id_record(container_id))}}
            for container_id, operation in operations.items()
        ]
    }


def _about(record: _Container, source: str | None) -> dict[str, Any]:
    if record.executor_id is None or record.framework_id is None:
        return {}  # it belongs to no executor
    return {
        "executor_id": record.executor_id.value,
        "executor_name": record.executor_name or "",
        "framework_id": record.framework_id.value,
        "source": source or "",
    }


def _resources(read: AgentRead) -> dict[str, Any]:
    """What there is, and what of it is given away, by the roles that it is reserved for."""
    return {
        "resources": v0.resources(read.total),
        "reserved_resources": {role: v0.resources(some) for role, some in _reserved(read.total)},
        "unreserved_resources": v0.resources(read.total.unreserved),
        "reserved_resources_full": {role: v0.full(some) for role, some in _reserved(read.total)},
        "unreserved_resources_full": v0.full(read.total.unreserved),
        "reserved_resources_allocated": {
            role: v0.resources(some) for role, some in _reserved(read.allocated)
        },
        "unreserved_resources_allocated": v0.resources(read.allocated.unreserved),
    }


def _reserved(resources: Resources) -> Iterator[tuple[str, Resources]]:
    roles = dict.fromkeys(identity.reserved_role for identity in resources.identities)
    for role in roles:
        if role is not None:
            yield role, resources.reserved(role)


def _framework(framework: FrameworkRead) -> dict[str, Any]:
    info = framework.info
    found: dict[str, Any] = {
        "id": "" if info.id is None else info.id.value,
        "name": info.name,
        "user": info.user,
        "failover_timeout": info.failover_timeout or 0.0,
        "checkpoint": bool(info.checkpoint),
        "hostname": info.hostname or "",
        "executors": [_executor(framework, one) for one in framework.executors],
        "completed_executors": [_executor(framework, one) for one in framework.completed],
    }
    if info.principal is not None:
        found["principal"] = info.principal
    if any(one.type is _MULTI_ROLE for one in info.capabilities):
        found["roles"] = info.roles
    else:
        found["role"] = info.role or "*"
    return found


def _executor(framework: FrameworkRead, executor: ExecutorRead) -> dict[str, Any]:
    info = executor.info
    given = allocated(executor)
    return {
        "id": info.executor_id.value,
        "name": info.name or "",
        "source": info.source or "",
        "container": executor.container_id,
        "directory": executor.sandbox,
        "resources": v0.resources(given),
        "tasks": [v0.task(one) for one in executor.launched],
        "queued_tasks": [_queued(framework, one) for one in executor.queued_infos],
        "completed_tasks": [v0.task(one) for one in (*executor.completed, *executor.terminated)],
        **v0.traits(info, given),
    }


def _queued(framework: FrameworkRead, info: TaskInfo) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": info.task_id.value,
        "name": info.name,
        "slave_id": info.agent_id.value,
        "resources": v0.resources(info.resources),
        "role": v0.role_of(info.resources) or framework.info.role or "*",
    }
    if info.command is not None:
        found["command"] = v0.raw(info.command)
    if info.executor is not None:
        found["executor_id"] = info.executor.executor_id.value
    if info.discovery is not None:
        found["discovery"] = v0.raw(info.discovery)
    return found
