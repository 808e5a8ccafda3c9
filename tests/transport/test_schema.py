"""What `schema` reads from a declaration, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from enum import auto
from typing import Annotated

import pytest

from transport.record import Record, UInt32, number, proto_name
from transport.records import offer, quota
from transport.records.enumeration import Enumeration
from transport.schema import Field, declared_in, fields_of


class Colour(Enumeration):
    RED = auto(), 3


class Paint(Record):
    class Layer(Record):
        microns: Annotated[UInt32, number(1)]

    colour: Annotated[Colour | None, number(4, "RED", deprecated=True)] = None
    layers: Annotated[tuple[Layer, ...], number(2)] = ()
    prices: Annotated[Mapping[str, float], number(3)] = {}
    data: Annotated[bytes | None, number(9, oneof="content")] = None


class Unnumbered(Record):
    name: str


class Untyped(Record):
    name: Annotated[complex, number(1)]


LAYER = proto_name(Paint.Layer)


def test_a_field_tells_its_number_label_type_and_default() -> None:
    assert fields_of(Paint) == (
        Field("colour", 4, "optional", proto_name(Colour), Colour, "RED", deprecated=True, oneof=""),
        Field("layers", 2, "repeated", LAYER, Paint.Layer, None, deprecated=False, oneof=""),
        Field("prices", 3, "map", "double", None, None, deprecated=False, oneof=""),
        Field("data", 9, "optional", "bytes", None, None, deprecated=False, oneof="content"),
    )
    assert fields_of(Paint.Layer) == (
        Field("microns", 1, "required", "uint32", None, None, deprecated=False, oneof=""),
    )


def test_the_protobuf_name_follows_the_nesting_and_the_package_of_the_module() -> None:
    assert proto_name(offer.Offer.Operation.Launch) == "mesos.v1.Offer.Operation.Launch"
    assert proto_name(quota.QuotaConfig) == "mesos.v1.quota.QuotaConfig"


def test_a_module_declares_its_own_classes_and_those_nested_in_them() -> None:
    declared = [proto_name(found) for found in declared_in(quota)]
    assert declared == [
        "mesos.v1.quota.QuotaInfo",
        "mesos.v1.quota.QuotaRequest",
        "mesos.v1.quota.QuotaConfig",
        "mesos.v1.quota.QuotaStatus",
    ]
    assert offer.Offer.Operation.Type in declared_in(offer)


def test_a_field_without_a_number_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Unnumbered\.name: must be annotated with one number"):
        fields_of(Unnumbered)


def test_a_type_that_protobuf_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="complex"):
        fields_of(Untyped)


@pytest.mark.parametrize("bad", [0, -1, 2**29])
def test_a_number_that_protobuf_does_not_have_is_refused(bad: int) -> None:
    with pytest.raises(ValueError, match="protobuf field number"):
        number(bad)
