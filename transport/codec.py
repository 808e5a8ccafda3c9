"""Messages to bytes and back.

A `Message` is written and read by msgspec, which validates it on the way in. A plain `dict` or `list`, for
actors that declare nothing, goes through the `msgpack` package; its type name on the wire is empty. Both obey
the limits of reliability.md §3.2, and what the reader would refuse is refused where it is sent already.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgpack
import msgspec

from transport import decoders
from transport.limits import MIB
from transport.message import Message, find_type
from transport.survey import survey

#: The type name of plain messages.
PLAIN = ""

MAX_BYTES = 8 * MIB
MAX_NESTING = 32
#: An error may quote what it is about, and that may be long.
_MAX_DETAIL = 300

# Find how an infinite or undefined float begins in msgpack, single and double.
_infinite_single = re.compile(rb"\xca[\x7f\xff][\x80-\xff]").search
_infinite_double = re.compile(rb"\xcb[\x7f\xff][\xf0-\xff]").search
# Deleting all bytes that cannot begin an array or a map bounds the nesting without parsing.
_NO_CONTAINERS = bytes(byte for byte in range(256) if not (0x80 <= byte <= 0x9F or 0xDC <= byte <= 0xDF))


class EncodeError(TypeError):
    """A message that cannot travel to another node."""


class DecodeError(ValueError):
    """Bytes that are no message; `reason` is a short fixed word to count them by."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail[:_MAX_DETAIL])
        self.reason = reason


class _Reader(NamedTuple):
    """How one message type is read."""

    decode: Callable[[bytes], Message]
    #: Its declaration bounds neither the nesting nor the kinds of values.
    open: bool
    has_floats: bool


_ENCODER = msgspec.msgpack.Encoder()
_READERS: dict[type[Message], _Reader] = {}


def encode(message: object) -> tuple[str, bytes]:
    """The type name and the bytes of a message; raises EncodeError where it could not be read again."""
    try:
        if isinstance(message, Message):
            if message.domestic:
                raise EncodeError("it stays on its node")
            reader = _READERS.get(type(message)) or _make_reader(type(message))
            type_name, payload = message.type_name, _ENCODER.encode(message)
            if reader.open or (reader.has_floats and _infinite_double(payload)):
                _check(payload)
        elif isinstance(message, (dict, list)):
            _check_plain(message)
            type_name, payload = PLAIN, msgpack.packb(message)
        else:
            raise EncodeError("must be a Message, a dict or a list")
        if len(payload) > MAX_BYTES:
            raise EncodeError(f"{len(payload)} bytes exceed {MAX_BYTES}")
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise EncodeError(f"{type(message).__qualname__} cannot be sent: {error}") from error
    return type_name, payload


def decode(type_name: str, payload: bytes, *, suspicious: bool = True) -> object:
    """The message in `payload`; raises DecodeError, and nothing else, whatever the bytes are.

    `suspicious` may be False when `may_be_infinite` was asked about more bytes that contain the payload.
    """
    if type_name == PLAIN:
        return _decode_plain(payload)
    cls = find_type(type_name)
    if cls is None:
        raise DecodeError("unknown_type", f"no message type {type_name[:80]!r}")
    reader = _READERS.get(cls) or _make_reader(cls)
    if reader.open or (suspicious and reader.has_floats and may_be_infinite(payload)):
        _check(payload)
    try:
        return reader.decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise DecodeError("malformed", f"{type_name}: {error}") from error


def may_be_infinite(payload: bytes) -> bool:
    """Whether a float in there may be undefined or infinite; false alarms are rare, and cost time only."""
    # A search for one byte is many times faster than one for a pattern.
    return (b"\xcb" in payload and _infinite_double(payload) is not None) or (
        b"\xca" in payload and _infinite_single(payload) is not None
    )


def _decode_plain(payload: bytes, *, any_key: bool = False) -> object:
    if len(payload) > MAX_BYTES:
        raise DecodeError("too_large", f"{len(payload)} bytes exceed {MAX_BYTES}")
    try:
        value = msgpack.unpackb(
            payload,
            raw=False,
            strict_map_key=not any_key,
            max_array_len=200_000,
            max_map_len=10_000,
            max_str_len=4 * MIB,
            max_ext_len=0,
            ext_hook=_refuse_extension,
        )
        if len(payload.translate(None, _NO_CONTAINERS)) > MAX_NESTING or may_be_infinite(payload):
            _check_plain(value, any_key=any_key)
    except (ValueError, TypeError, RecursionError) as error:
        raise DecodeError("malformed", f"msgpack: {type(error).__name__} {error}") from error
    return value


def _check(payload: bytes) -> None:
    """Refuse what no message may contain, where the declaration does not."""
    _decode_plain(payload, any_key=True)


def _refuse_extension(code: int, _data: bytes) -> object:
    raise ValueError(f"extension type {code} is not accepted")


def _check_plain(value: object, nesting: int = 1, *, any_key: bool = False) -> None:
    """Refuse what is nested too deeply, undefined numbers and, unless `any_key`, keys that are no text."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a finite number")
    elif isinstance(value, (dict, list, tuple)):
        if nesting > MAX_NESTING:
            raise ValueError(f"nested deeper than {MAX_NESTING}")
        if isinstance(value, dict):
            if not any_key:
                _check_keys(value)
            value = value.values()
        for item in value:
            if type(item) not in _SCALARS:
                _check_plain(item, nesting + 1, any_key=any_key)


_SCALARS = frozenset((str, int, bool, bytes, type(None)))


def _check_keys(value: dict[Any, Any]) -> None:
    for key in value:
        if not isinstance(key, (str, bytes)):
            raise TypeError(f"key {key!r} must be a str")


def _make_reader(cls: type[Message]) -> _Reader:
    found = survey(cls, MAX_NESTING)
    reader = _READERS[cls] = _Reader(decoders.of_msgpack(cls).decode, found.open, found.has_floats)
    return reader
