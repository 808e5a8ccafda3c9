"""The parts of protobuf's messages, and what is wrong with them."""

from __future__ import annotations

import math
import struct

import pytest

from transport.protobuf_wire import (
    BYTES,
    FIXED32,
    FIXED64,
    GROUP,
    GROUP_END,
    VARINT,
    ProtobufError,
    Read,
    read_bool,
    read_bytes,
    read_double,
    read_size,
    read_text,
    signed,
    skip,
    unsigned,
    written_varint,
)


def value_of(read: Read, data: bytes) -> object:
    value, after = read(data + b"\0", 0, len(data), 0)
    assert after == len(data)
    return value


@pytest.mark.parametrize(
    ("read", "data", "expected"),
    [
        (unsigned(32), b"\x00", 0),
        (unsigned(32), b"\xac\x02", 300),
        (unsigned(32), b"\xac\x82\x00", 300),
        (unsigned(32), b"\xff\xff\xff\xff\x1f", 2**32 - 1),
        (unsigned(64), b"\xff" * 9 + b"\x01", 2**64 - 1),
        (unsigned(64), b"\xff" * 9 + b"\x7f", 2**64 - 1),
        (signed(32), b"\xff" * 9 + b"\x01", -1),
        (signed(32), b"\xff\xff\xff\xff\x07", 2**31 - 1),
        (signed(64), b"\x80" * 9 + b"\x01", -(2**63)),
        (read_bool, b"\x00", False),
        (read_bool, b"\x80\x01", True),
        (read_bytes, b"\x02\xff\x00", b"\xff\x00"),
        (read_bytes, b"\x00", b""),
        (read_bytes, b"\x80\x01" + b"x" * 128, b"x" * 128),
        (read_text, b"\x03\xc3\xbcx", "üx"),
        (read_double, struct.pack("<d", -2.5), -2.5),
        (read_double, struct.pack("<d", math.inf), math.inf),
    ],
)
def test_values_are_read(read: Read, data: bytes, expected: object) -> None:
    assert value_of(read, data) == expected


@pytest.mark.parametrize(
    ("read", "data", "rule"),
    [
        (unsigned(32), b"", "truncated"),
        (unsigned(32), b"\x80", "truncated"),
        (unsigned(64), b"\x80" * 10 + b"\x01", "too long"),
        (read_bool, b"\xff", "truncated"),
        (read_bytes, b"", "truncated"),
        (read_bytes, b"\x03ab", "truncated"),
        (read_bytes, b"\xff\xff\xff\xff\x7f", "out of range"),
        (read_bytes, b"\x82\x80\x80\x80\x80\x00ab", "too long"),
        (read_text, b"\x01\xff", "UTF-8"),
        (read_text, b"\x03\xed\xa0\x80", "UTF-8"),
        (read_double, b"\0" * 7, "truncated"),
        (read_double, struct.pack("<d", math.nan), "NaN"),
    ],
)
def test_what_cannot_be_read_is_refused(read: Read, data: bytes, rule: str) -> None:
    with pytest.raises(ProtobufError, match=rule):
        read(data + b"\0", 0, len(data), 0)


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**32 - 1])
def test_a_size_that_was_written_is_read_again(value: int) -> None:
    written = written_varint(value)
    assert read_size(written, 0, len(written)) == (value, len(written))


def tag(number: int, wire_type: int) -> bytes:
    return written_varint(number << 3 | wire_type)


@pytest.mark.parametrize(
    ("wire_type", "data"),
    [
        (VARINT, b"\x80\x01"),
        (FIXED64, b"12345678"),
        (BYTES, b"\x02ab"),
        (FIXED32, b"1234"),
        (GROUP, tag(9, GROUP_END)),
        (GROUP, tag(1, VARINT) + b"\x05" + tag(2, GROUP) + tag(2, GROUP_END) + tag(9, GROUP_END)),
    ],
)
def test_what_is_not_known_is_skipped(wire_type: int, data: bytes) -> None:
    assert skip(9 << 3 | wire_type, data + b"\0", 0, len(data)) == len(data)


@pytest.mark.parametrize(
    ("number", "wire_type", "data", "rule"),
    [
        (0, VARINT, b"\x01", "Expected a field, got number 0 of wire type 0"),
        (9, 6, b"\x01", "wire type 6"),
        (9, GROUP_END, b"", "wire type 4"),
        (9, VARINT, b"\x80", "truncated"),
        (9, FIXED64, b"1234567", "truncated"),
        (9, FIXED32, b"123", "truncated"),
        (9, BYTES, b"\x02a", "truncated"),
        (9, GROUP, b"", "truncated"),
        (9, GROUP, tag(8, GROUP_END), "wire type 4"),
        (9, GROUP, tag(9, GROUP) * 100, "nested too deeply"),
    ],
)
def test_what_cannot_be_skipped_is_refused(number: int, wire_type: int, data: bytes, rule: str) -> None:
    with pytest.raises(ProtobufError, match=rule):
        skip(number << 3 | wire_type, data + b"\0", 0, len(data))


def test_an_error_tells_the_rule_and_the_path() -> None:
    error = ProtobufError("Expected a number")
    assert str(error) == "Expected a number"
    error.within(".value")
    error.within(".offers[3]")
    assert str(error) == "Expected a number - at `$.offers[3].value`"
