"""What a resource or an attribute holds: a number, ranges of integers, a set of words or a text."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, UInt64, number
from transport.records.enumeration import Enumeration


class Value(Record):
    """A value of one of four types; only the field of its `type` is set."""

    class Type(Enumeration):
        """Which field holds the value."""

        SCALAR = auto(), 0
        RANGES = auto(), 1
        SET = auto(), 2
        TEXT = auto(), 3

    class Scalar(Record):
        """A number; Mesos counts in thousandths of it (mesos-protocol.md §9.3)."""

        value: Annotated[float, number(1)]

    class Range(Record):
        """The integers from `begin` to `end`, both included."""

        begin: Annotated[UInt64, number(1)]
        end: Annotated[UInt64, number(2)]

    class Ranges(Record):
        """Ranges of integers."""

        range: Annotated[tuple[Value.Range, ...], number(1)] = ()

    class Set(Record):
        """Distinct words."""

        item: Annotated[tuple[str, ...], number(1)] = ()

    class Text(Record):
        """A text; attributes only."""

        value: Annotated[str, number(1)]

    type: Annotated[Type, number(1)]
    scalar: Annotated[Scalar | None, number(2)] = None
    ranges: Annotated[Ranges | None, number(3)] = None
    set: Annotated[Set | None, number(4)] = None
    text: Annotated[Text | None, number(5)] = None


class Attribute(Record):
    """What an agent says about its host, for frameworks to choose by."""

    name: Annotated[str, number(1)]
    type: Annotated[Value.Type, number(2)]
    scalar: Annotated[Value.Scalar | None, number(3)] = None
    ranges: Annotated[Value.Ranges | None, number(4)] = None
    set: Annotated[Value.Set | None, number(6)] = None
    text: Annotated[Value.Text | None, number(5)] = None
