"""Typed values from text: what a flag, an environment variable or an actor's setting says."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from actors.units import Bytes, Duration
from transport.pid import Address, Pid


class Kind(msgspec.Struct, frozen=True):
    """One type that text can be read as."""

    #: Stands for a value in a help text.
    placeholder: str
    #: Raises ValueError; its text names the rule.
    parse: Callable[[str], object]


def _bool(text: str) -> bool:
    if text not in ("true", "1", "false", "0"):
        raise ValueError(f"{text!r}: must be true or false")
    return text in ("true", "1")


def _int(text: str) -> int:
    if not text.removeprefix("-").isdecimal() or not text.isascii():
        raise ValueError(f"{text!r}: must be a whole number")
    return int(text)


def _float(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text!r}: must be a number")
    return value


def _path(text: str) -> Path:
    if not text.removeprefix("file://"):
        raise ValueError("must name a path, not nothing")
    return Path(text.removeprefix("file://"))


_UNIONS = (typing.Union, types.UnionType)
_KINDS: dict[object, Kind] = {
    bool: Kind("BOOLEAN", _bool),
    int: Kind("NUMBER", _int),
    float: Kind("NUMBER", _float),
    str: Kind("TEXT", str),
    Path: Kind("PATH", _path),
    Duration: Kind("DURATION", Duration.parse),
    Bytes: Kind("BYTES", Bytes.parse),
    Pid: Kind("NAME@HOST:PORT", Pid.parse),
    Address: Kind("HOST:PORT", Address.parse),
}


def kind_of(annotation: Any) -> Kind:
    """How to read text as a value of that type; raises TypeError for a type that text cannot give.

    Besides the types above: `X | None` reads as X, `X | str` as the text itself, a Literal of strings is one
    of its words, and `tuple[X, ...]` is a list separated by commas.
    """
    annotation = without_none(annotation)
    if annotation in _KINDS:
        return _KINDS[annotation]
    if typing.get_origin(annotation) in _UNIONS and str in typing.get_args(annotation):
        return _KINDS[str]
    if typing.get_origin(annotation) is typing.Literal:
        return _choice(typing.get_args(annotation))
    item = item_of(annotation)
    if item is None:
        raise TypeError(f"{annotation!r} cannot be given as text")
    kind = kind_of(item)
    return Kind(
        f"{kind.placeholder},…", lambda text: tuple(kind.parse(part) for part in text.split(",") if part)
    )


def without_none(annotation: Any) -> Any:
    """`X` of `X | None`, and every other type as it is."""
    if typing.get_origin(annotation) not in _UNIONS:
        return annotation
    members = [member for member in typing.get_args(annotation) if member is not types.NoneType]
    return members[0] if len(members) == 1 else annotation


def item_of(annotation: Any) -> Any:
    """`X` of `tuple[X, ...]`; None for every other type."""
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return arguments[0]
    return None


def write_value(value: object) -> str:
    """The text that reads as `value`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple) and not isinstance(value, Address):
        return ",".join(write_value(item) for item in value)
    return str(value)


def _choice(words: tuple[str, ...]) -> Kind:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r}: must be one of {', '.join(words)}")
        return text

    return Kind("|".join(words), parse)
