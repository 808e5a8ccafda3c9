"""Rules for what a task may use beyond its resources."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from actors.master.agent import AgentEntry
from transport.records.agent import AgentInfo
from transport.records.resources import Resources
from transport.records.scalar import from_thousandths
from transport.records.value import Value

_LIMITED: Final = ("cpus", "mem")


def limits_error(limits: Mapping[str, Value.Scalar], resources: Resources, agent: AgentEntry) -> str | None:
    """Which rule a task's limits break, or None; an infinite limit is none."""
    if not limits:
        return None
    if not agent.capable(AgentInfo.Capability.Type.TASK_RESOURCE_LIMITS):
        return f"limits: agent {agent.id} cannot limit tasks beyond their resources"
    for name, limit in limits.items():
        if name not in _LIMITED:
            return f"limits: only cpus and mem can be limited, not {name}"
        if math.isnan(limit.value):
            return f"limits: {name} must be a number"
        requested = from_thousandths(resources.quantities[name])
        if limit.value < requested:
            return f"limits: {name} must not be less than the {requested:g} that the task requests"
    return None
