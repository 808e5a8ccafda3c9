"""Tasks: as a framework describes them, and as the master keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from transport.record import Record, number
from transport.records.check import CheckInfo, HealthCheck, KillPolicy
from transport.records.command import CommandInfo
from transport.records.container import ContainerInfo
from transport.records.discovery import DiscoveryInfo
from transport.records.executor import ExecutorInfo
from transport.records.ids import AgentID, ExecutorID, FrameworkID, TaskID
from transport.records.labels import Labels
from transport.records.resource import Resource
from transport.records.task_status import TaskState, TaskStatus
from transport.records.time_info import DurationInfo
from transport.records.value import Value


class TaskInfo(Record):
    """A task as its framework wants it run: by `command` or by `executor`."""

    name: Annotated[str, number(1)]
    task_id: Annotated[TaskID, number(2)]
    agent_id: Annotated[AgentID, number(3)]
    resources: Annotated[tuple[Resource, ...], number(4)] = ()
    executor: Annotated[ExecutorInfo | None, number(5)] = None
    command: Annotated[CommandInfo | None, number(7)] = None
    container: Annotated[ContainerInfo | None, number(9)] = None
    health_check: Annotated[HealthCheck | None, number(8)] = None
    check: Annotated[CheckInfo | None, number(13)] = None
    kill_policy: Annotated[KillPolicy | None, number(12)] = None
    data: Annotated[bytes | None, number(6)] = None
    labels: Annotated[Labels | None, number(10)] = None
    discovery: Annotated[DiscoveryInfo | None, number(11)] = None
    max_completion_time: Annotated[DurationInfo | None, number(14)] = None
    limits: Annotated[Mapping[str, Value.Scalar], number(15)] = {}


class TaskGroupInfo(Record):
    """Tasks that are started together, and end together."""

    tasks: Annotated[tuple[TaskInfo, ...], number(1)] = ()


class Task(Record):
    """A task as the master and the agent keep it."""

    name: Annotated[str, number(1)]
    task_id: Annotated[TaskID, number(2)]
    framework_id: Annotated[FrameworkID, number(3)]
    executor_id: Annotated[ExecutorID | None, number(4)] = None
    agent_id: Annotated[AgentID, number(5)]
    state: Annotated[TaskState, number(6)]
    resources: Annotated[tuple[Resource, ...], number(7)] = ()
    statuses: Annotated[tuple[TaskStatus, ...], number(8)] = ()
    status_update_state: Annotated[TaskState | None, number(9)] = None
    status_update_uuid: Annotated[bytes | None, number(10)] = None
    labels: Annotated[Labels | None, number(11)] = None
    discovery: Annotated[DiscoveryInfo | None, number(12)] = None
    container: Annotated[ContainerInfo | None, number(13)] = None
    health_check: Annotated[HealthCheck | None, number(15)] = None
    kill_policy: Annotated[KillPolicy | None, number(16)] = None
    user: Annotated[str | None, number(14)] = None
    limits: Annotated[Mapping[str, Value.Scalar], number(17)] = {}
