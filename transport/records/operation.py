"""Offer operations under way, and what became of them."""

from __future__ import annotations

from enum import auto
from typing import Annotated, Final

from transport.record import Record, number
from transport.records.enumeration import Enumeration
from transport.records.ids import UUID, AgentID, FrameworkID, OperationID, ResourceProviderID
from transport.records.offer import Offer
from transport.records.resource import Resource


class OperationState(Enumeration):
    """How far an operation is."""

    OPERATION_UNSUPPORTED = auto(), 0
    OPERATION_PENDING = auto(), 1
    OPERATION_FINISHED = auto(), 2
    OPERATION_FAILED = auto(), 3
    OPERATION_ERROR = auto(), 4
    OPERATION_DROPPED = auto(), 5
    OPERATION_UNREACHABLE = auto(), 6
    OPERATION_GONE_BY_OPERATOR = auto(), 7
    OPERATION_RECOVERING = auto(), 8
    OPERATION_UNKNOWN = auto(), 9


#: States after which nothing more happens to an operation.
TERMINAL_OPERATION: Final = frozenset(
    {
        OperationState.OPERATION_FINISHED,
        OperationState.OPERATION_FAILED,
        OperationState.OPERATION_ERROR,
        OperationState.OPERATION_DROPPED,
        OperationState.OPERATION_GONE_BY_OPERATOR,
    }
)


class OperationStatus(Record):
    """What an operation has come to."""

    operation_id: Annotated[OperationID | None, number(1)] = None
    state: Annotated[OperationState, number(2)]
    message: Annotated[str | None, number(3)] = None
    converted_resources: Annotated[tuple[Resource, ...], number(4)] = ()
    uuid: Annotated[UUID | None, number(5)] = None
    agent_id: Annotated[AgentID | None, number(6)] = None
    resource_provider_id: Annotated[ResourceProviderID | None, number(7)] = None


class Operation(Record):
    """An operation that changes resources, on its way from the master to its agent and back."""

    framework_id: Annotated[FrameworkID | None, number(1)] = None
    agent_id: Annotated[AgentID | None, number(2)] = None
    info: Annotated[Offer.Operation, number(3)]
    latest_status: Annotated[OperationStatus, number(4)]
    statuses: Annotated[tuple[OperationStatus, ...], number(5)] = ()
    uuid: Annotated[UUID, number(6)]
