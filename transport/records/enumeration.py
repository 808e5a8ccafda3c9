"""The base of every protobuf enumeration."""

from __future__ import annotations

from enum import Enum
from typing import Self


class Enumeration(Enum):
    """A member's value is its protobuf name, so JSON and msgpack show names; `number` is for protobuf.

    Members are declared with the number of the .proto file (`mesos-proto-enums.tsv`)::

        class DrainState(Enumeration):
            UNKNOWN = auto(), 0
    """

    _value_: str
    number: int

    def __new__(cls, name: str, number: int) -> Self:
        """Keep the number beside the name."""
        member = object.__new__(cls)
        member._value_ = name
        member.number = number
        return member

    # Members are single objects; hashing their names each time is slow where states are looked up.
    __hash__ = object.__hash__

    @staticmethod
    def _generate_next_value_(name: str, *_: object) -> str:
        return name
