from __future__ import annotations

import pytest

from actors.log.effects import Persist, Reply
from actors.log.records import (
    Begins,
    Chosen,
    Identity,
    Known,
    LogRecord,
    Met,
    Promised,
    StatusChanged,
    Written,
)
from actors.log.replica import DivergedError, Replica, Request
from tests.actors.log.parliament import answers, append, voting
from transport.messages.replication import (
    Accepted,
    Action,
    Ballot,
    ChangeStatus,
    Kind,
    Learned,
    LearnedRequest,
    LearnedResponse,
    Peer,
    PromiseRequest,
    PromiseResponse,
    ReadLog,
    RecoverRequest,
    RecoverResponse,
    Settled,
    Status,
    Unsettled,
    Verdict,
    Vouch,
    WriteRequest,
    WriteResponse,
)

OLD, NOW, NEXT = Ballot(1, 1), Ballot(2, 1), Ballot(3, 1)


def persisted(replica: Replica, message: Request) -> list[LogRecord]:
    """What a replica persists for a message."""
    return [effect.record for effect in replica.receive(message) if isinstance(effect, Persist)]


def said(replica: Replica, message: Request) -> Verdict:
    """How a replica answers a request."""
    (answer,) = answers(replica, message)
    assert isinstance(answer, PromiseResponse | WriteResponse)
    return answer.verdict


def restored(replica: Replica) -> Replica:
    """The same replica, from its own sum."""
    again = Replica(replica.snapshot(), replica.quorum)
    assert again.snapshot() == replica.snapshot()
    again.check_invariants()
    return again


def chosen(replica: Replica, *positions: int, ballot: Ballot = OLD) -> None:
    """Let a replica learn values at these positions."""
    for position in positions:
        replica.receive(Learned(append(position, b"%d" % position), ballot))


# --- promises ---


def test_a_promise_is_persisted_before_it_is_given() -> None:
    effects = voting().receive(PromiseRequest(NOW))
    assert effects[0] == Persist(Promised(NOW))
    assert isinstance(effects[1], Reply)


def test_a_promise_tells_what_the_replica_holds() -> None:
    replica = voting()
    replica.receive(WriteRequest(OLD, append(4, b"four")))
    (answer,) = answers(replica, PromiseRequest(NOW))
    assert answer == PromiseResponse(NOW, Verdict.ACCEPT, promised=OLD, begin=1, end=4, replica="r0")


@pytest.mark.parametrize("ballot", [OLD, NOW])
def test_a_promise_is_given_for_no_lesser_ballot_and_not_twice_for_the_same(ballot: Ballot) -> None:
    replica = voting()
    replica.receive(PromiseRequest(NOW))
    (answer,) = answers(replica, PromiseRequest(ballot))
    assert answer == PromiseResponse(ballot, Verdict.REJECT, promised=NOW, replica="r0")


def test_a_promise_of_one_position_tells_what_was_accepted_there_and_may_be_repeated() -> None:
    replica = voting()
    replica.receive(WriteRequest(OLD, append(1, b"one")))
    for _ in range(2):
        (answer,) = answers(replica, PromiseRequest(NOW, 1))
        assert isinstance(answer, PromiseResponse)
        assert answer.accepted == Accepted(OLD, append(1, b"one"))
    assert said(replica, PromiseRequest(OLD, 1)) is Verdict.REJECT


def test_a_promise_of_one_position_binds_them_all() -> None:
    replica = voting()
    replica.receive(PromiseRequest(NOW, 1))
    assert said(replica, WriteRequest(OLD, append(9, b"nine"))) is Verdict.REJECT


def test_a_promise_of_a_position_that_was_given_up_says_so() -> None:
    replica = voting(0, [Begins(5)])
    (answer,) = answers(replica, PromiseRequest(NOW, 4))
    assert isinstance(answer, PromiseResponse)
    assert answer.truncated


# --- writes ---


def test_a_write_is_persisted_before_it_is_accepted() -> None:
    effects = voting().receive(WriteRequest(NOW, append(1, b"one")))
    assert effects == (
        Persist(Written(Accepted(NOW, append(1, b"one")))),
        Reply(WriteResponse(NOW, 1, Verdict.ACCEPT, replica="r0")),
    )


def test_a_write_of_a_lesser_ballot_is_rejected() -> None:
    replica = voting()
    replica.receive(PromiseRequest(NOW))
    assert answers(replica, WriteRequest(OLD, append(1, b"one"))) == [
        WriteResponse(OLD, 1, Verdict.REJECT, NOW, "r0")
    ]


def test_a_write_binds_like_a_promise() -> None:
    replica = voting()
    replica.receive(WriteRequest(NOW, append(1, b"one")))
    assert said(replica, WriteRequest(OLD, append(2, b"two"))) is Verdict.REJECT


def test_a_write_replaces_what_a_lesser_ballot_wrote() -> None:
    replica = voting()
    replica.receive(WriteRequest(OLD, append(1, b"one")))
    assert said(replica, WriteRequest(NOW, append(1, b"uno"))) is Verdict.ACCEPT
    assert replica.holdings.get(1) == Accepted(NOW, append(1, b"uno"))


def test_a_repeated_write_is_accepted_and_not_persisted_again() -> None:
    replica = voting()
    replica.receive(WriteRequest(NOW, append(1, b"one")))
    assert persisted(replica, WriteRequest(NOW, append(1, b"one"))) == []
    assert said(replica, WriteRequest(NOW, append(1, b"one"))) is Verdict.ACCEPT


def test_another_value_of_the_same_ballot_counts_for_nothing() -> None:
    replica = voting()
    replica.receive(WriteRequest(NOW, append(1, b"one")))
    assert said(replica, WriteRequest(NOW, append(1, b"uno"))) is Verdict.IGNORED


def test_what_is_chosen_is_never_written_over() -> None:
    replica = voting()
    chosen(replica, 1)
    assert said(replica, WriteRequest(NOW, append(1, b"uno"))) is Verdict.IGNORED
    assert replica.holdings.get(1) == Accepted(OLD, append(1, b"1"), learned=True)


@pytest.mark.parametrize("position", [1, 2])
def test_a_yes_to_what_is_chosen_or_given_up_waits_for_the_disk_too(position: int) -> None:
    replica = voting(0, [Begins(2)])
    chosen(replica, 2)
    effects = replica.receive(WriteRequest(NOW, append(position, b"%d" % position)))
    assert effects[0] == Persist(Promised(NOW), sync=True)
    assert effects[1] == Reply(WriteResponse(NOW, position, Verdict.ACCEPT, replica="r0"))


# --- who votes ---


@pytest.mark.parametrize("status", [Status.EMPTY, Status.STARTING, Status.RECOVERING])
@pytest.mark.parametrize("request_", [PromiseRequest(NOW), WriteRequest(NOW, append(1, b"one"))])
def test_only_a_voting_replica_votes(status: Status, request_: PromiseRequest | WriteRequest) -> None:
    replica = Replica((Identity("r0"), StatusChanged(status)))
    replica.receive(Vouch())
    assert persisted(replica, request_) == []
    assert said(replica, request_) is Verdict.IGNORED


def test_a_replica_that_was_restarted_votes_once_it_is_vouched_for() -> None:
    replica = Replica((Identity("r0"), StatusChanged(Status.VOTING)))
    assert said(replica, PromiseRequest(NOW)) is Verdict.IGNORED
    assert replica.receive(Vouch(NEXT)) == (Persist(Promised(NEXT)),)
    assert said(replica, PromiseRequest(NOW)) is Verdict.REJECT


def test_what_is_not_vouched_for_learns_nothing() -> None:
    replica = Replica((Identity("r0"), StatusChanged(Status.VOTING)))
    chosen(replica, 1)
    replica.receive(Settled(NOW, 5))
    replica.receive(LearnedResponse(1, 1, (append(1, b"one"),)))
    assert replica.end == 0


@pytest.mark.parametrize("status", [Status.EMPTY, Status.STARTING])
def test_what_never_held_anything_learns_nothing(status: Status) -> None:
    replica = Replica((Identity("r0"), StatusChanged(status)))
    chosen(replica, 1)
    assert replica.end == 0


# --- learning ---


def test_who_learns_a_value_heeds_no_lesser_ballot_and_that_is_durable() -> None:
    effects = voting().receive(Learned(append(1, b"one"), NOW, ("r1",)))
    assert effects == (
        Persist(Promised(NOW)),
        Persist(Chosen(1, append(1, b"one"), ("r1",), NOW), sync=False),
    )


def test_what_was_accepted_is_not_persisted_again_when_it_is_learned() -> None:
    replica = voting()
    replica.receive(WriteRequest(NOW, append(1, b"one")))
    assert persisted(replica, Learned(append(1, b"one"), NOW)) == [Chosen(1, None, (), NOW)]
    assert persisted(replica, Learned(append(1, b"one"), NOW)) == []


def test_two_values_for_one_position_are_the_end() -> None:
    replica = voting()
    chosen(replica, 1)
    with pytest.raises(DivergedError, match=r"two values were chosen at position 1: .* remove the folder"):
        replica.receive(Learned(append(1, b"uno"), NOW))


def test_values_are_read_from_where_asked_to_the_first_that_is_not_known() -> None:
    replica = voting()
    chosen(replica, 1, 2, 3, 5)
    assert answers(replica, LearnedRequest(2)) == [
        LearnedResponse(2, 1, (append(2, b"2"), append(3, b"3")), 5, OLD)
    ]
    assert answers(replica, ReadLog(4)) == [LearnedResponse(4, 1, (), 5, OLD)]


def test_as_many_bytes_are_read_as_asked_for_but_at_least_one_value() -> None:
    replica = voting()
    chosen(replica, 1, 2, 3)
    for size_bytes, count in ((1, 1), (2, 2), (99, 3)):
        (answer,) = answers(replica, ReadLog(1, size_bytes))
        assert isinstance(answer, LearnedResponse)
        assert len(answer.actions) == count


def test_what_others_know_is_taken_over_with_their_beginning_and_their_ballot() -> None:
    replica = voting(0, [Promised(OLD)])
    (answer,) = answers(replica, LearnedResponse(1, 4, (append(4, b"four"),), 4, NOW))
    assert isinstance(answer, RecoverResponse)
    assert (answer.begin, answer.learned, answer.promised) == (4, 4, NOW)


def test_a_reminder_settles_what_was_accepted_under_that_very_ballot() -> None:
    replica = voting()
    replica.receive(WriteRequest(OLD, append(1, b"one")))
    replica.receive(WriteRequest(NOW, append(2, b"two")))
    replica.receive(WriteRequest(NOW, append(3, b"three")))
    assert persisted(replica, Settled(NOW, 2)) == [Chosen(2, None, (), NOW)]


def test_a_reminder_tells_who_accepted_the_latest_whether_or_not_it_is_held() -> None:
    replica = voting()
    replica.receive(WriteRequest(NOW, append(1, b"one")))
    assert persisted(replica, Settled(NOW, 1, ("r0", "r1"))) == [Chosen(1, None, ("r0", "r1"), NOW)]
    assert persisted(replica, Settled(NOW, 2, ("r1", "r2"))) == [Known("r1", 2), Known("r2", 2)]
    assert persisted(replica, Settled(NOW, 2, ("r1", "r2"))) == []


def test_who_holds_more_than_is_settled_says_so() -> None:
    replica = voting()
    replica.receive(WriteRequest(OLD, append(3, b"three")))
    assert answers(replica, Settled(NOW, 2)) == [Unsettled(NOW, 3)]
    assert answers(replica, Settled(NOW, 3)) == []


# --- truncation ---


def test_a_truncation_gives_up_what_lies_before_once_it_is_learned() -> None:
    replica = voting()
    chosen(replica, 1, 2)
    replica.receive(WriteRequest(NOW, Action(3, Kind.TRUNCATE, to=3)))
    assert replica.begin == 1
    replica.receive(Learned(Action(3, Kind.TRUNCATE, to=3), NOW))
    assert (replica.begin, replica.end, replica.learned) == (3, 3, 3)
    assert restored(replica).begin == 3


def test_a_truncation_with_many_holes_leaves_none() -> None:
    replica = voting()
    chosen(replica, 2, 5, 9)
    replica.receive(Learned(Action(10, Kind.TRUNCATE, to=9), NOW))
    assert (replica.begin, replica.learned, replica.end) == (9, 10, 10)
    replica.check_invariants()


def test_a_truncation_beyond_all_that_is_held_leaves_nothing_but_the_end() -> None:
    replica = voting()
    replica.receive(LearnedResponse(1, 100, ()))
    assert (replica.begin, replica.end) == (100, 99)
    assert restored(replica).end == 99


def test_what_was_given_up_is_not_learned_again() -> None:
    replica = voting(0, [Begins(5)])
    assert replica.receive(Learned(append(4, b"four"), NOW)) == ()


# --- recovering ---


def ask(replica: str, member: str = "b:6050") -> RecoverRequest:
    """Another replica asks."""
    return RecoverRequest(replica, member, Status.VOTING)


def fare(replica: Replica, message: Request) -> RecoverResponse:
    """How a replica says that it fares."""
    (answer,) = answers(replica, message)
    assert isinstance(answer, RecoverResponse)
    return answer


def test_who_asks_is_answered_once_it_is_durable_that_it_was_met() -> None:
    replica = voting(quorum=3)
    effects = replica.receive(ask("r1"))
    assert effects[0] == Persist(Met("b:6050", "r1"))
    assert effects[1] == Reply(
        RecoverResponse("r0", "r1", Status.VOTING, begin=1, end=0, quorum=3, votes=True)
    )
    assert persisted(replica, ask("r1")) == []


def test_whom_it_has_met_stands_in_every_vote() -> None:
    replica = voting()
    replica.receive(ask("r1"))
    replica.receive(ask("r2"))
    for request in (PromiseRequest(NOW), WriteRequest(NOW, append(1, b"one"))):
        (answer,) = answers(restored_voting(replica), request)
        assert isinstance(answer, PromiseResponse | WriteResponse)
        assert answer.peers == (Peer("b:6050", "r2"),)


def restored_voting(replica: Replica) -> Replica:
    """The same replica after a restart, vouched for."""
    again = restored(replica)
    again.receive(Vouch())
    return again


def test_an_id_that_was_followed_by_another_is_told_so_and_not_met_again() -> None:
    replica = voting()
    replica.receive(ask("r2"))
    assert persisted(replica, ask("r1")) == []
    assert fare(replica, ask("r1")).retired == "r2"
    assert fare(replica, ask("r2")).retired == ""


def test_it_remembers_what_others_accepted() -> None:
    replica = voting()
    replica.receive(ask("r1"))
    replica.receive(Learned(append(1, b"one"), NOW, ("r0", "r1")))
    replica.receive(Learned(append(2, b"two"), NOW, ("r0", "r2")))
    assert fare(replica, ask("r1")).yours == 1
    assert Known("r2", 2) in replica.snapshot()
    assert fare(restored(replica), ask("r1")).yours == 1
    assert replica.known == {"r1": 1, "r2": 2}


def test_what_a_lost_replica_accepted_is_forgotten_with_it() -> None:
    replica = voting()
    replica.receive(ask("r1"))
    replica.receive(Learned(append(1, b"one"), NOW, ("r1",)))
    replica.receive(ask("r2"))
    assert replica.known == {}


def test_a_change_of_status_is_durable_before_it_is_told_and_may_vote() -> None:
    replica = Replica((Identity("r0"),))
    effects = replica.receive(ChangeStatus(Status.EMPTY, Status.VOTING, NOW))
    assert effects[:2] == (Persist(Promised(NOW)), Persist(StatusChanged(Status.VOTING)))
    assert replica.votes


def test_another_id_is_taken_after_the_status_that_goes_with_it() -> None:
    replica = voting()
    effects = replica.receive(ChangeStatus(Status.VOTING, Status.RECOVERING, identity="r0-new"))
    assert effects[:2] == (Persist(StatusChanged(Status.RECOVERING)), Persist(Identity("r0-new")))
    assert not replica.votes


def test_a_change_that_was_decided_for_another_status_changes_nothing() -> None:
    replica = voting()
    assert persisted(replica, ChangeStatus(Status.EMPTY, Status.STARTING)) == []
    assert replica.votes


# --- Restore ---


def test_a_replica_is_restored_from_its_records_and_from_their_sum() -> None:
    replica, records = Replica(), list[LogRecord]()
    for record in (Identity("r0"), StatusChanged(Status.VOTING)):
        records.append(record)
    replica = Replica(records, 2)
    replica.receive(Vouch())
    for message in (
        PromiseRequest(OLD),
        WriteRequest(OLD, append(1, b"one")),
        Learned(append(1, b"one"), OLD, ("r0", "r1")),
        ask("r1"),
        WriteRequest(OLD, append(2, b"two")),
        PromiseRequest(NOW),
        Learned(append(3, b"three"), NOW),
        Learned(Action(4, Kind.TRUNCATE, to=2), NOW),
        WriteRequest(NOW, append(5, b"five")),
    ):
        records += persisted(replica, message)
        replica.check_invariants()
    assert Replica(records, 2).snapshot() == replica.snapshot()
    assert restored(replica).promised == NOW
    assert [held.action.position for held in restored(replica).holdings.accepted()] == [2, 3, 4, 5]
