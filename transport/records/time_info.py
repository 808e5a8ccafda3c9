"""Points in time and spans of it."""

from __future__ import annotations

from typing import Annotated

from transport.record import Int64, Record, number


class TimeInfo(Record):
    """A point in time, in nanoseconds since 1970 (UTC)."""

    nanoseconds: Annotated[Int64, number(1)]


class DurationInfo(Record):
    """A span of time."""

    nanoseconds: Annotated[Int64, number(1)]


class Unavailability(Record):
    """When machines are away; without `duration` until further notice."""

    start: Annotated[TimeInfo, number(1)]
    duration: Annotated[DurationInfo | None, number(2)] = None
