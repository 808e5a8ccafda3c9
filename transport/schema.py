"""What a record declares, read back from its annotations: the fields of a protobuf message."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec

from transport.record import FieldNumber, Record, Wire, proto_name
from transport.records.enumeration import Enumeration

_SCALARS = {str: "string", bytes: "bytes", bool: "bool", float: "double"}

Label = Literal["required", "optional", "repeated", "map"]


class Field(NamedTuple):
    """One field of a message."""

    name: str
    number: int
    label: Label
    #: A protobuf scalar (`uint32`), or the full name of a message or enumeration; of a map its values'.
    type_name: str
    #: The record or enumeration class; None for a scalar.
    declared: type[Record | Enumeration] | None
    default: bool | int | float | str | bytes | None
    deprecated: bool
    oneof: str


@cache
def fields_of(record: type[Record]) -> tuple[Field, ...]:
    """The fields in the order of declaration; raises TypeError where one has no number."""
    hints = get_type_hints(record, localns=dict(vars(record)), include_extras=True)
    return tuple(
        _field(record, field.name, hints[field.name], required=field.required)
        for field in msgspec.structs.fields(record)
    )


def _field(record: type[Record], name: str, hint: Any, *, required: bool) -> Field:
    numbers = [extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, FieldNumber)]
    if len(numbers) != 1:
        raise TypeError(f"{proto_name(record)}.{name}: must be annotated with one number")
    label, inner = _label(_unannotated(hint), required=required)
    type_name, declared = _type(inner)
    number, default, deprecated, oneof = numbers[0]
    return Field(name, number, label, type_name, declared, default, deprecated, oneof)


def _label(hint: Any, *, required: bool) -> tuple[Label, Any]:
    """Split a hint into the label and the type of one element."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        return "repeated", arguments[0]
    if origin is Mapping:
        return "map", arguments[1]
    if origin in (Union, types.UnionType):
        (inner,) = (argument for argument in arguments if argument is not types.NoneType)
        return "optional", inner
    return "required" if required else "optional", hint


def _type(hint: Any) -> tuple[str, type[Record | Enumeration] | None]:
    for extra in getattr(hint, "__metadata__", ()):
        if isinstance(extra, Wire):
            return extra.type_name, None
    declared = _unannotated(hint)
    if declared in _SCALARS:
        return _SCALARS[declared], None
    if isinstance(declared, type) and issubclass(declared, Record | Enumeration):
        return proto_name(declared), declared
    raise TypeError(f"{hint}: has no protobuf type")


def _unannotated(hint: Any) -> Any:
    """Take off the number of a field; what says an integer's width stays."""
    if get_origin(hint) is not Annotated:
        return hint
    kept = [extra for extra in hint.__metadata__ if not isinstance(extra, FieldNumber)]
    return Annotated[hint.__origin__, *kept] if kept else hint.__origin__


def declared_in(module: types.ModuleType) -> Iterator[type[Record | Enumeration]]:
    """The records and enumerations that a module declares, nested ones after those around them."""
    for declared in tuple(vars(module).values()):
        if _is_declared(declared) and declared.__module__ == module.__name__:
            yield declared
            yield from _nested_in(declared)


def _nested_in(outer: type) -> Iterator[type[Record | Enumeration]]:
    for inner in tuple(vars(outer).values()):
        if _is_declared(inner) and inner.__qualname__ == f"{outer.__qualname__}.{inner.__name__}":
            yield inner
            yield from _nested_in(inner)


def _is_declared(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Record | Enumeration)
