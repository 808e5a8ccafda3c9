"""What protobuf's messages are made of: numbers, bytes, and what stands between them.

Every reader is given all the data, where to begin and where the message around it ends, and returns the value
and where to go on; all raise ProtobufError. The data has one byte more than the outermost message has: so the
first byte of anything can be looked at before it is known whether it counts.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any, Final

#: Reads one value; the last argument is how many messages may still be within each other.
Read = Callable[[bytes, int, int, int], tuple[Any, int]]

VARINT, FIXED64, BYTES, GROUP, GROUP_END, FIXED32 = range(6)
WIRE_TYPES: Final = ("varint", "64 bits", "bytes", "group", "end of a group", "32 bits", "type 6", "type 7")

#: In bytes: of a number, and of a size or a tag.
_LONGEST_NUMBER: Final = 10
_LONGEST_SIZE: Final = 5
_MOST_GROUPS: Final = 64
_unpack_double = struct.Struct("<d").unpack_from


class ProtobufError(ValueError):
    """Bytes that are no such message: the rule they break, and where."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self._path = ""

    def within(self, step: str) -> None:
        """Tell the field that the fault is in; the innermost comes first."""
        self._path = f"{step}{self._path}"

    def __str__(self) -> str:
        """The rule and the path."""
        return f"{self.args[0]} - at `${self._path}`" if self._path else str(self.args[0])


def read_size(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A size or a tag: a number of 32 bits at most."""
    value, after = _read_varint(data, at, min(end, at + _LONGEST_SIZE))
    if value >= 2**32:
        raise ProtobufError("Number out of range")
    return value, after


def read_span(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where that begins and ends which stands behind its size."""
    size = data[at]
    at += 1
    if size > 127:
        size, at = read_size(data, at - 1, end)
    stop = at + size
    if stop > end:
        raise ProtobufError("Input data was truncated")
    return at, stop


def read_bytes(data: bytes, at: int, end: int, _nesting: int) -> tuple[bytes, int]:
    """Bytes behind their size."""
    at, stop = read_span(data, at, end)
    return data[at:stop], stop


def read_text(data: bytes, at: int, end: int, _nesting: int) -> tuple[str, int]:
    """Text behind its size."""
    at, stop = read_span(data, at, end)
    try:
        return str(data[at:stop], "utf-8"), stop
    except UnicodeDecodeError:
        raise ProtobufError("Invalid UTF-8") from None


def read_double(data: bytes, at: int, end: int, _nesting: int) -> tuple[float, int]:
    """A number of eight bytes; one that is undefined is refused."""
    if at + 8 > end:
        raise ProtobufError("Input data was truncated")
    (value,) = _unpack_double(data, at)
    if math.isnan(value):
        raise ProtobufError("Expected a number, got NaN")
    return value, at + 8


def unsigned(bits: int) -> Read:
    """Reads an integer of so many bits; what it has more is dropped, as everywhere in protobuf."""
    mask = 2**bits - 1

    def read(data: bytes, at: int, end: int, _nesting: int) -> tuple[int, int]:
        value, at = _read_varint(data, at, min(end, at + _LONGEST_NUMBER))
        return value & mask, at

    return read


def signed(bits: int) -> Read:
    """Reads an integer of so many bits that may be negative."""
    mask, half = 2**bits - 1, 2 ** (bits - 1)

    def read(data: bytes, at: int, end: int, _nesting: int) -> tuple[int, int]:
        value, at = _read_varint(data, at, min(end, at + _LONGEST_NUMBER))
        return ((value & mask) ^ half) - half, at

    return read


def read_bool(data: bytes, at: int, end: int, _nesting: int) -> tuple[bool, int]:
    """A truth value."""
    value, at = _read_varint(data, at, min(end, at + _LONGEST_NUMBER))
    return value & (2**64 - 1) != 0, at


def skip(tag: int, data: bytes, at: int, end: int, nesting: int = _MOST_GROUPS) -> int:
    """Where a field goes on that nobody knows."""
    number, wire_type = tag >> 3, tag & 7
    if not number or wire_type > FIXED32 or wire_type == GROUP_END:
        raise ProtobufError(f"Expected a field, got number {number} of wire type {wire_type}")
    if wire_type == VARINT:
        return _read_varint(data, at, min(end, at + _LONGEST_NUMBER))[1]
    if wire_type == BYTES:
        return read_bytes(data, at, end, 0)[1]
    if wire_type == GROUP:
        return _skip_group(number, data, at, end, nesting)
    after = at + (8 if wire_type == FIXED64 else 4)
    if after > end:
        raise ProtobufError("Input data was truncated")
    return after


def _skip_group(number: int, data: bytes, at: int, end: int, nesting: int) -> int:
    if not nesting:
        raise ProtobufError("Groups are nested too deeply")
    while True:
        tag, at = read_size(data, at, end)
        if tag == number << 3 | GROUP_END:
            return at
        at = skip(tag, data, at, end, nesting - 1)


def written_varint(value: int) -> bytes:
    """A number that is not negative, as it is written."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def _read_varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    value = data[at]
    if value < 128 and at < end:
        return value, at + 1
    value = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise ProtobufError("Input data was truncated, or a number is too long")
