from __future__ import annotations

import pytest

from actors.log.holdings import Holdings
from tests.actors.log.parliament import append
from transport.messages.replication import Accepted, Action, Ballot, Kind

OLD, NOW = Ballot(1, 1), Ballot(2, 1)


def holding(*positions: int, learned: bool = True) -> Holdings:
    """Values at these positions."""
    holdings = Holdings()
    for position in positions:
        holdings.write(Accepted(OLD, append(position, b"%d" % position), learned))
    return holdings


def test_it_is_known_up_to_where_everything_is_chosen() -> None:
    holdings = holding(1, 2, 4)
    assert (holdings.begin, holdings.learned, holdings.end) == (1, 2, 4)
    holdings.choose(3, append(3, b"three"), NOW)
    assert (holdings.learned, holdings.settled) == (4, NOW)
    holdings.check_invariants()


def test_what_was_accepted_is_chosen_under_the_greater_ballot() -> None:
    holdings = holding(1, learned=False)
    holdings.choose(1, None, NOW)
    assert holdings.get(1) == Accepted(NOW, append(1, b"1"), learned=True)


def test_nothing_is_chosen_where_nothing_is_held() -> None:
    with pytest.raises(AssertionError, match="position 1 is chosen, but holds nothing"):
        Holdings().choose(1, None, NOW)


@pytest.mark.parametrize("begin", [3, 5, 1_000_000_000])
def test_what_lies_before_the_beginning_is_dropped_and_stays_so(begin: int) -> None:
    holdings = holding(1, 2, 3, 4)
    holdings.give_up(begin)
    holdings.give_up(1)
    holdings.write(Accepted(NOW, append(2, b"late")))
    holdings.choose(2, append(2, b"late"), NOW)
    assert (holdings.begin, holdings.end) == (begin, max(4, begin - 1))
    assert [accepted.action.position for accepted in holdings.accepted()] == list(range(begin, 5))
    holdings.check_invariants()


def test_a_truncation_takes_effect_when_it_is_chosen_and_spares_itself() -> None:
    holdings = holding(1, 2)
    truncate = Action(3, Kind.TRUNCATE, to=99)
    holdings.write(Accepted(NOW, truncate))
    assert holdings.begin == 1
    holdings.choose(3, None, NOW)
    assert (holdings.begin, holdings.end) == (3, 3)
    holdings.check_invariants()


def test_values_are_read_up_to_the_first_that_is_not_chosen() -> None:
    holdings = holding(1, 2, 3, 5)
    assert [action.position for action in holdings.read(2, 1 << 20)] == [2, 3]
    assert [action.position for action in holdings.read(1, 2)] == [1, 2]
    assert [action.position for action in holdings.read(1, 0)] == [1]
    assert list(holdings.read(4, 1 << 20)) == []


def test_its_records_restore_it() -> None:
    holdings = holding(2, 3)
    holdings.write(Accepted(NOW, append(5, b"five")))
    again = Holdings()
    for record in holdings.records():
        again.write(record.accepted)
    assert list(again.accepted()) == list(holdings.accepted())
    assert (again.learned, again.end, again.settled) == (holdings.learned, holdings.end, holdings.settled)
