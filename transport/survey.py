"""What the declaration of a message promises about its bytes: how deeply they nest, whether floats occur.

msgspec can describe a type too (`msgspec.inspect`), but does so anew for each: here what was found out
about one record serves all messages that hold it, and a process is as much sooner ready to talk.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections import abc
from typing import Any, Final, NamedTuple

import msgspec


class Survey(NamedTuple):
    """The findings on one type."""

    #: It bounds neither the nesting nor the kinds of values.
    open: bool = False
    has_floats: bool = False
    #: How many levels of types stand in one another, where it is not open.
    height: int = 1


_PLAIN: Final = Survey()
_OPEN: Final = Survey(open=True)
_SCALARS: Final = frozenset({str, int, bool, bytes, type(None)})
_CONTAINERS: Final = frozenset(
    {
        tuple, list, dict, set, frozenset, abc.Mapping, abc.Sequence, typing.Union, types.UnionType,
    }
)  # fmt: skip

#: By class; None for one that is being looked at, which then contains itself.
_FOUND: dict[type, Survey | None] = {}


def survey(annotation: Any, most: int) -> Survey:
    """Look at a type and all within it; open if more than `most` levels stand in one another."""
    found = _survey(annotation)
    return found._replace(open=found.open or found.height >= most)


def _survey(annotation: Any) -> Survey:
    if annotation is float:
        return Survey(has_floats=True)
    if annotation is None or annotation in _SCALARS:
        return _PLAIN
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _survey(typing.get_args(annotation)[0])
    if origin is typing.Literal:
        return _PLAIN
    if origin in _CONTAINERS:
        return _above([argument for argument in typing.get_args(annotation) if argument is not ...])
    if isinstance(annotation, type) and origin is None:
        return _survey_class(annotation)
    return _OPEN


def _survey_class(cls: type) -> Survey:
    if cls in _FOUND:
        return _FOUND[cls] or _OPEN
    if issubclass(cls, enum.Enum):
        return _PLAIN
    _FOUND[cls] = None
    try:
        _FOUND[cls] = found = _above(_fields(cls))
    finally:
        if _FOUND[cls] is None:
            del _FOUND[cls]
    return found


def _fields(cls: type) -> list[Any]:
    """The types of a class's fields; those of one that nothing is known of could be anything."""
    if issubclass(cls, msgspec.Struct):
        return [field.type for field in msgspec.structs.fields(cls)]
    if dataclasses.is_dataclass(cls) or hasattr(cls, "_fields"):
        return list(typing.get_type_hints(cls).values())
    return [Any]


def _above(parts: list[Any]) -> Survey:
    """Of what has these types within it."""
    found = [_survey(part) for part in parts]
    return Survey(
        any(one.open for one in found),
        any(one.has_floats for one in found),
        1 + max((one.height for one in found), default=0),
    )
