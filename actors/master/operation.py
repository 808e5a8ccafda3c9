"""Operations on resources that are under way."""

from __future__ import annotations

from typing import Final

from transport.records.operation import Operation, OperationState
from transport.records.resources import Resources

_State = OperationState

#: States after which nothing more happens to an operation.
TERMINAL_OPERATION: Final = frozenset(
    {
        _State.OPERATION_FINISHED,
        _State.OPERATION_FAILED,
        _State.OPERATION_ERROR,
        _State.OPERATION_DROPPED,
        _State.OPERATION_GONE_BY_OPERATOR,
    }
)


class OperationEntry:
    """An operation that its agent, or its framework, has not acknowledged yet."""

    __slots__ = ("holding", "record")

    def __init__(self, record: Operation, holding: Resources) -> None:
        self.record = record
        #: What is charged to the framework until the operation is over: what it consumes, unless its outcome
        #: was taken for granted.
        self.holding = holding

    @property
    def uuid(self) -> bytes:
        """Names it between master and agent."""
        return self.record.uuid.value

    @property
    def operation_id(self) -> str | None:
        """Names it between framework and master, if the framework wants to be told."""
        return None if self.record.info.id is None else self.record.info.id.value

    @property
    def terminal(self) -> bool:
        """Whether its latest status is one that stays."""
        return self.record.latest_status.state in TERMINAL_OPERATION
