"""Resources as endpoints show them: their reservations in both ways at once (mesos-protocol.md §9.5)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from transport.record import Record
from transport.records.reservation_format import to_endpoint, upgrade
from transport.records.resource import Resource
from transport.schema import fields_of

_Record = TypeVar("_Record", bound=Record)
_Change: TypeAlias = Callable[[Any], Any]
_replace: Final = msgspec.structs.replace


def shown(record: _Record) -> _Record:
    """The record with all resources in it as endpoints show them; itself if there are none."""
    change = _change(type(record))
    found: _Record = record if change is None else change(record)
    return found


@cache
def _change(record: type[Record]) -> _Change | None:
    """How to change the resources within a record; None where it never has any."""
    if record is Resource:
        return _show
    changes = tuple(
        (field.name, _change_of_all(field.label, change))
        for field in fields_of(record)
        if field.declared is not None
        and issubclass(field.declared, Record)
        and field.declared is not record
        and (change := _change(field.declared)) is not None
    )
    if not changes:
        return None

    def change_record(found: Any) -> Any:
        changed = {}
        for name, change in changes:
            value = getattr(found, name)
            if value and (new := change(value)) is not value:
                changed[name] = new
        return _replace(found, **changed) if changed else found

    return change_record


def _change_of_all(label: str, change: _Change) -> _Change:
    if label == "map":
        return lambda value: {key: change(element) for key, element in value.items()}
    if label != "repeated":
        return change

    def change_elements(value: tuple[Any, ...]) -> tuple[Any, ...]:
        changed = [change(element) for element in value]
        return value if all(map(operator.is_, changed, value)) else tuple(changed)

    return change_elements


def _show(resource: Resource) -> Resource:
    return to_endpoint(upgrade(resource))
