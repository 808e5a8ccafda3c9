"""Operations on resources that are under way."""

from __future__ import annotations

from typing import ClassVar

from actors.master.changes import Entry
from transport.records.operation import TERMINAL_OPERATION, Operation
from transport.records.resources import Resources


class OperationEntry(Entry):
    """An operation that its agent, or its framework, has not acknowledged yet."""

    __slots__ = ("holding", "record")

    shown: ClassVar[frozenset[str]] = frozenset(__slots__)

    def __init__(self, record: Operation, holding: Resources) -> None:
        super().__init__()
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
