"""Messages to bytes and back.

A `Message` is written and read by msgspec, which validates it on the way in. A plain `dict` or `list`, for
actors that declare nothing, goes through the `msgpack` package; its type name on the wire is empty. Both obey
the limits of reliability.md §3.2, and what the reader would refuse is refused where it is sent already.
"""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

import msgpack
import msgspec
from msgspec import inspect

from transport.limits import MIB
from transport.message import Message, find_type

#: The type name of plain messages.
PLAIN = ""

MAX_BYTES = 8 * MIB
MAX_NESTING = 32

# The head of an infinite or undefined float in msgpack, single and double.
_NOT_FINITE = re.compile(rb"\xca[\x7f\xff][\x80-\xff]|\xcb[\x7f\xff][\xf0-\xff]", re.DOTALL)
# Deleting all bytes that cannot begin an array or a map bounds the nesting without parsing.
_NO_CONTAINERS = bytes(byte for byte in range(256) if not (0x80 <= byte <= 0x9F or 0xDC <= byte <= 0xDF))


class EncodeError(TypeError):
    """A message that cannot travel to another node."""


class DecodeError(ValueError):
    """Bytes that are no message; `reason` is a short fixed word to count them by."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class _Reader(NamedTuple):
    """How one message type is read."""

    decoder: msgspec.msgpack.Decoder[Message]
    #: Its declaration bounds neither nesting nor kinds of values, so the bytes are looked at first.
    open: bool
    has_floats: bool


_ENCODER = msgspec.msgpack.Encoder()
_READERS: dict[type[Message], _Reader] = {}


def encode(message: object) -> tuple[str, bytes]:
    """The type name and the bytes of a message; raises EncodeError where it could not be read again."""
    if not isinstance(message, (Message, dict, list)):
        raise _cannot_send(message, "must be a Message, a dict or a list")
    try:
        if isinstance(message, Message):
            type_name, payload = message.type_name, _ENCODER.encode(message)
            _check_floats(payload)
        else:
            _check_plain(message)
            type_name, payload = PLAIN, msgpack.packb(message)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _cannot_send(message, str(error)) from error
    if len(payload) > MAX_BYTES:
        raise _cannot_send(message, f"{len(payload)} bytes exceed {MAX_BYTES}")
    return type_name, payload


def _cannot_send(message: object, rule: str) -> EncodeError:
    return EncodeError(f"{type(message).__qualname__} cannot be sent: {rule}")


def decode(type_name: str, payload: bytes | memoryview) -> object:
    """The message in `payload`; raises DecodeError, and nothing else, whatever the bytes are."""
    if type_name == PLAIN:
        return _decode_plain(payload)
    cls = find_type(type_name)
    if cls is None:
        raise DecodeError("unknown_type", f"no message type {type_name[:80]!r}")
    reader = _READERS.get(cls) or _make_reader(cls)
    if reader.open or (reader.has_floats and _NOT_FINITE.search(payload)):
        _decode_plain(payload)
    try:
        return reader.decoder.decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise DecodeError("malformed", f"{type_name}: {error}") from error


def _decode_plain(payload: bytes | memoryview) -> object:
    if len(payload) > MAX_BYTES:
        raise DecodeError("too_large", f"{len(payload)} bytes exceed {MAX_BYTES}")
    try:
        value = msgpack.unpackb(
            payload,
            raw=False,
            strict_map_key=True,
            max_array_len=200_000,
            max_map_len=10_000,
            max_str_len=4 * MIB,
            max_ext_len=0,
            ext_hook=_refuse_extension,
        )
        if len(bytes(payload).translate(None, _NO_CONTAINERS)) > MAX_NESTING or _NOT_FINITE.search(payload):
            _check_plain(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise DecodeError("malformed", f"plain message: {error}") from error
    return value


def _refuse_extension(code: int, _data: bytes) -> object:
    raise ValueError(f"extension type {code} is not accepted")


def _check_plain(value: object, nesting: int = 1) -> None:
    """Refuse what is nested too deeply, undefined numbers and keys that are no text."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a finite number")
    elif isinstance(value, (dict, list, tuple)):
        if nesting > MAX_NESTING:
            raise ValueError(f"nested deeper than {MAX_NESTING}")
        if isinstance(value, dict):
            _check_keys(value)
            value = value.values()
        for item in value:
            if type(item) not in _SCALARS:
                _check_plain(item, nesting + 1)


_SCALARS = frozenset((str, int, bool, bytes, type(None)))


def _check_keys(value: dict[Any, Any]) -> None:
    for key in value:
        if not isinstance(key, (str, bytes)):
            raise TypeError(f"key {key!r} must be a str")


def _check_floats(payload: bytes) -> None:
    if _NOT_FINITE.search(payload):
        # Only now is it worth while to tell a number from text that looks like one.
        _check_plain(msgpack.unpackb(payload, strict_map_key=False))


def _make_reader(cls: type[Message]) -> _Reader:
    survey = _Survey()
    survey.visit(inspect.type_info(cls), ())
    reader = _READERS[cls] = _Reader(msgspec.msgpack.Decoder(cls), survey.open, survey.has_floats)
    return reader


class _Survey:
    """What a type's declaration promises about the bytes of its values."""

    def __init__(self) -> None:
        self.open = False
        self.has_floats = False

    def visit(self, node: inspect.Type, above: tuple[object, ...]) -> None:
        """Look at a type and all within it; `above` are those that it stands in."""
        if node in above or len(above) > MAX_NESTING or isinstance(node, _UNBOUNDED):
            self.open = True
            return
        self.has_floats |= isinstance(node, inspect.FloatType)
        for child in _children(node):
            self.visit(child, (*above, node))


_UNBOUNDED = (inspect.AnyType, inspect.RawType, inspect.ExtType, inspect.CustomType)


def _children(node: inspect.Type) -> list[inspect.Type]:
    """The types that stand directly within another."""
    children = [field.type for field in getattr(node, "fields", ())]
    children += getattr(node, "item_types", ())
    children += getattr(node, "types", ())
    for name in ("type", "item_type", "key_type", "value_type"):
        child = getattr(node, name, None)
        if isinstance(child, inspect.Type):
            children.append(child)
    return children
