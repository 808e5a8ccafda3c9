"""What Mesos writes in JSON though it was not set: declared defaults, but for those of deprecated fields."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeVar

import msgspec

from transport.record import Record
from transport.records.enumeration import Enumeration
from transport.schema import Field, fields_of

_Record = TypeVar("_Record", bound=Record)

_Completion = Callable[[Any], Any]
_replace: Final = msgspec.structs.replace


def completed(record: _Record) -> _Record:
    """The record with its defaults, and those of the records in it; itself if nothing is missing."""
    complete = _completion(type(record))
    found: _Record = record if complete is None else complete(record)
    return found


@cache
def _completion(record: type[Record]) -> _Completion | None:
    """How to add a record's declared defaults to it; None where there are none to add."""
    fields = fields_of(record)
    defaults = {field.name: _default(field) for field in fields if _is_written(field)}
    inner = {
        field.name: _completion_of_all(field.label, complete)
        for field in fields
        if field.declared is not None
        and issubclass(field.declared, Record)
        and field.declared is not record
        and (complete := _completion(field.declared)) is not None
    }
    if not defaults and not inner:
        return None

    defaults_by_name, inner_by_name = tuple(defaults.items()), tuple(inner.items())

    def complete_record(found: Any) -> Any:
        changes = {name: default for name, default in defaults_by_name if getattr(found, name) is None}
        for name, complete in inner_by_name:
            value = getattr(found, name)
            if value and (completed := complete(value)) is not value:
                changes[name] = completed
        return _replace(found, **changes) if changes else found

    return complete_record


def _completion_of_all(label: str, complete: _Completion) -> _Completion:
    """The same for a field's value; a value with nothing to add is returned as it is."""
    if label == "map":
        return lambda value: {key: complete(element) for key, element in value.items()}
    if label != "repeated":
        return complete

    def complete_elements(value: tuple[Any, ...]) -> tuple[Any, ...]:
        completed = [complete(element) for element in value]
        return value if all(map(operator.is_, completed, value)) else tuple(completed)

    return complete_elements


def _is_written(field: Field) -> bool:
    return field.default is not None and not field.deprecated and field.label == "optional"


def _default(field: Field) -> Any:
    if field.declared is not None and issubclass(field.declared, Enumeration):
        return field.declared.__members__[str(field.default)]
    return field.default
