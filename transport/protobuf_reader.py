"""Reads protobuf into records by their declarations, in one pass, and says where a fault is.

The library would read the same bytes sooner, but into objects of its own: asking those for their fields takes
several times as long as all of this, and about a fault it says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property
from typing import Any, Final, NamedTuple, TypeVar

from transport.protobuf_wire import (
    BYTES,
    FIXED64,
    VARINT,
    WIRE_TYPES,
    ProtobufError,
    Read,
    read_bool,
    read_bytes,
    read_double,
    read_size,
    read_span,
    read_text,
    signed,
    skip,
    unsigned,
)
from transport.record import Record
from transport.records.enumeration import Enumeration
from transport.schema import Field, fields_of

_Record = TypeVar("_Record", bound=Record)

#: So many messages may be within each other.
MAX_NESTING: Final = 64

_SCALARS: Final[dict[str, tuple[int, Read, object]]] = {
    "string": (BYTES, read_text, ""),
    "bytes": (BYTES, read_bytes, b""),
    "double": (FIXED64, read_double, 0.0),
    "bool": (VARINT, read_bool, False),
    "int32": (VARINT, signed(32), 0),
    "int64": (VARINT, signed(64), 0),
    "uint32": (VARINT, unsigned(32), 0),
    "uint64": (VARINT, unsigned(64), 0),
}


class UnusualError(ProtobufError):
    """What few senders write and may be right: a message in pieces, numbers packed together."""


def read(data: bytes, record: type[_Record]) -> _Record:
    """Read a record; raises ProtobufError."""
    found, _ = _plan_of(record).read_all(data + b"\0", 0, len(data), MAX_NESTING)
    assert isinstance(found, record)
    return found


class _Step(NamedTuple):
    """How one field is read."""

    name: str
    wire_type: int
    read: Read
    #: Adds a value to what was found; None where it only takes the place of an earlier one.
    put: Callable[[dict[str, Any], Any], None] | None
    is_list: bool = False


class _Plan:
    """How a message is read; `make` takes its fields by name."""

    def __init__(self, fields: tuple[Field, ...], make: Callable[..., Any]) -> None:
        self._fields = fields
        self._make = make
        self._required = [field.name for field in fields if field.label == "required"]
        self._lists = [field.name for field in fields if field.label == "repeated"]

    @cached_property
    def _steps(self) -> dict[int, _Step]:
        """By tag: number and wire type in one. Made when needed first, as messages may contain their like."""
        steps = {field.number: _step(field, self._fields) for field in self._fields}
        return {number << 3 | step.wire_type: step for number, step in steps.items()}

    def read(self, data: bytes, at: int, end: int, nesting: int) -> tuple[Any, int]:
        """Read a message that stands within another, behind its size."""
        at, stop = read_span(data, at, end)
        return self.read_all(data, at, stop, nesting - 1)

    def read_all(self, data: bytes, at: int, end: int, nesting: int) -> tuple[Any, int]:
        """Read a message that takes up all there is."""
        if not nesting:
            raise ProtobufError(f"Nested deeper than {MAX_NESTING}")
        found: dict[str, Any] = {}
        steps, step = self._steps, None
        try:
            while at < end:
                tag = data[at]
                at += 1
                if tag > 127:
                    tag, at = read_size(data, at - 1, end)
                step = steps.get(tag)
                if step is None:
                    self._check_unknown(tag)
                    at = skip(tag, data, at, end)
                    continue
                value, at = step.read(data, at, end, nesting)
                if step.put is None:
                    found[step.name] = value
                else:
                    step.put(found, value)
        except ProtobufError as error:
            if step is not None:
                error.within(
                    f".{step.name}[{len(found.get(step.name, ()))}]" if step.is_list else f".{step.name}"
                )
            raise
        return self._made(found), end

    def _check_unknown(self, tag: int) -> None:
        """Refuse a known field of a wrong type; a field that is not known is newer than this program."""
        for known, step in self._steps.items():
            if known >> 3 == tag >> 3:
                rule = f"Expected {WIRE_TYPES[step.wire_type]}, got {WIRE_TYPES[tag & 7]}"
                is_packed = step.is_list and tag & 7 == BYTES
                error = UnusualError(rule) if is_packed else ProtobufError(rule)
                error.within(f".{step.name}")
                raise error

    def _made(self, found: dict[str, Any]) -> Any:
        for name in self._lists:
            if name in found:
                found[name] = tuple(found[name])
        try:
            return self._make(**found)
        except TypeError:
            missing = next(name for name in self._required if name not in found)
            raise UnusualError(f"Object missing required field `{missing}`") from None


@cache
def _plan_of(record: type[Record]) -> _Plan:
    return _Plan(fields_of(record), record)


def _step(field: Field, among: tuple[Field, ...]) -> _Step:
    if field.label == "map":
        return _Step(field.name, BYTES, _entry_plan(field).read, _put_entry(field.name))
    name, wire_type, read = field.name, *_reading(field)
    if field.label == "repeated":
        return _Step(name, wire_type, read, _put_element(name), is_list=True)
    rivals = [other.name for other in among if field.oneof and other.oneof == field.oneof and other != field]
    if field.declared is None and not rivals:
        return _Step(name, wire_type, read, None)
    is_once = field.declared is not None and issubclass(field.declared, Record)
    return _Step(name, wire_type, read, _put_one(name, [*rivals, name] if is_once else rivals))


def _reading(field: Field) -> tuple[int, Read]:
    """The wire type of a field's values, and their reader."""
    if field.declared is None:
        return _SCALARS[field.type_name][:2]
    if issubclass(field.declared, Record):
        return BYTES, _plan_of(field.declared).read
    return VARINT, _member_of(field.declared)


def _member_of(enumeration: type[Enumeration]) -> Read:
    """Reads a member of an enumeration; None for one that is not known."""
    members = {member.number: member for member in enumeration}
    read_number = _SCALARS["int32"][1]

    def read(data: bytes, at: int, end: int, nesting: int) -> tuple[Enumeration | None, int]:
        value, at = read_number(data, at, end, nesting)
        return members.get(value), at

    return read


def _put_one(name: str, others: list[str]) -> Callable[[dict[str, Any], Any], None]:
    """Keeps a value that must be the first of some."""

    def put(found: dict[str, Any], value: Any) -> None:
        for other in others:
            if other in found:
                raise UnusualError(f"Expected once, with `{other}` there already")
        if value is not None:
            found[name] = value

    return put


def _put_element(name: str) -> Callable[[dict[str, Any], Any], None]:
    def put(found: dict[str, Any], value: Any) -> None:
        if value is None:
            return
        elements = found.get(name)
        if elements is None:
            found[name] = [value]
        else:
            elements.append(value)

    return put


def _put_entry(name: str) -> Callable[[dict[str, Any], Any], None]:
    def put(found: dict[str, Any], entry: tuple[str, Any]) -> None:
        found.setdefault(name, {})[entry[0]] = entry[1]

    return put


def _entry_plan(field: Field) -> _Plan:
    """How the entry of a map is read: a message of a key and a value, each of which may be left out."""
    key = Field("key", 1, "optional", "string", None, None, deprecated=False, oneof="")
    value = field._replace(name="value", number=2, label="optional")

    def make(key: str = "", value: Any = None) -> tuple[str, Any]:
        return key, missing() if value is None else value

    def missing() -> Any:
        if field.declared is None:
            return _SCALARS[field.type_name][2]
        if issubclass(field.declared, Record):
            return _plan_of(field.declared).read_all(b"", 0, 0, 1)[0]
        return next(iter(field.declared))

    return _Plan((key, value), make)
