"""What an agent tells a master of itself when it registers."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from actors.agent.books import Books
from transport.messages.membership import RegisterAgent, ReregisterAgent
from transport.records.agent import AgentInfo

_Type = AgentInfo.Capability.Type

#: What Pion's agent can do.
CAPABILITIES: Final = tuple(
    AgentInfo.Capability(type=one)
    for one in (
        _Type.MULTI_ROLE,
        _Type.HIERARCHICAL_ROLE,
        _Type.RESERVATION_REFINEMENT,
        _Type.RESIZE_VOLUME,
        _Type.AGENT_OPERATION_FEEDBACK,
        _Type.AGENT_DRAINING,
        _Type.TASK_RESOURCE_LIMITS,
    )
)


def registration(books: Books, version: str) -> RegisterAgent | ReregisterAgent:
    """RegisterAgent for an agent without an id; else all that runs here, or ran and is not acknowledged."""
    total = tuple(books.total)
    if books.info.id is None:
        return RegisterAgent(books.info, version, total, CAPABILITIES)
    frameworks = [one for one in books.frameworks.values() if not one.terminating]
    return ReregisterAgent(
        books.info,
        version,
        total,
        CAPABILITIES,
        frameworks=tuple(framework.info for framework in frameworks),
        executors=tuple(
            replace(executor.info, framework_id=framework.info.id)
            for framework in frameworks
            for executor in framework.executors.values()
            if not executor.generated and not executor.over
        ),
        tasks=tuple(task.durable() for framework in frameworks for task in framework.tasks.values()),
        operations=tuple(one.record for one in books.operations.values() if one.record is not None),
        drain_config=books.drain,
    )
