"""Tasks for executors."""

from __future__ import annotations

from collections.abc import Mapping

from transport.records.check import CheckInfo, HealthCheck, KillPolicy
from transport.records.command import CommandInfo, Environment
from transport.records.ids import AgentID, TaskID
from transport.records.resource import Resource
from transport.records.task import TaskInfo
from transport.records.time_info import DurationInfo
from transport.records.value import Value


def command_task(
    task_id: str = "task-1",
    command: CommandInfo | None = None,
    *,
    grace: float | None = None,
    completion: float | None = None,
    health: HealthCheck | None = None,
    check: CheckInfo | None = None,
    role: str | None = None,
) -> TaskInfo:
    """A task that runs a command; times in seconds."""
    cpus = Resource(
        name="cpus",
        type=Value.Type.SCALAR,
        scalar=Value.Scalar(value=1.0),
        allocation_info=None if role is None else Resource.AllocationInfo(role=role),
    )
    return TaskInfo(
        name="a task",
        task_id=TaskID(value=task_id),
        agent_id=AgentID(value="agent-1"),
        resources=(cpus,),
        command=command or CommandInfo(value="true"),
        kill_policy=None if grace is None else policy(grace),
        max_completion_time=None if completion is None else _duration(completion),
        health_check=health,
        check=check,
    )


def policy(grace_seconds: float) -> KillPolicy:
    """A kill policy."""
    return KillPolicy(grace_period=_duration(grace_seconds))


def environment(values: Mapping[str, str]) -> Environment:
    """An environment of plain values."""
    return Environment(
        variables=tuple(Environment.Variable(name=name, value=value) for name, value in values.items())
    )


def _duration(seconds: float) -> DurationInfo:
    return DurationInfo(nanoseconds=round(seconds * 1e9))
