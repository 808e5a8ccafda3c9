"""How commands print."""

from __future__ import annotations

import json as json_library

import pytest

from actors.cli.table import json, seconds, table
from transport.messages.node import NodePeer
from transport.pid import Address, Pid


def test_columns_are_aligned_and_numbers_stand_at_the_right() -> None:
    rows = [("a", 5, "x"), ("longer", 1000, "")]
    assert table(("NAME", "TURNS", "NOTE"), rows).splitlines() == [
        "NAME    TURNS  NOTE",
        "a           5  x",
        "longer   1000",
    ]


def test_an_empty_table_is_its_headings() -> None:
    assert table(("NAME", "TURNS"), []) == "NAME  TURNS"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 ms"),
        (0.00012, "0.12 ms"),
        (0.25, "250 ms"),
        (12.34, "12.3 s"),
        (185.9, "3 min 5 s"),
        (11100.0, "3 h 5 min"),
        (200000.0, "2 d 7 h"),
    ],
)
def test_lengths_of_time_read_well(value: float, text: str) -> None:
    assert seconds(value) == text


def test_programs_get_addresses_as_text_and_records_by_field() -> None:
    peer = NodePeer(address=Address("h", 1), state="up", incarnation=2, queued=3, sent=4, received=5)
    value = {Address("h", 1): [Pid("a", "h", 1), peer], "rate": 0.5}
    assert json_library.loads(json(value)) == {
        "h:1": [
            "a@h:1",
            {"address": "h:1", "state": "up", "incarnation": 2, "queued": 3, "sent": 4, "received": 5},
        ],
        "rate": 0.5,
    }
