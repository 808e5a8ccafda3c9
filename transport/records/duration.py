"""The span of time that protobuf itself declares; Mesos uses it in one place, DRAIN_AGENT."""

from __future__ import annotations

from typing import Annotated, Self

from transport.durations import parse_nanoseconds
from transport.record import Int32, Int64, Record, number

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "google.protobuf"


class Duration(Record):
    """Seconds and nanoseconds, both of the same sign; JSON may give text instead, as `10mins`."""

    seconds: Annotated[Int64 | None, number(1)] = None
    nanos: Annotated[Int32 | None, number(2)] = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number and a unit (mesos-protocol.md §1.2); raises ValueError."""
        nanoseconds = parse_nanoseconds(text)
        seconds, nanos = divmod(abs(nanoseconds), 10**9)
        sign = -1 if nanoseconds < 0 else 1
        return cls(seconds=sign * seconds, nanos=sign * nanos)
