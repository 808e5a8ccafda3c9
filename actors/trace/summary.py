"""What a trace remembers of a message: its fields, bounded, without secrets.

The result is plain (None, bool, int, float, str, list, dict with string keys), so that it can be stored,
sent and searched anywhere.
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Collection, Mapping, Sized
from functools import partial
from typing import Any

import msgspec

from actors.process import Exited, Fired
from transport.message import Message
from transport.pid import Address, Pid

#: Characters of names and values in one summary.
BUDGET = 2048
#: Characters of one string.
LONGEST = 256
#: Items of one list or mapping.
WIDEST = 16
#: Levels of nesting.
DEEPEST = 8

#: Stands for what was left out.
CUT = "…"

_SECRET = re.compile(r"secret|password|passwd|token|credential|private_?key", re.IGNORECASE)


class Digest(msgspec.Struct, frozen=True):
    """Stands in the ring for a message too large to be kept alive."""

    type: str
    fields: dict[str, object]


def type_name(message: object) -> str:
    """The name by which people know the message's type."""
    if isinstance(message, Digest):
        return message.type
    if isinstance(message, Message):
        return message.type_name
    return type(message).__name__


def digest(message: object) -> Digest:
    """What is kept of a message instead of itself."""
    return Digest(type_name(message), summarize(message))


def summarize(message: object) -> dict[str, object]:
    """The message's fields by name; one that is not a struct or mapping is a single field `value`."""
    if isinstance(message, Digest):
        return message.fields
    if isinstance(message, Fired):
        return {"timer": _callback_name(message.timer.callback)}
    if isinstance(message, Exited):
        return {"pid": str(message.pid)}
    plain = _Summary().plain(message, DEEPEST)
    return plain if isinstance(plain, dict) else {"value": plain}


def text(value: str) -> str:
    """`value` such that UTF-8 can carry it: a message between two local actors may hold any string."""
    return value if value.isascii() else value.encode(errors="backslashreplace").decode()


class _Summary:
    """Walks one message, depth first, until its budget is spent."""

    def __init__(self) -> None:
        self._left = BUDGET

    def plain(self, value: Any, depth: int) -> object:
        if value is None or isinstance(value, bool):
            self._left -= 4
            return value
        if isinstance(value, float):
            self._left -= 8
            return float(value) if math.isfinite(value) else str(float(value))
        if isinstance(value, enum.Enum):
            return self._string(value.name)
        if isinstance(value, int):
            self._left -= 4
            return int(value) if -(2**63) <= value < 2**64 else self._string(hex(value))
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, Pid | Address):
            return self._string(str(value))
        return self._compound(value, depth)

    def _compound(self, value: Any, depth: int) -> object:
        if isinstance(value, bytes | bytearray | memoryview):
            return self._string(f"<{len(value)} bytes>")
        if depth == 0:
            return CUT
        if isinstance(value, msgspec.Struct):
            return self._mapping({name: getattr(value, name) for name in value.__struct_fields__}, depth)
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, list | tuple | set | frozenset):
            return self._items(value, depth)
        # Its text is not asked for: repr is the plugged-in actor's code, and may tell what it should not.
        return self._string(f"<{type(value).__name__}>")

    def _mapping(self, fields: Mapping[Any, Any], depth: int) -> dict[str, object]:
        plain: dict[str, object] = {}
        # A variable or label: what its name calls a secret is its value.
        secret = any(_is_secret(fields.get(name)) for name in ("name", "key"))
        for name, value in fields.items():
            if _is_empty(value) or _is_secret(name) or (secret and name == "value"):
                continue
            if self._left <= 0 or len(plain) >= WIDEST:
                plain[CUT] = f"{len(fields)} in all"
                break
            plain[self._name(name)] = self.plain(value, depth - 1)
        return plain

    def _name(self, name: object) -> str:
        return self._string(name if isinstance(name, str) else str(self.plain(name, 0)))

    def _items(self, items: Collection[Any], depth: int) -> list[object]:
        plain: list[object] = []
        for item in items:
            if self._left <= 0 or len(plain) >= WIDEST:
                plain.append(f"{CUT} {len(items) - len(plain)} more")
                break
            plain.append(self.plain(item, depth - 1))
        return plain

    def _string(self, value: str) -> str:
        room = max(8, min(LONGEST, self._left))
        if len(value) > room:
            value = value[:room] + CUT
        self._left -= len(value) + 2
        return text(value)


def _is_secret(name: object) -> bool:
    return isinstance(name, str) and _SECRET.search(name) is not None


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, Sized) and len(value) == 0)


def _callback_name(callback: Any) -> str:
    """The name of a timer's callback; what `partial` binds to it is not told."""
    while isinstance(callback, partial):
        callback = callback.func
    return text(str(getattr(callback, "__name__", type(callback).__name__)))
