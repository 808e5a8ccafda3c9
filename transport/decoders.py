"""Decoders of msgspec, made by one thread at a time.

What msgspec (0.22) finds out about a Struct's fields it keeps with the class, and another thread that needs
them meanwhile is given them half made: to decode by that ends the process (SIGSEGV). So whatever decodes to a
Struct is made here, and nowhere else.
"""

from __future__ import annotations

import threading
from typing import TypeVar

import msgspec

T = TypeVar("T")

#: Entered again when a module that makes decoders is imported for the sake of another one.
_MAKING = threading.RLock()
#: What `convert` was asked for before.
_KNOWN: set[object] = set()


def of_msgpack(kind: type[T]) -> msgspec.msgpack.Decoder[T]:
    """Make a decoder of msgpack."""
    with _MAKING:
        return msgspec.msgpack.Decoder(kind)


def of_json(kind: type[T], *, strict: bool = True) -> msgspec.json.Decoder[T]:
    """Make a decoder of JSON."""
    with _MAKING:
        return msgspec.json.Decoder(kind, strict=strict)


def convert(value: object, kind: type[T], *, strict: bool = True, from_attributes: bool = False) -> T:
    """See `msgspec.convert`; raises msgspec.ValidationError."""
    if kind not in _KNOWN:
        of_msgpack(kind)
        _KNOWN.add(kind)
    return msgspec.convert(value, kind, strict=strict, from_attributes=from_attributes)
