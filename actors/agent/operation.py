"""An operation as its agent keeps it."""

from __future__ import annotations

from actors.system import Timer
from transport.records.operation import Operation, OperationStatus


class OperationEntry:
    """An operation whose update is not acknowledged; without a record it is one that never came here."""

    __slots__ = ("framework_id", "record", "saved", "status", "timer", "uuid")

    def __init__(
        self, uuid: bytes, framework_id: str | None, status: OperationStatus, record: Operation | None = None
    ) -> None:
        self.uuid = uuid
        #: None for an operator's.
        self.framework_id = framework_id
        self.status = status
        self.record = record
        #: It is durable, and may be told of.
        self.saved = False
        #: When it is told again.
        self.timer: Timer | None = None

    def cancel(self) -> None:
        """Tell it no more."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
