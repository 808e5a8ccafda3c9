"""What an executor tells its agent: the calls of the v1 executor API (mesos-protocol.md §3.2)."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.enumeration import Enumeration
from transport.records.ids import ExecutorID, FrameworkID
from transport.records.task import TaskInfo
from transport.records.task_status import TaskStatus

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.executor"


class Call(Record):
    """One call; the field of its `type` says the rest."""

    class Type(Enumeration):
        """What is told."""

        UNKNOWN = auto(), 0
        SUBSCRIBE = auto(), 1
        UPDATE = auto(), 2
        MESSAGE = auto(), 3
        HEARTBEAT = auto(), 4

    class Subscribe(Record):
        """Open the stream of events; what was launched and updated but not yet confirmed is told again."""

        unacknowledged_tasks: Annotated[tuple[TaskInfo, ...], number(1)] = ()
        unacknowledged_updates: Annotated[tuple[Call.Update, ...], number(2)] = ()

    class Update(Record):
        """A status of a task."""

        status: Annotated[TaskStatus, number(1)]

    class Message(Record):
        """Pass data on to the scheduler; it may get lost."""

        data: Annotated[bytes, number(2)]

    executor_id: Annotated[ExecutorID, number(1)]
    framework_id: Annotated[FrameworkID, number(2)]
    type: Annotated[Type | None, number(3)] = None
    subscribe: Annotated[Subscribe | None, number(4)] = None
    update: Annotated[Update | None, number(5)] = None
    message: Annotated[Message | None, number(6)] = None
