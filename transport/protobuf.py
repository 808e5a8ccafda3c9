"""Protobuf as Mesos' v1 API reads and writes it, for any record.

What is unset is not written. Unknown fields and unknown members of enumerations are ignored: clients may be
newer than this program. Unlike in Mesos a known field of another type is refused, not ignored.
"""

from __future__ import annotations

from functools import cache
from typing import Final, TypeVar

from transport import descriptors, protobuf_reader
from transport.limits import MIB
from transport.protobuf_wire import BYTES, written_varint
from transport.record import Record
from transport.schema import fields_of

_Record = TypeVar("_Record", bound=Record)

#: Of a message that is read, unless said otherwise.
MAX_BYTES: Final = 16 * MIB


def encode(record: Record) -> bytes:
    """Write a record."""
    return descriptors.serialize(record)


def decode(data: bytes, record: type[_Record], max_bytes: int = MAX_BYTES) -> _Record:
    """Read a record; raises ValueError naming the field and what was expected of it."""
    if len(data) > max_bytes:
        raise ValueError(f"{len(data)} bytes exceed {max_bytes}")
    try:
        return protobuf_reader.read(data, record)
    except protobuf_reader.UnusualError:
        return protobuf_reader.read(descriptors.in_order(data, record), record)


def embed(record: type[Record], name: str, encoded: bytes) -> bytes:
    """A record's field `name`, whose own record is written already; raises KeyError where there is none.

    All fields of a record, written one by one and joined, are the record: so what did not change need not be
    written again.
    """
    return heading(record, name, len(encoded)) + encoded


def heading(record: type[Record], name: str, size: int) -> bytes:
    """What stands before so many bytes that are a record's field `name`; see `embed`."""
    return _tags(record)[name] + written_varint(size)


@cache
def _tags(record: type[Record]) -> dict[str, bytes]:
    return {
        field.name: written_varint(field.number << 3 | BYTES)
        for field in fields_of(record)
        if field.declared is not None and issubclass(field.declared, Record) and field.label != "map"
    }
