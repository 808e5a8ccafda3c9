from __future__ import annotations

import pytest

from actors.log.recovery import Become, Go, Recovery
from tests.actors.log.parliament import member
from transport.messages.replication import Ballot, RecoverResponse, Status

EMPTY, STARTING, RECOVERING, VOTING = Status.EMPTY, Status.STARTING, Status.RECOVERING, Status.VOTING
OLD, NOW = Ballot(1, 1), Ballot(2, 1)


def fares(
    status: Status,
    number: int = 0,
    *,
    asker: str = "r0",
    replica: str = "",
    end: int = 0,
    learned: int = 0,
    promised: Ballot = OLD,
    yours: int = 0,
    votes: bool | None = None,
    retired: str = "",
) -> RecoverResponse:
    """How the replica of that number fares."""
    return RecoverResponse(
        replica or f"r{number}",
        asker,
        status,
        promised,
        end=end,
        learned=learned,
        yours=yours,
        votes=status is VOTING if votes is None else votes,
        retired=retired,
    )


def recovery(
    mine: Status | RecoverResponse,
    *others: Status | RecoverResponse,
    quorum: int = 2,
    size: int = 3,
    auto_initialize: bool = True,
) -> Recovery:
    """A recovery of replica 0, that has heard from some others."""
    books = Recovery(quorum, auto_initialize=auto_initialize)
    books.change_members([member(number) for number in range(size)], size)
    books.hear_own(fares(mine) if isinstance(mine, Status) else mine)
    for number, other in enumerate(others, start=1):
        books.hear(member(number), fares(other, number) if isinstance(other, Status) else other)
    return books


# --- auto-initialisation ---


@pytest.mark.parametrize("others", [(EMPTY, EMPTY), (EMPTY, STARTING), (STARTING, STARTING)])
def test_when_all_are_empty_they_start(others: tuple[Status, ...]) -> None:
    assert recovery(EMPTY, *others).decide() == Become(STARTING)


@pytest.mark.parametrize("others", [(STARTING, STARTING), (STARTING, VOTING), (VOTING, VOTING)])
def test_when_all_start_they_vote(others: tuple[Status, ...]) -> None:
    books = recovery(STARTING, *others)
    assert books.decide() == Become(VOTING, OLD)
    books.hear_own(fares(VOTING))
    assert books.settled


def test_who_starts_when_others_have_written_already_recovers() -> None:
    assert recovery(STARTING, fares(VOTING, 1, end=1), STARTING).decide() is None
    assert recovery(STARTING, fares(VOTING, 1, end=1), VOTING).decide() == Become(RECOVERING, above="r0")


@pytest.mark.parametrize("mine", [EMPTY, STARTING])
@pytest.mark.parametrize(
    "others", [(), (EMPTY,), (STARTING,), (VOTING,), (EMPTY, VOTING), (RECOVERING, EMPTY)]
)
def test_as_long_as_it_is_not_known_that_nothing_was_lost_they_wait(
    mine: Status, others: tuple[Status, ...]
) -> None:
    assert recovery(mine, *others).decide() is None


def test_who_was_told_not_to_does_not_start() -> None:
    assert recovery(EMPTY, EMPTY, EMPTY, auto_initialize=False).decide() is None


def test_nobody_starts_while_there_are_more_than_the_quorum_is_for() -> None:
    books = recovery(EMPTY, EMPTY, EMPTY, size=4)
    assert books.decide() is None
    books.change_members([member(number) for number in range(3)], 4)
    assert books.decide() is None
    books.change_members([member(number) for number in range(3)], 3)
    assert books.decide() == Become(STARTING)


def test_nobody_starts_as_long_as_there_may_be_members_that_are_not_known() -> None:
    books = recovery(EMPTY, EMPTY, EMPTY)
    books.change_members([member(number) for number in range(3)], None, sure=False)
    assert books.decide() is None
    books.change_members([], None)
    assert books.decide() is None


def test_one_replica_starts_by_itself() -> None:
    books = recovery(EMPTY, quorum=1, size=1)
    assert books.decide() == Become(STARTING)
    books.hear_own(fares(STARTING))
    assert books.decide() == Become(VOTING)


def test_a_replica_that_stands_twice_counts_once() -> None:
    books = recovery(EMPTY, EMPTY, fares(EMPTY, 2, replica="r1"))
    assert books.decide() is None
    assert recovery(EMPTY, EMPTY, fares(EMPTY, 2, replica="r0")).decide() is None


def test_who_is_no_member_counts_for_nothing() -> None:
    books = recovery(EMPTY, EMPTY, EMPTY)
    books.change_members([member(0), member(1)], 2)
    assert books.decide() is None
    books.hear(member(2), fares(EMPTY, 2))
    assert books.decide() is None


def test_who_is_silent_since_counts_for_nothing() -> None:
    books = recovery(EMPTY, EMPTY, EMPTY)
    books.forget([member(2)])
    assert books.decide() is None


# --- recovering ---


def test_when_a_quorum_of_others_votes_it_recovers_under_an_id_of_its_own() -> None:
    assert recovery(EMPTY, VOTING, VOTING).decide() == Become(RECOVERING, above="r0")


def test_it_votes_when_it_has_what_a_quorum_holds_and_promises_what_they_did() -> None:
    one, two = fares(VOTING, 1, end=7, promised=NOW), fares(VOTING, 2, end=9)
    books = recovery(fares(RECOVERING, learned=8), one, two)
    assert books.decide() is None
    assert books.target == 9
    books.hear_own(fares(RECOVERING, learned=9))
    assert books.decide() == Become(VOTING, NOW)


def test_what_others_write_meanwhile_does_not_keep_it_from_voting() -> None:
    books = recovery(RECOVERING, fares(VOTING, 1, end=1), fares(VOTING, 2, end=1))
    books.decide()
    books.hear(member(1), fares(VOTING, 1, end=50))
    books.hear_own(fares(RECOVERING, learned=1))
    assert books.decide() == Become(VOTING, OLD)


@pytest.mark.parametrize("other", [EMPTY, STARTING, RECOVERING, fares(VOTING, 2, votes=False)])
def test_without_a_quorum_of_others_that_vote_it_does_not(other: Status | RecoverResponse) -> None:
    assert recovery(RECOVERING, VOTING, other).decide() is None


def test_one_replica_that_lost_its_disk_does_not_vote_again_by_itself() -> None:
    assert recovery(RECOVERING, quorum=1, size=1).decide() is None


def test_answers_to_an_earlier_id_count_for_nothing() -> None:
    books = recovery(fares(RECOVERING, replica="r0-new"), fares(VOTING, 1), fares(VOTING, 2))
    assert books.decide() is None


def test_what_was_heard_under_an_earlier_id_is_forgotten() -> None:
    books = recovery(RECOVERING, fares(VOTING, 1, end=3), fares(VOTING, 2, end=3))
    books.decide()
    books.hear_own(fares(RECOVERING, replica="r0-new", learned=3))
    assert books.decide() is None
    assert (books.target, books.others) == (None, {})


@pytest.mark.parametrize(
    ("mine", "then"), [(EMPTY, EMPTY), (STARTING, EMPTY), (RECOVERING, RECOVERING), (VOTING, RECOVERING)]
)
def test_who_has_an_id_that_was_followed_by_another_takes_a_greater_one(mine: Status, then: Status) -> None:
    books = recovery(mine, fares(VOTING, 1, retired="r7"), fares(VOTING, 2))
    assert books.decide() == Become(then, above="r7")


def test_who_votes_already_takes_a_greater_id_when_enough_others_vote() -> None:
    books = recovery(VOTING, VOTING, fares(VOTING, 2, votes=False))
    assert books.decide() == Go(OLD)
    books.hear(member(1), fares(VOTING, 1, retired="r7"))
    assert books.decide() is None
    books.hear(member(2), fares(VOTING, 2))
    assert books.decide() == Become(RECOVERING, above="r7")


# --- the check of a replica that votes ---


def test_a_replica_that_votes_goes_on_when_enough_others_know_of_nothing_later() -> None:
    books = recovery(fares(VOTING, end=5, votes=False), fares(VOTING, 1, yours=5, promised=NOW))
    before = books.settled
    assert books.decide() == Go(NOW)
    assert (before, books.settled) == (False, True)
    assert books.decide() is None


def test_a_replica_whose_disk_was_set_back_recovers_under_another_id() -> None:
    books = recovery(fares(VOTING, end=5, votes=False), VOTING, fares(EMPTY, 2, yours=6))
    assert books.decide() == Become(RECOVERING, above="r0")


@pytest.mark.parametrize("other", [EMPTY, STARTING, RECOVERING])
def test_who_does_not_vote_vouches_for_nobody(other: Status) -> None:
    assert recovery(VOTING, other).decide() is None


def test_those_that_are_started_together_vouch_for_each_other() -> None:
    assert recovery(fares(VOTING, votes=False), fares(VOTING, 1, votes=False)).decide() == Go(OLD)


def test_as_long_as_there_is_hope_it_waits_for_all() -> None:
    books = recovery(VOTING, VOTING)
    assert books.decide(patient=True) is None
    books.hear(member(2), fares(VOTING, 2))
    assert books.decide(patient=True) == Go(OLD)


def test_one_replica_vouches_for_itself() -> None:
    assert recovery(VOTING, quorum=1, size=1).decide(patient=True) == Go(Ballot())


def test_nothing_is_decided_before_its_own_replica_has_answered() -> None:
    assert Recovery(1).decide() is None


def test_a_quorum_of_none_is_refused() -> None:
    with pytest.raises(ValueError, match="quorum 0"):
        Recovery(0)
