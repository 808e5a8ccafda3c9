"""Input and output of a process in a container, as it is streamed (mesos-protocol.md §4.3)."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.container import TTYInfo
from transport.records.enumeration import Enumeration
from transport.records.time_info import DurationInfo

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.agent"


class ProcessIO(Record):
    """One piece of a stream: data, or what is said about the stream."""

    class Type(Enumeration):
        """Which piece it is."""

        UNKNOWN = auto(), 0
        DATA = auto(), 1
        CONTROL = auto(), 2

    class Data(Record):
        """Bytes of one of the three streams; empty bytes end the input."""

        class Type(Enumeration):
            """Which stream it is."""

            UNKNOWN = auto(), 0
            STDIN = auto(), 1
            STDOUT = auto(), 2
            STDERR = auto(), 3

        type: Annotated[Type | None, number(1)] = None
        data: Annotated[bytes | None, number(2)] = None

    class Control(Record):
        """What is said about the stream."""

        class Type(Enumeration):
            """What is said."""

            UNKNOWN = auto(), 0
            TTY_INFO = auto(), 1
            HEARTBEAT = auto(), 2

        class Heartbeat(Record):
            """The connection lives; the next heartbeat comes after `interval`."""

            interval: Annotated[DurationInfo | None, number(1)] = None

        type: Annotated[Type | None, number(1)] = None
        tty_info: Annotated[TTYInfo | None, number(2)] = None
        heartbeat: Annotated[Heartbeat | None, number(3)] = None

    type: Annotated[Type | None, number(1)] = None
    data: Annotated[Data | None, number(2)] = None
    control: Annotated[Control | None, number(3)] = None
