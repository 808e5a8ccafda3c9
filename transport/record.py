"""The base of every record, and the annotation that gives a field its protobuf number.

A record is declared once::

    class AgentID(Record):
        value: Annotated[str, number(1)]

The class is the schema: msgpack and v1 JSON come from msgspec, and protobuf descriptors are built from
the numbers (DESIGN §5). Optional fields that were not set are None; repeated fields are tuples.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class FieldNumber(NamedTuple):
    """A field's place in its protobuf message, with the default protobuf gives it when it is absent."""

    number: int
    default: bool | float | str | bytes | None = None


def number(number: int, default: bool | float | str | bytes | None = None) -> FieldNumber:
    """Annotate a record's field with its protobuf number (`mesos-proto-fields.tsv`)."""
    if not 1 <= number < 2**29:
        raise ValueError(f"protobuf field number {number}: must be from 1 to 2^29-1")
    return FieldNumber(number, default)


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An immutable value with Mesos' v1 field names; compares and hashes by its fields."""
