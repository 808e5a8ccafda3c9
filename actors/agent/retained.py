"""Records that only files contain: no message carries them."""

from __future__ import annotations

from transport.record import Record
from transport.records.operation import Operation
from transport.records.resource import Resource
from transport.records.task_status import TaskStatus


class ResourceState(Record):
    """The agent's total with reservations and volumes, and the operations that are not acknowledged."""

    resources: tuple[Resource, ...]
    operations: tuple[Operation, ...] = ()


class StreamRecord(Record):
    """One step of a task's stream: an update, or the uuid of the one that was acknowledged."""

    update: TaskStatus | None = None
    acknowledged: bytes | None = None
