"""The span of time that protobuf itself declares; Mesos uses it in one place, DRAIN_AGENT."""

from __future__ import annotations

from typing import Annotated

from transport.record import Int32, Int64, Record, number

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "google.protobuf"


class Duration(Record):
    """Seconds and nanoseconds, both of the same sign; JSON may give text instead, as `10mins`."""

    seconds: Annotated[Int64 | None, number(1)] = None
    nanos: Annotated[Int32 | None, number(2)] = None
