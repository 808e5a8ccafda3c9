from __future__ import annotations

import pytest

from actors.log import entry
from actors.log.shelf import TRUNCATE_BYTES, TRUNCATE_POSITIONS, Shelf
from actors.state.variable import Variable
from transport.messages.replication import Action, Kind


def put(shelf: Shelf, position: int, value: bytes = b"", name: str = "registry") -> None:
    """Put a variable on the shelf."""
    content = entry.encode(name, Variable(b"%d" % position, value))
    shelf.put(position, Action(position, Kind.APPEND, content))
    shelf.check_invariants()


def test_the_newest_version_of_each_variable_is_kept() -> None:
    shelf = Shelf()
    put(shelf, 1, b"one")
    put(shelf, 2, b"other", "quota")
    shelf.put(3, Action(3, Kind.NOP))
    put(shelf, 4, b"two")
    assert shelf.get("registry") == Variable(b"4", b"two")
    assert shelf.get("quota") == Variable(b"2", b"other")
    assert shelf.get("nothing") == Variable()


def test_positions_are_given_up_when_there_are_many_but_never_what_a_variable_needs() -> None:
    shelf = Shelf()
    put(shelf, 1, name="quota")
    for position in range(2, TRUNCATE_POSITIONS + 9):
        put(shelf, position)
    assert shelf.useless_before == 0
    put(shelf, TRUNCATE_POSITIONS + 9, name="quota")
    assert shelf.useless_before == TRUNCATE_POSITIONS + 8


def test_positions_are_given_up_when_they_are_large() -> None:
    shelf = Shelf()
    shelf.put(1, Action(1, Kind.APPEND, entry.encode("a", Variable())))
    put(shelf, 2)
    assert shelf.useless_before == 0
    shelf.put(3, Action(3, Kind.NOP, bytes(TRUNCATE_BYTES)))
    put(shelf, 4, name="a")
    put(shelf, 5)
    assert shelf.useless_before == 4


def test_what_was_given_up_is_not_given_up_again() -> None:
    shelf = Shelf()
    for position in range(1, TRUNCATE_POSITIONS + 2):
        put(shelf, position)
    to = shelf.useless_before
    assert to == TRUNCATE_POSITIONS + 1
    shelf.put(to + 1, Action(to + 1, Kind.TRUNCATE, to=to))
    assert shelf.useless_before == 0


def test_a_value_that_is_no_variable_is_refused_by_its_position() -> None:
    with pytest.raises(entry.EntryError, match="position 7 of the log: not written"):
        Shelf().put(7, Action(7, Kind.APPEND, b"\xc1"))


def test_a_position_that_was_given_up_holds_nothing() -> None:
    shelf = Shelf()
    shelf.put(1, None)
    assert shelf.useless_before == 0
