"""Random records of any declaration, for property tests; the same seed gives the same ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from random import Random
from typing import Any, TypeVar

from transport import records
from transport.record import Record
from transport.schema import Field, declared_in, fields_of

_Record = TypeVar("_Record", bound=Record)

_WORDS = ("", "a", "null", "task-1", "ü/ø", "\U0001f40d", 'a "b"\n\\', "x" * 200)
_BYTES = (b"", b"\0", b"\xff\xfe", bytes(range(256)))
_INTEGERS = {
    "int32": (0, 1, -1, 127, 128, 2**31 - 1, -(2**31)),
    "uint32": (0, 1, 127, 128, 2**32 - 1),
    "int64": (0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63)),
    "uint64": (0, 1, 2**53 + 1, 2**63, 2**64 - 1),
}
_DOUBLES = (0.0, 0.001, -2.5, 1e308, 5e-324, math.inf, -math.inf)


def every_record() -> Iterator[type[Record]]:
    """All that is declared, in a fixed order."""
    for module in iter_modules(records.__path__):
        for declared in declared_in(import_module(f"{records.__name__}.{module.name}")):
            if issubclass(declared, Record):
                yield declared


def any_record(rng: Random, record: type[_Record], nesting: int = 5) -> _Record:
    """A record with some of its fields; those of one `oneof` are not set together."""
    chosen: dict[str, Any] = {}
    taken: set[str] = set()
    for field in fields_of(record):
        is_wanted = field.label == "required" or (nesting > 0 and rng.random() < 0.4)
        if is_wanted and field.oneof not in taken:
            chosen[field.name] = any_value(rng, field, nesting - 1)
            taken |= {field.oneof} - {""}
    return record(**chosen)


def any_value(rng: Random, field: Field, nesting: int) -> Any:
    """What such a field may hold."""
    count = rng.choice((0, 1, 1, 2, 3))
    if field.label == "repeated":
        return tuple(_value(rng, field, nesting) for _ in range(count))
    if field.label == "map":
        return {word: _value(rng, field, nesting) for word in rng.sample(_WORDS, count)}
    return _value(rng, field, nesting)


def _value(rng: Random, field: Field, nesting: int) -> Any:
    if field.declared is not None:
        if issubclass(field.declared, Record):
            return any_record(rng, field.declared, nesting)
        return rng.choice(tuple(field.declared))
    if field.type_name in _INTEGERS:
        return rng.choice(_INTEGERS[field.type_name])
    kinds: dict[str, tuple[object, ...]] = {
        "string": _WORDS,
        "bytes": _BYTES,
        "bool": (False, True),
        "double": _DOUBLES,
    }
    return rng.choice(kinds[field.type_name])
