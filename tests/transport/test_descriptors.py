"""Descriptors for protobuf's library: it knows each message as it is declared."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from enum import auto
from pathlib import Path
from typing import Annotated

import pytest

from tests.transport.records.any_record import every_record
from transport.descriptors import in_order, message_class, serialize
from transport.record import Record, UInt32, number, proto_name
from transport.records.enumeration import Enumeration
from transport.records.ids import ContainerID, TaskID
from transport.schema import fields_of

ROOT = Path(__file__).parents[2]


class Taste(Enumeration):
    SWEET = auto(), 1
    SOUR = auto(), 7


class Cake(Record):
    class Layer(Record):
        grams: Annotated[UInt32, number(1)]

    taste: Annotated[Taste, number(3)]
    layers: Annotated[tuple[Layer, ...], number(2)] = ()
    prices: Annotated[Mapping[str, float], number(17)] = {}
    box: Annotated[bytes | None, number(4, oneof="wrapping")] = None
    paper: Annotated[Layer | None, number(5, oneof="wrapping")] = None


def test_every_record_is_known_by_its_fields() -> None:
    for record in every_record():
        descriptor = message_class(record).DESCRIPTOR
        assert descriptor.full_name == proto_name(record)
        known = {field.name: (field.number, field.is_required) for field in descriptor.fields}
        assert known == {field.name: (field.number, field.label == "required") for field in fields_of(record)}


def test_a_record_is_written_as_the_specification_of_protobuf_says() -> None:
    cake = Cake(
        taste=Taste.SOUR,
        layers=(Cake.Layer(grams=1), Cake.Layer(grams=300)),
        prices={"a": 1.0},
        box=b"\xff",
    )
    assert serialize(cake) == (
        b"\x12\x02\x08\x01"  # 2, bytes: a layer of one gram
        b"\x12\x03\x08\xac\x02"  # and one of 300
        b"\x18\x07"  # 3, varint: its taste
        b"\x22\x01\xff"  # 4, bytes: the box
        b"\x8a\x01\x0c\x0a\x01a\x11\x00\x00\x00\x00\x00\x00\xf0\x3f"  # 17: an entry with key and value
    )


def test_an_empty_record_within_another_is_written() -> None:
    assert serialize(Cake(taste=Taste.SWEET, paper=Cake.Layer(grams=0))) == b"\x18\x01\x2a\x02\x08\x00"


def test_entries_of_maps_are_written_in_one_order() -> None:
    prices = {str(key): 1.0 for key in range(20)}
    there, back = (
        Cake(taste=Taste.SOUR, prices=dict(items)) for items in (prices.items(), reversed(prices.items()))
    )
    assert serialize(there) == serialize(back)


def test_a_message_in_pieces_is_put_together() -> None:
    pieces = serialize(ContainerID(value="a", parent=ContainerID(value="b")))
    more = b"\x12\x04\x12\x02\x0a\x00"  # the parent's parent
    assert in_order(pieces + more, ContainerID) == serialize(
        ContainerID(value="a", parent=ContainerID(value="b", parent=ContainerID(value="")))
    )
    assert in_order(b"", TaskID) == b""


def test_what_is_no_protobuf_is_malformed() -> None:
    with pytest.raises(ValueError, match="malformed"):
        in_order(b"\x0a\x05a", TaskID)


_FIRST_USERS = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from tests.transport.records.any_record import every_record
from transport.descriptors import message_class
from transport.record import proto_name

records, begin = list(every_record()), threading.Barrier(8)
sys.setswitchinterval(1e-5)

def use(place):
    begin.wait()
    return {message_class(record).DESCRIPTOR.full_name for record in records[place:] + records[:place]}

with ThreadPoolExecutor(8) as pool:
    found = list(pool.map(use, range(0, 80, 10)))
assert found == [{proto_name(record) for record in records}] * 8
"""


def test_several_threads_may_be_the_first_to_use_records() -> None:
    # In a process of its own, to which none of them is known yet.
    subprocess.run([sys.executable, "-c", _FIRST_USERS], check=True, cwd=ROOT, timeout=60)
