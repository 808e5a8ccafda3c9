"""What an agent says about itself, and how it is drained."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Int32, Record, number
from transport.records.domain import DomainInfo
from transport.records.enumeration import Enumeration
from transport.records.ids import AgentID
from transport.records.resource import Resource
from transport.records.time_info import DurationInfo
from transport.records.value import Attribute


class AgentInfo(Record):
    """An agent: its host, and what it has to offer."""

    class Capability(Record):
        """Something this agent can do."""

        class Type(Enumeration):
            """What the agent can do."""

            UNKNOWN = auto(), 0
            MULTI_ROLE = auto(), 1
            HIERARCHICAL_ROLE = auto(), 2
            RESERVATION_REFINEMENT = auto(), 3
            RESOURCE_PROVIDER = auto(), 4
            RESIZE_VOLUME = auto(), 5
            AGENT_OPERATION_FEEDBACK = auto(), 6
            AGENT_DRAINING = auto(), 7
            TASK_RESOURCE_LIMITS = auto(), 8

        type: Annotated[Type | None, number(1)] = None

    hostname: Annotated[str, number(1)]
    port: Annotated[Int32 | None, number(8, 5051)] = None
    resources: Annotated[tuple[Resource, ...], number(3)] = ()
    attributes: Annotated[tuple[Attribute, ...], number(5)] = ()
    id: Annotated[AgentID | None, number(6)] = None
    domain: Annotated[DomainInfo | None, number(10)] = None


class DrainState(Enumeration):
    """How far an agent is drained."""

    UNKNOWN = auto(), 0
    DRAINING = auto(), 1
    DRAINED = auto(), 2


class DrainConfig(Record):
    """How an agent is to be drained."""

    max_grace_period: Annotated[DurationInfo | None, number(1)] = None
    mark_gone: Annotated[bool | None, number(2, False)] = None


class DrainInfo(Record):
    """That an agent is being drained, and how far it is."""

    state: Annotated[DrainState, number(1)]
    config: Annotated[DrainConfig, number(2)]
