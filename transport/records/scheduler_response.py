"""Answers to single calls of a scheduler; no master sends them any more."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, UInt32, number
from transport.records.enumeration import Enumeration
from transport.records.operation import OperationStatus

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.scheduler"


class Response(Record):
    """The answer to one call."""

    class Type(Enumeration):
        """Which call was answered."""

        UNKNOWN = auto(), 0
        RECONCILE_OPERATIONS = auto(), 1

    class ReconcileOperations(Record):
        """Statuses of operations; they come as events instead."""

        operation_statuses: Annotated[tuple[OperationStatus, ...], number(1, deprecated=True)] = ()

    type: Annotated[Type | None, number(1)] = None
    reconcile_operations: Annotated[ReconcileOperations | None, number(2, deprecated=True)] = None


class APIResult(Record):
    """How a call went, for schedulers that see no HTTP."""

    status_code: Annotated[UInt32, number(1)]
    response: Annotated[Response | None, number(2)] = None
    error: Annotated[str | None, number(3)] = None
