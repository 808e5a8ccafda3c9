"""What a trace remembers of a message: its fields, bounded, without secrets.

The result is plain (None, bool, int, float, str, list, dict with string keys), so that it can be stored,
sent and searched anywhere.
"""

from __future__ import annotations

import enum
import functools
import math
import re
from collections.abc import Collection, Mapping
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

#: What may be empty, and is then not worth a word.
_COLLECTIONS = frozenset({str, bytes, tuple, list, dict, set, frozenset})

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
        kind = type(value)
        if kind is str:  # the common kinds first: their order is half of the time that a summary takes
            return self._string(value)
        if value is None or kind is bool:
            self._left -= 4
            return value
        if kind is int:
            self._left -= 4
            return value if -(2**63) <= value < 2**64 else self._string(hex(value))
        if kind is float:
            self._left -= 8
            return value if math.isfinite(value) else str(value)
        if isinstance(value, msgspec.Struct) and kind is not Pid:
            return self._struct(value, depth) if depth else CUT
        if kind is tuple or kind is list:
            return self._items(value, depth) if depth else CUT
        return self._unusual(value, depth)

    def _unusual(self, value: Any, depth: int) -> object:
        if isinstance(value, enum.Enum):
            return self._string(value.name)
        for base in (str, int, float):
            if isinstance(value, base):
                return self.plain(base(value), depth)
        if isinstance(value, Pid | Address):
            return self._string(str(value))
        if isinstance(value, bytes | bytearray | memoryview):
            return self._string(f"<{len(value)} bytes>")
        if isinstance(value, Mapping):
            return self._mapping(value, depth) if depth else CUT
        if isinstance(value, list | tuple | set | frozenset):
            return self._items(value, depth) if depth else CUT
        # Its text is not asked for: repr is the plugged-in actor's code, and may tell what it should not.
        return self._string(f"<{type(value).__name__}>")

    def _struct(self, value: msgspec.Struct, depth: int) -> dict[str, object]:
        told = _fields_told(type(value))
        if "value" in told and _names_a_secret(getattr(value, "name", None), getattr(value, "key", None)):
            told = tuple(name for name in told if name != "value")
        plain: dict[str, object] = {}
        for name in told:
            held = getattr(value, name)
            if held is None or (type(held) in _COLLECTIONS and not held):
                continue
            if self._left <= 0:
                plain[CUT] = f"{len(told)} in all"
                break
            self._left -= len(name) + 2
            plain[name] = self.plain(held, depth - 1)
        return plain

    def _mapping(self, fields: Mapping[Any, Any], depth: int) -> dict[str, object]:
        plain: dict[str, object] = {}
        secret = _names_a_secret(fields.get("name"), fields.get("key"))
        for name, value in fields.items():
            empty = value is None or (type(value) in _COLLECTIONS and not value)
            if empty or _names_a_secret(name) or (secret and name == "value"):
                continue
            if self._left <= 0 or len(plain) >= WIDEST:
                plain[CUT] = f"{len(fields)} in all"
                break
            key = self._string(name if isinstance(name, str) else str(self.plain(name, 0)))
            plain[key] = self.plain(value, depth - 1)
        return plain

    def _items(self, items: Collection[Any], depth: int) -> list[object]:
        plain: list[object] = []
        for item in items:
            if self._left <= 0 or len(plain) >= WIDEST:
                plain.append(f"{CUT} {len(items) - len(plain)} more")
                break
            plain.append(self.plain(item, depth - 1))
        return plain

    def _string(self, value: str) -> str:
        if len(value) > LONGEST or len(value) > self._left:
            value = value[: max(8, min(LONGEST, self._left))] + CUT
        self._left -= len(value) + 2
        return value if value.isascii() else text(value)


@functools.cache
def _fields_told(struct: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(name for name in struct.__struct_fields__ if not _names_a_secret(name))


def _names_a_secret(*names: object) -> bool:
    """Whether one of them calls a secret what stands beside it: a field, a variable, a label."""
    return any(isinstance(name, str) and _SECRET.search(name) for name in names)


def _callback_name(callback: Any) -> str:
    """The name of a timer's callback; what `partial` binds to it is not told."""
    while isinstance(callback, functools.partial):
        callback = callback.func
    return text(str(getattr(callback, "__name__", type(callback).__name__)))
