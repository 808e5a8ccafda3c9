from __future__ import annotations

import math

import pytest

from actors.master.allocator.lanes import Lanes
from actors.master.allocator.minimum import Minimum
from actors.master.allocator.portion import Portions
from actors.master.allocator.refusals import Refusals, refusal_seconds
from tests.actors.master.allocator.factories import resources

PORTIONS = Portions(Lanes(), Minimum.parse(""))
FOUR = PORTIONS.of(resources("cpus:4"))
TWO = PORTIONS.of(resources("cpus:2"))


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        (None, 5.0),
        (0.0, 0.0),
        (0.2, 1.0),
        (7.0, 7.0),
        (-1.0, 5.0),
        (math.nan, 5.0),
        (math.inf, 365 * 86400.0),
        (1e9, 365 * 86400.0),
    ],
)
def test_refusals_hold_as_long_as_was_asked_within_bounds(asked: float | None, seconds: float) -> None:
    assert refusal_seconds(asked, least=1.0) == seconds


def test_less_than_was_refused_is_refused_and_more_is_not() -> None:
    refusals = Refusals()
    refusals.refuse(1, TWO.resources, until=5.0)

    assert refusals.covers(1, TWO)
    assert not refusals.covers(1, FOUR)
    assert not refusals.covers(2, TWO)


def test_a_refusal_ends_when_its_time_has_come() -> None:
    refusals = Refusals()
    refusals.refuse(1, FOUR.resources, until=5.0)
    refusals.refuse(2, FOUR.resources, until=6.0)
    assert refusals.end == 5.0

    refusals.expire(5.0)

    assert refusals.mask == 2
    assert refusals.uninterested(TWO, 0) == 2
    assert refusals.end == 6.0


def test_the_longer_of_two_refusals_counts() -> None:
    refusals = Refusals()
    for until in (5.0, 9.0, 7.0):
        refusals.refuse(1, FOUR.resources, until)
    refusals.expire(8.0)

    assert refusals.of(1) == [(FOUR.resources, 9.0)]


def test_what_is_revived_is_forgotten_for_all_that_was_refused() -> None:
    refusals = Refusals()
    for bit in (1, 2, 4):
        refusals.refuse(bit, FOUR.resources, until=5.0)
        refusals.refuse(bit, TWO.resources, until=5.0)
    refusals.revive(1 | 4)

    assert refusals.uninterested(TWO, 0) == 2
    assert refusals.of(1) == []


def test_those_who_may_see_a_reservation_did_not_refuse_what_they_were_not_shown() -> None:
    refusals = Refusals()
    refusals.refuse(1, FOUR.resources, until=5.0)
    refusals.refuse(2, FOUR.resources, until=5.0)
    reserved = PORTIONS.of(resources("cpus:4;mem(a):64"))

    assert refusals.uninterested(reserved, beneficiaries=2) == 1


def test_refusing_and_reviving_for_ever_does_not_pile_up() -> None:
    refusals = Refusals()
    for number in range(1000):
        refusals.refuse(1, FOUR.resources, until=1e6 + number)
        refusals.refuse(2, FOUR.resources, until=1e6 + number)
        refusals.revive(1)

    (refused,) = refusals._refused.values()
    assert len(refused._ends) < 50
