"""The base of every record, and the annotations that give a field its place in protobuf.

A record is declared once::

    class AgentID(Record):
        value: Annotated[str, number(1)]

The class is the schema: msgpack and v1 JSON come from msgspec, and protobuf descriptors are built from
the numbers (DESIGN §5). Optional fields that were not set are None; repeated fields are tuples; maps are
mappings that nobody changes (a record whose maps are not empty cannot be hashed).
"""

from __future__ import annotations

import sys
from typing import Annotated, NamedTuple, dataclass_transform

import msgspec


class FieldNumber(NamedTuple):
    """A field's place in its protobuf message, with what else the .proto file says about it."""

    number: int
    #: What protobuf gives a reader when the field is absent; an enumeration's default by its name.
    default: bool | int | float | str | bytes | None = None
    deprecated: bool = False
    #: The `oneof` that the field belongs to, if any.
    oneof: str = ""


def number(
    number: int,
    default: bool | float | str | bytes | None = None,
    *,
    deprecated: bool = False,
    oneof: str = "",
) -> FieldNumber:
    """Annotate a record's field with its protobuf number (`mesos-proto-fields.tsv`)."""
    if not 1 <= number < 2**29:
        raise ValueError(f"protobuf field number {number}: must be from 1 to 2^29-1")
    return FieldNumber(number, default, deprecated, oneof)


class Wire(NamedTuple):
    """Which of protobuf's integer types an `int` is."""

    type_name: str


#: Integers by their protobuf type: a plain `int` says neither width nor sign.
Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1), Wire("int32")]
UInt32 = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1), Wire("uint32")]
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1), Wire("int64")]
UInt64 = Annotated[int, msgspec.Meta(ge=0), Wire("uint64")]


class _RecordMeta(msgspec.StructMeta):
    """Makes every record's fields keyword-only: msgspec does not pass that option on to subclasses."""

    def __new__(  # noqa: PYI034 - Self cannot stand in a metaclass
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, object], *, frozen: bool = True
    ) -> _RecordMeta:
        """Make the class."""
        # Immutable, and so never part of a cycle: see `transport.message.Message`.
        return super().__new__(
            cls, name, bases, namespace, frozen=frozen, kw_only=True, omit_defaults=True, gc=False
        )


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Record(msgspec.Struct, metaclass=_RecordMeta, frozen=True):
    """An immutable value with Mesos' v1 field names; compares and hashes by its fields."""


def proto_name(declared: type) -> str:
    """The full protobuf name of a record or enumeration, such as `mesos.v1.Offer.Operation`.

    Classes are nested as in the .proto file. A module whose package is not `mesos.v1` names it in
    `PROTO_PACKAGE`.
    """
    package: str = getattr(sys.modules[declared.__module__], "PROTO_PACKAGE", "mesos.v1")
    return f"{package}.{declared.__qualname__}"
