"""JSON as Mesos' v1 API reads and writes it (mesos-protocol.md §1.3), for any record.

It is msgspec's JSON but for some leniency on the way in, and for declared defaults on the way out. Reading
tries msgspec alone first: what it accepts means the same either way.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, TypeVar

import msgspec

from transport import decoders, json_bounds, json_defaults
from transport.record import Record
from transport.records.duration import Duration
from transport.records.enumeration import Enumeration
from transport.schema import Field, fields_of

_Record = TypeVar("_Record", bound=Record)

_ABSENT = object()


def decode(data: bytes | str, record: type[_Record]) -> _Record:
    """Read a record; raises ValueError naming the field and what was expected of it.

    Null counts as absent, a single value may stand for a list of one, numbers and truth values may be
    strings, an enumeration's unknown name is dropped unless the field is required, and unknown fields are
    ignored.
    """
    data = data.encode() if isinstance(data, str) else data
    try:
        try:
            found: _Record = _decoder(record).decode(data)
        except msgspec.ValidationError as error:
            tolerated = _normalized(_plain(data, error), record)
            found = decoders.convert(tolerated, record, strict=False)
    except RecursionError as error:
        raise ValueError(f"nested deeper than {json_bounds.MAX_NESTING}") from error
    json_bounds.check(data, found)
    return found


def encode(record: Record) -> bytes:
    """Write a record, compactly; what is unset is left out unless it has a default and is not deprecated."""
    completed = json_defaults.completed(record)
    text = msgspec.json.encode(completed)
    # Nothing is null in a record, so if anything was written so it was an infinite number.
    return msgspec.json.encode(_spelled(msgspec.to_builtins(completed))) if b"null" in text else text


@cache
def _decoder(record: type[_Record]) -> msgspec.json.Decoder[_Record]:
    return decoders.of_json(record, strict=False)


# --- leniency on the way in ---


def _plain(data: bytes, error: msgspec.ValidationError) -> Any:
    """The same without a declaration; `error` is what was wrong with it."""
    try:
        return msgspec.json.decode(data)
    except msgspec.ValidationError as worse:
        # A number is too large. Where it is declared, it is known where it is.
        raise error if "out of range" in str(error) else worse from None


def _normalized(found: Any, record: type[Record]) -> Any:
    """Bring what the protocol tolerates into the form that msgspec expects; the rest is for it to refuse."""
    if record is Duration and isinstance(found, str):
        return msgspec.to_builtins(Duration.parse(found))
    if not isinstance(found, dict):
        return found
    known = {field.name: field for field in fields_of(record)}
    fields = {name: _value(value, known[name]) for name, value in found.items() if name in known}
    return {name: value for name, value in fields.items() if value is not _ABSENT}


def _value(value: Any, field: Field) -> Any:
    if value is None:
        return _ABSENT
    if field.label == "repeated":
        values = value if isinstance(value, list) else [value]
        elements = [_element(element, field) for element in values if element is not None]
        return [element for element in elements if element is not _ABSENT]
    if field.label == "map" and isinstance(value, dict):
        return {key: _element(element, field) for key, element in value.items() if element is not None}
    return _element(value, field)


def _element(value: Any, field: Field) -> Any:
    if field.declared is None:
        return value
    if issubclass(field.declared, Enumeration):
        is_unknown = isinstance(value, str) and value not in field.declared.__members__
        return _ABSENT if is_unknown and field.label != "required" else value
    return _normalized(value, field.declared)


def _spelled(value: Any) -> Any:
    """Spell infinite numbers as strings, in a JSON object: JSON has no numbers for them."""
    if isinstance(value, dict):
        return {key: _spelled(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_spelled(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
