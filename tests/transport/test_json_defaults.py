"""Declared defaults are added wherever they are missing, and nothing is copied where none is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import auto
from typing import Annotated

from transport.json_defaults import completed
from transport.record import Record, number
from transport.records.enumeration import Enumeration
from transport.records.ids import TaskID


class Colour(Enumeration):
    RED = auto(), 1
    BLUE = auto(), 2


class Lid(Record):
    colour: Annotated[Colour | None, number(1, "BLUE")] = None
    is_tight: Annotated[bool | None, number(2, True)] = None
    old: Annotated[str | None, number(3, "x", deprecated=True)] = None


class Jar(Record):
    spare: Annotated[Lid | None, number(1)] = None
    lids: Annotated[tuple[Lid, ...], number(2)] = ()
    named: Annotated[Mapping[str, Lid], number(3)] = {}


WHOLE = Lid(colour=Colour.BLUE, is_tight=True)


def test_defaults_are_added_but_not_those_of_deprecated_fields() -> None:
    assert completed(Lid()) == WHOLE
    assert completed(Lid(colour=Colour.RED, is_tight=False)) == Lid(colour=Colour.RED, is_tight=False)


def test_they_are_added_within_fields_lists_and_maps() -> None:
    assert completed(Jar(spare=Lid(), lids=(Lid(is_tight=False), WHOLE), named={"a": Lid()})) == Jar(
        spare=WHOLE, lids=(Lid(colour=Colour.BLUE, is_tight=False), WHOLE), named={"a": WHOLE}
    )
    assert completed(Jar()) == Jar()


def test_a_record_that_lacks_nothing_is_not_copied() -> None:
    for record in (WHOLE, TaskID(value="t"), Jar(spare=WHOLE, lids=(WHOLE, WHOLE))):
        assert completed(record) is record
