"""When it is doubtful that a leader still leads."""

from __future__ import annotations

from actors.election.doubt import Doubt


def test_only_a_newer_epoch_is_a_reason() -> None:
    doubt = Doubt()
    assert not doubt.arises(7, 0)
    assert not doubt.arises(7, 7)
    assert doubt.arises(7, 8)


def test_an_epoch_that_was_found_to_be_nobodys_is_no_reason_again() -> None:
    doubt = Doubt()
    assert doubt.arises(7, 100)
    doubt.settle(7)
    assert not doubt.arises(7, 100)
    assert not doubt.arises(8, 100)
    assert doubt.arises(7, 101)


def test_a_leader_of_the_newer_epoch_refutes_nothing() -> None:
    doubt = Doubt()
    assert doubt.arises(7, 9)
    doubt.settle(9)
    assert not doubt.arises(9, 9)
    assert doubt.arises(8, 9)
