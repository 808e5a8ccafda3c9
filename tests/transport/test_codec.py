"""Messages to bytes and back, and what is refused on either side."""

from __future__ import annotations

import math
import struct
from typing import Annotated

import msgpack
import msgspec
import pytest

from transport.codec import MAX_BYTES, PLAIN, DecodeError, EncodeError, decode, encode
from transport.message import Message
from transport.pid import Pid


class Measure(Message):
    value: float
    unit: str = ""
    count: Annotated[int, msgspec.Meta(ge=0)] = 0


class Anything(Message):
    content: dict[str, object]


class ByNumber(Message):
    names: dict[int, object]


class Branch(msgspec.Struct, frozen=True):
    branches: tuple[Branch, ...] = ()


class Tree(Message):
    root: Branch


class Parcel(Message):
    data: bytes
    sender: Pid | None = None


def nested(levels: int) -> list[object]:
    value: list[object] = []
    for _ in range(levels - 1):
        value = [value]
    return value


def branches(levels: int) -> Branch:
    branch = Branch()
    for _ in range(levels):
        branch = Branch((branch,))
    return branch


@pytest.mark.parametrize(
    "message",
    [
        Measure(1.5, "cpus", 3),
        Measure(-1.7e308),
        Anything({"a": [1, 2.5, None, True, "text", b"bytes", {"b": {}}]}),
        ByNumber({1: "one", 2: [2.0]}),
        Tree(branches(5)),
        Parcel(bytes(range(256)) * 8, Pid("a", "h", 1, 2)),
        {"a": {"b": [1, -1, 2**64 - 1, -(2**63), 0.1, None, True, "", b""]}},
        [],
        ["ü€😀", nested(20)],
    ],
)
def test_a_message_is_read_as_it_was_written(message: object) -> None:
    type_name, payload = encode(message)
    assert decode(type_name, payload) == message


def test_plain_messages_have_no_type_name() -> None:
    assert encode({})[0] == PLAIN == encode([])[0]


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        ("text", "must be a Message, a dict or a list"),
        (None, "must be a Message, a dict or a list"),
        (Branch(), "must be a Message, a dict or a list"),
        (Measure(math.nan), "nan is not a finite number"),
        (Measure(math.inf), "inf is not a finite number"),
        (Anything({"a": [-math.inf]}), "-inf is not a finite number"),
        (Anything({"a": nested(40)}), "nested deeper than 32"),
        (Tree(branches(40)), "nested deeper than 32"),
        (Anything({"a": object()}), "unsupported"),
        ({"a": math.nan}, "nan is not a finite number"),
        ({1: "one"}, "key 1 must be a str"),
        ({"a": {2, 3}}, "set"),
        ([2**64], "out of range"),
        (["\ud800"], "surrogates not allowed"),
        (nested(33), "nested deeper than 32"),
        ([b"x" * MAX_BYTES], f"exceed {MAX_BYTES}"),
        (Parcel(b"x" * MAX_BYTES), f"exceed {MAX_BYTES}"),
    ],
)
def test_what_could_not_be_read_is_refused_where_it_is_sent(message: object, rule: str) -> None:
    with pytest.raises(EncodeError, match=rule) as caught:
        encode(message)
    assert type(message).__qualname__ in str(caught.value)
    assert isinstance(caught.value, TypeError)


def test_a_list_that_holds_itself_is_refused() -> None:
    message: list[object] = []
    message.append(message)
    with pytest.raises(EncodeError, match="nested deeper"):
        encode(message)


#: Bytes that are no message of any type.
LIES = {
    "nothing": b"",
    "array of 4 billion": b"\xdd\xff\xff\xff\xff",
    "map of 4 billion": b"\xdf\xff\xff\xff\xff",
    "text of 4 gigabytes": b"\xdb\xff\xff\xff\xff",
    "bytes of 4 gigabytes": b"\xc6\xff\xff\xff\xff",
    "extension": b"\xd5\x05ab",
    "timestamp": b"\xd6\xff\x00\x00\x00\x00",
    "nested 33 times": b"\x91" * 33 + b"\x01",
    "nested 600 times": b"\x91" * 600 + b"\x01",
    "nested 5,000 times": b"\x91" * 5_000 + b"\x01",
    "nested 1,000,000 times": b"\x91" * 1_000_000 + b"\x01",
    "maps nested 1,000,000 times": b"\x81\xa1a" * 1_000_000,
    "bytes after the end": b"\x90\x90",
    "the byte that msgpack never uses": b"\xc1",
    "key that is a list": b"\x81\x90\x01",
    "key that is a number": b"\x81\x01\x01",
    "text that is not UTF-8": b"\x91\xa2\xff\xfe",
    "undefined double": b"\x91\xcb" + struct.pack(">d", math.nan),
    "infinite double": b"\x91\xcb" + struct.pack(">d", -math.inf),
    "undefined single": b"\x91\xca" + struct.pack(">f", math.nan),
    "infinite single": b"\x91\xca" + struct.pack(">f", math.inf),
    "cut short": b"\x92\x01",
}


@pytest.mark.parametrize("payload", LIES.values(), ids=LIES.keys())
@pytest.mark.parametrize(
    "type_name", [PLAIN, "test_codec.Measure", "test_codec.Anything", "test_codec.Tree", "test_codec.Parcel"]
)
def test_bytes_that_lie_are_refused(type_name: str, payload: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(type_name, payload)
    assert caught.value.reason == "malformed"


@pytest.mark.parametrize("payload", LIES.values(), ids=LIES.keys())
def test_lies_are_refused_within_a_field_too(payload: bytes) -> None:
    for type_name, field in (
        ("test_codec.Anything", b"content"),
        ("test_codec.Measure", b"value"),
        ("test_codec.Tree", b"root"),
    ):
        with pytest.raises(DecodeError):
            decode(type_name, b"\x81" + bytes([0xA0 + len(field)]) + field + payload)


def test_deep_nonsense_in_an_unknown_field_is_harmless() -> None:
    good = msgpack.packb({"value": 1.0, "unknown": None})
    assert decode("test_codec.Measure", good) == Measure(1.0)
    with pytest.raises(DecodeError):
        decode("test_codec.Measure", good[:-1] + b"\x91" * 1_000_000 + b"\x01")


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({"value": "1"}, r"\$.value"),
        ({"value": 1.0, "unit": 5}, r"\$.unit"),
        ({"value": 1.0, "count": -1}, r"\$.count"),
        ({}, "missing required field `value`"),
    ],
)
def test_a_field_that_is_wrong_is_named(content: dict[str, object], path: str) -> None:
    with pytest.raises(DecodeError, match=path):
        decode("test_codec.Measure", msgpack.packb(content))


@pytest.mark.parametrize("single", [0.0, 1.5, 3.4e38, -3.4e38])
def test_singles_of_other_writers_are_read(single: float) -> None:
    payload = b"\x81\xa5value\xca" + struct.pack(">f", single)
    assert decode("test_codec.Measure", payload) == Measure(struct.unpack(">f", struct.pack(">f", single))[0])


def test_text_that_looks_like_an_undefined_float_is_only_text() -> None:
    lookalike = b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00\xca\x7f\xff"
    for message in (Parcel(lookalike), {"data": lookalike, "value": 1.0}, Anything({"a": lookalike})):
        assert decode(*encode(message)) == message


def test_an_error_does_not_quote_at_length() -> None:
    with pytest.raises(DecodeError) as caught:
        decode(Measure.type_name, msgpack.packb({"value": 1.0, "count": "x" * 100_000}))
    assert len(str(caught.value)) <= 300
    with pytest.raises(DecodeError) as caught:
        decode("T" * 100_000, b"\x80")
    assert len(str(caught.value)) <= 300


def test_an_unknown_type_has_a_reason_of_its_own() -> None:
    with pytest.raises(DecodeError, match="'NoSuchType'") as caught:
        decode("NoSuchType", b"\x80")
    assert caught.value.reason == "unknown_type"


def test_too_large_a_plain_message_is_refused() -> None:
    with pytest.raises(DecodeError) as caught:
        decode(PLAIN, b"\xc0" * (MAX_BYTES + 1))
    assert caught.value.reason == "too_large"


def test_a_type_declared_again_is_read_as_the_newer_one() -> None:
    def declare(default: int) -> type[Message]:
        class Again(Message):
            type_name = "test_codec.Again"
            number: int = default

        return Again

    older = declare(1)
    assert decode(*encode(older())) == older()
    newer = declare(2)
    assert decode("test_codec.Again", b"\x80") == newer()
