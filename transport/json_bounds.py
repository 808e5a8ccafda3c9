"""What a record in JSON may not have, though msgspec reads it: endless nesting, numbers that do not fit."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from transport.record import Record
from transport.schema import Field, fields_of

#: Objects and lists may be so many within each other (reliability.md §3.1).
MAX_NESTING: Final = 64

_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"{}[]")
_ROUND: Final = bytes.maketrans(b"{}[]", b"()()")
_ZEROS: Final = bytes.maketrans(b"123456789", b"0" * 9)
#: So many digits has what 64 bits do not hold; msgspec knows no bound beyond 63 of them.
_MANY_DIGITS: Final = b"0" * 20
_UINT64_MAX: Final = 2**64 - 1


def check(data: bytes, found: Record) -> None:
    """Raise ValueError if `found`, which was read from `data`, should not have been accepted."""
    _check_nesting(data, type(found))
    if _may_be_nan(data) or _MANY_DIGITS in data.translate(_ZEROS):
        _check_numbers(found, "$")


def _check_nesting(data: bytes, record: type[Record]) -> None:
    """Refuse what is nested too deeply, in JSON that was read already.

    Only fields that contain their like can be that deep, by half or more; what is not declared was skipped,
    however deep.
    """
    if b"\\u00" not in data and sum(map(data.count, _fields_within_themselves(record))) <= MAX_NESTING // 2:
        return
    brackets = _STRING.sub(b"", data).translate(_ROUND, _NO_BRACKETS)
    for _ in range(MAX_NESTING):
        brackets = brackets.replace(b"()", b"")
    if brackets:
        raise ValueError(f"nested deeper than {MAX_NESTING}")


@cache
def _fields_within_themselves(record: type[Record]) -> tuple[bytes, ...]:
    """The names, as JSON writes them, of fields whose records have the same field again."""
    found = dict.fromkeys(
        f'"{field.name}"'.encode()
        for outer in _records_in(record)
        for field in fields_of(outer)
        for declared in _records_of(field)
        if outer in _records_in(declared)
    )
    return tuple(found)


@cache
def _records_in(record: type[Record]) -> dict[type[Record], None]:
    """All records that may be in one, and itself; as a dict, for its order."""
    found: dict[type[Record], None] = {record: None}
    waiting = [record]
    while waiting:
        inner = [declared for field in fields_of(waiting.pop()) for declared in _records_of(field)]
        new = [declared for declared in inner if declared not in found]
        found |= dict.fromkeys(new)
        waiting += new
    return found


def _records_of(field: Field) -> list[type[Record]]:
    return [field.declared] if field.declared is not None and issubclass(field.declared, Record) else []


def _may_be_nan(data: bytes) -> bool:
    """Whether a string in there might be taken for an undefined number: it ends so, or is spelled oddly."""
    small = data.lower()
    return b'nan"' in small or b"\\u004" in small or b"\\u006" in small


def _check_numbers(value: object, path: str) -> None:
    if isinstance(value, float) and math.isnan(value):
        raise ValueError(f"Expected a number, got NaN - at `{path}`")
    if isinstance(value, int) and value > _UINT64_MAX:
        raise ValueError(f"Expected `int` <= {_UINT64_MAX} - at `{path}`")
    if isinstance(value, Record):
        for name in value.__struct_fields__:
            _check_numbers(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            _check_numbers(inner, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        for inner in value.values():
            _check_numbers(inner, f"{path}[...]")
