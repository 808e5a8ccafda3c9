"""JSON as Mesos' v1 API reads and writes it (mesos-protocol.md §1.3), for any record.

It is msgspec's JSON but for some leniency on the way in, and for declared defaults on the way out. Reading
tries msgspec alone first: what it accepts means the same either way.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeVar

import msgspec

from transport.record import Record
from transport.records.duration import Duration
from transport.records.enumeration import Enumeration
from transport.schema import Field, fields_of

_Record = TypeVar("_Record", bound=Record)

_ABSENT = object()

#: Objects and lists may be so many within each other (reliability.md §3.1).
MAX_NESTING: Final = 64

_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"{}[]")
_ROUND: Final = bytes.maketrans(b"{}[]", b"()()")


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
            found = msgspec.convert(tolerated, record, strict=False)
    except RecursionError as error:
        raise ValueError(f"nested deeper than {MAX_NESTING}") from error
    _check_nesting(data)
    if _may_be_nan(data):
        _check_numbers(found, "$")
    return found


def encode(record: Record) -> bytes:
    """Write a record, compactly; what is unset is left out unless it has a default and is not deprecated."""
    complete = _completion(type(record))
    if complete is None:
        found: Any = record
    else:
        found = msgspec.to_builtins(record)
        complete(found)
    text = msgspec.json.encode(found)
    # Nothing is null in a record, so if anything was written so it was an infinite number.
    return msgspec.json.encode(_spelled(msgspec.to_builtins(found))) if b"null" in text else text


@cache
def _decoder(record: type[_Record]) -> msgspec.json.Decoder[_Record]:
    return msgspec.json.Decoder(record, strict=False)


# --- strictness on the way in ---


def _check_nesting(data: bytes) -> None:
    """Refuse what is nested too deeply, in JSON that was read already."""
    if data.count(b"{") + data.count(b"[") <= MAX_NESTING:
        return
    brackets = _STRING.sub(b"", data).translate(_ROUND, _NO_BRACKETS)
    for _ in range(MAX_NESTING):
        brackets = brackets.replace(b"()", b"")
    if brackets:
        raise ValueError(f"nested deeper than {MAX_NESTING}")


def _may_be_nan(data: bytes) -> bool:
    """Whether a string in there might be taken for an undefined number."""
    return b"nan" in data.lower() or b"\\u" in data


def _check_numbers(value: object, path: str) -> None:
    if isinstance(value, float) and math.isnan(value):
        raise ValueError(f"Expected a number, got NaN - at `{path}`")
    if isinstance(value, Record):
        for name in value.__struct_fields__:
            _check_numbers(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            _check_numbers(inner, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        for inner in value.values():
            _check_numbers(inner, f"{path}[...]")


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


# --- defaults on the way out ---

_Completion = Callable[[dict[str, Any]], None]


@cache
def _completion(record: type[Record]) -> _Completion | None:
    """How to add a record's declared defaults to its JSON object; None where there are none to add."""
    fields = fields_of(record)
    defaults = {field.name: field.default for field in fields if _is_written(field)}
    inner = {
        field.name: (field.label, complete)
        for field in fields
        if field.declared is not None
        and issubclass(field.declared, Record)
        and field.declared is not record
        and (complete := _completion(field.declared)) is not None
    }
    if not defaults and not inner:
        return None

    def complete_record(found: dict[str, Any]) -> None:
        for name, default in defaults.items():
            found.setdefault(name, default)
        for name, (label, complete) in inner.items():
            value = found.get(name)
            if value is None:
                continue
            for element in _elements(value, label):
                complete(element)

    return complete_record


def _is_written(field: Field) -> bool:
    return field.default is not None and not field.deprecated and field.label == "optional"


def _elements(value: Any, label: str) -> Any:
    if label == "map":
        return value.values()
    return value if label == "repeated" else (value,)


def _spelled(value: Any) -> Any:
    """Spell infinite numbers as strings, in a JSON object: JSON has no numbers for them."""
    if isinstance(value, dict):
        return {key: _spelled(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_spelled(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
