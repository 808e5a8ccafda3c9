"""The executor that an agent makes up for a command task, and whose user an executor runs as."""

from __future__ import annotations

from typing import Final

from transport.records.command import CommandInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import ExecutorID, FrameworkID
from transport.records.resource import Resource
from transport.records.task import TaskInfo
from transport.records.time_info import DurationInfo
from transport.records.value import Value

_SECOND: Final = 10**9
#: What a command executor takes beside its task (mesos-protocol.md §3.6).
_CPUS: Final = 0.1
_MEM: Final = 32.0
#: Characters of the command that the executor's name shows.
_SHOWN: Final = 12


def command_executor(task: TaskInfo, framework_id: FrameworkID) -> ExecutorInfo:
    """The executor of a command task (mesos-protocol.md §3.6)."""
    assert task.command is not None
    return ExecutorInfo(
        type=ExecutorInfo.Type.CUSTOM,
        executor_id=ExecutorID(value=task.task_id.value),
        framework_id=framework_id,
        command=CommandInfo(
            uris=task.command.uris,
            environment=task.command.environment,
            user=task.command.user,
        ),
        container=task.container,
        resources=_resources(task),
        name=f"Command Executor (Task: {task.task_id.value}) (Command: {_shown(task.command)})",
        source=task.task_id.value,
        discovery=task.discovery,
        shutdown_grace_period=_grace_period(task),
        labels=task.labels,
    )


def executor_user(executor: ExecutorInfo, framework: FrameworkInfo, *, switch_user: bool) -> str | None:
    """Whose user the executor's processes run as; None: the agent's."""
    if not switch_user:
        return None
    named = executor.command.user if executor.command is not None else None
    return named or framework.user or None


def _resources(task: TaskInfo) -> tuple[Resource, ...]:
    allocation = task.resources[0].allocation_info if task.resources else None
    return tuple(
        Resource(
            name=name,
            type=Value.Type.SCALAR,
            scalar=Value.Scalar(value=amount),
            allocation_info=allocation,
        )
        for name, amount in (("cpus", _CPUS), ("mem", _MEM))
    )


def _grace_period(task: TaskInfo) -> DurationInfo | None:
    """The task's own, a second to see its end and a second to tell of it."""
    if task.kill_policy is None or task.kill_policy.grace_period is None:
        return None
    return DurationInfo(nanoseconds=task.kill_policy.grace_period.nanoseconds + 2 * _SECOND)


def _shown(command: CommandInfo) -> str:
    if command.shell is False:
        words = " ".join((command.value or "", *command.arguments))
        return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}..."
    text = command.value or ""
    return f"sh -c '{text}'" if len(text) <= _SHOWN else f"sh -c '{text[:_SHOWN]}...'"
