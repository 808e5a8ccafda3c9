"""What only a master's v0 endpoints show: counts of tasks, executors, offers (mesos-protocol.md §5.3-5.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actors.gateway import v0
from transport.messages.viewing import OfferFact
from transport.records.command import CommandInfo
from transport.records.executor import ExecutorInfo
from transport.records.task_status import TaskState

#: The states that summaries count.
COUNTED: Final = (
    TaskState.TASK_STAGING,
    TaskState.TASK_STARTING,
    TaskState.TASK_RUNNING,
    TaskState.TASK_KILLING,
    TaskState.TASK_FINISHED,
    TaskState.TASK_KILLED,
    TaskState.TASK_FAILED,
    TaskState.TASK_LOST,
    TaskState.TASK_ERROR,
    TaskState.TASK_UNREACHABLE,
)


def counts(states: Mapping[TaskState, int]) -> dict[str, int]:
    """How many tasks are in each state."""
    return {state.value: states.get(state, 0) for state in COUNTED}


def executor(info: ExecutorInfo, framework_id: str, agent_id: str) -> dict[str, Any]:
    """An executor, and where it runs."""
    return {
        "executor_id": info.executor_id.value,
        "name": info.name or "",
        "framework_id": framework_id,
        "command": _command(info.command or CommandInfo()),
        "resources": v0.resources(info.resources),
        "slave_id": agent_id,
        **v0.traits(info, info.resources),
    }


def _command(command: CommandInfo) -> dict[str, Any]:
    found: dict[str, Any] = {
        "argv": command.arguments,
        "uris": [{"value": one.value, "executable": bool(one.executable)} for one in command.uris],
    }
    if command.shell is not None:
        found["shell"] = command.shell
    if command.value is not None:
        found["value"] = command.value
    if command.environment is not None:
        found["environment"] = v0.raw(command.environment)
    return found


def offer(fact: OfferFact) -> dict[str, Any]:
    """An outstanding offer."""
    record = fact.record
    return {
        "id": record.id.value,
        "framework_id": record.framework_id.value,
        "allocation_info": {"role": fact.role},
        "slave_id": record.agent_id.value,
        "resources": v0.resources(fact.resources),
    }
