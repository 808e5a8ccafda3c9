"""The span of time that protobuf itself declares; Mesos uses it in one place, DRAIN_AGENT."""

from __future__ import annotations

import re
from typing import Annotated, Final, Self

from transport.record import Int32, Int64, Record, number

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "google.protobuf"


_UNITS_NANOSECONDS: Final = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "secs": 10**9,
    "mins": 60 * 10**9,
    "hrs": 3_600 * 10**9,
    "days": 86_400 * 10**9,
    "weeks": 604_800 * 10**9,
}
_TEXT: Final = re.compile(r"(-?)(\d{1,18})(?:\.(\d{1,18}))?([a-z]+)", re.ASCII)


class Duration(Record):
    """Seconds and nanoseconds, both of the same sign; JSON may give text instead, as `10mins`."""

    seconds: Annotated[Int64 | None, number(1)] = None
    nanos: Annotated[Int32 | None, number(2)] = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number and a unit (mesos-protocol.md §1.2); raises ValueError."""
        match = _TEXT.fullmatch(text)
        if match is None or match[4] not in _UNITS_NANOSECONDS:
            raise ValueError(f"duration {text[:80]!r}: must be a number and a unit, as in 10mins")
        fraction = match[3] or ""
        digits = int(match[2] + fraction) * _UNITS_NANOSECONDS[match[4]] // 10 ** len(fraction)
        seconds, nanos = divmod(digits, 10**9)
        sign = -1 if match[1] else 1
        return cls(seconds=sign * seconds, nanos=sign * nanos)
