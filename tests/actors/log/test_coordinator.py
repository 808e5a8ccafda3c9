from __future__ import annotations

import random

import pytest

from actors.log.coordinator import WINDOW, Coordinator, Phase
from actors.log.effects import Broadcast, Chosen, Outbid, Ready, Retry, Step
from actors.log.replica import Replica
from tests.actors.log.parliament import Parliament, append, member, outbid
from transport.messages.replication import (
    Accepted,
    Action,
    Ballot,
    ChangeStatus,
    Kind,
    Learned,
    Peer,
    PromiseRequest,
    PromiseResponse,
    Settled,
    Status,
    Unsettled,
    Verdict,
    WriteRequest,
    WriteResponse,
)
from transport.pid import Pid


def promise(ballot: Ballot, replica: str, end: int = 0, *peers: Peer) -> PromiseResponse:
    """A yes to being elected."""
    return PromiseResponse(ballot, Verdict.ACCEPT, end=end, replica=replica, peers=peers)


def seconds(steps: tuple[Step, ...]) -> float:
    """When it is to be tried again."""
    (retry,) = (step for step in steps if isinstance(step, Retry))
    return retry.seconds


# --- Elect ---


def test_a_quorum_of_promises_elects() -> None:
    writer = Coordinator(3, 2, random.Random(1))
    assert writer.elect()[0] == Broadcast(PromiseRequest(Ballot(3, 1)))
    assert Ready() not in writer.receive(member(0), promise(writer.ballot, "r0"))
    assert Ready() in writer.receive(member(1), promise(writer.ballot, "r1"))
    assert writer.position == 1


def test_a_member_counts_once_however_often_it_answers() -> None:
    writer = Coordinator(3, 2, random.Random(1))
    writer.elect()
    for incarnation in (1, 1, 2):
        sender = Pid("log-replica(1)", "a", 6050, incarnation)
        assert Ready() not in writer.receive(sender, promise(writer.ballot, f"r{incarnation}"))


def test_a_replica_counts_once_though_it_stands_at_two_addresses() -> None:
    writer = Coordinator(3, 2, random.Random(1))
    writer.elect()
    writer.receive(member(0), promise(writer.ballot, "r0"))
    assert Ready() not in writer.receive(member(1), promise(writer.ballot, "r0"))


def test_who_does_not_vote_counts_for_nothing_and_is_asked_again_soon() -> None:
    writer = Coordinator(3, 2, random.Random(1))
    writer.elect()
    ignored = PromiseResponse(writer.ballot, Verdict.IGNORED, replica="r1")
    writer.receive(member(0), promise(writer.ballot, "r0"))
    assert 0.1 <= seconds(writer.receive(member(1), ignored)) <= 0.2
    assert writer.receive(member(2), ignored) == ()
    assert writer.retry()[0] == Broadcast(PromiseRequest(writer.ballot), (member(0),))


def test_without_a_quorum_nobody_is_elected_until_there_is_one() -> None:
    parliament, writer = Parliament(), Parliament().writer(1)
    parliament.only(0)
    assert parliament.carry(writer, writer.elect()) == []
    parliament.only(0, 1)
    assert parliament.carry(writer, writer.retry()) == [Ready()]


def test_answers_to_an_earlier_attempt_count_for_nothing() -> None:
    writer = Coordinator(3, 2, random.Random(1))
    writer.elect()
    former = writer.ballot
    writer.elect()
    writer.receive(member(0), promise(former, "r0"))
    writer.receive(member(1), promise(former, "r1"))
    assert writer.phase is Phase.ELECTING


def test_a_yes_that_was_lost_is_not_given_again_so_a_greater_ballot_is_tried() -> None:
    parliament, writer = Parliament(), Parliament().writer(1)
    parliament.passes = lambda _to, message: not isinstance(message, PromiseResponse)
    parliament.carry(writer, writer.elect())
    parliament.all()
    assert parliament.carry(writer, writer.retry()) == []
    assert writer.phase is Phase.BACKING_OFF
    assert parliament.carry(writer, writer.retry()) == [Ready()]
    assert writer.ballot == Ballot(1, 2)


def test_a_rival_of_the_same_epoch_is_outbid_after_a_pause_of_100_to_200_ms() -> None:
    writer = Coordinator(0, 2, random.Random(1))
    writer.elect()
    reject = PromiseResponse(writer.ballot, Verdict.REJECT, promised=Ballot(0, 7))
    assert 0.1 <= seconds(writer.receive(member(0), reject)) <= 0.2
    assert writer.retry()[0] == Broadcast(PromiseRequest(Ballot(0, 8)))


@pytest.mark.parametrize("theirs", [6, 19, 21])
@pytest.mark.parametrize("verdict", [Verdict.ACCEPT, Verdict.REJECT])
def test_elections_that_repeat_an_epoch_have_one_writer_all_the_same(verdict: Verdict, theirs: int) -> None:
    writer = Coordinator(3, 2, random.Random(1), first_round=20)
    writer.elect()
    met = PromiseResponse(writer.ballot, verdict, promised=Ballot(3, theirs), replica="r0")
    assert writer.receive(member(0), met) == (Outbid(Ballot(3, theirs)),)


def test_rounds_of_its_own_are_no_reason_to_give_up() -> None:
    writer = Coordinator(3, 2, random.Random(1), first_round=20)
    writer.elect()
    writer.receive(member(0), PromiseResponse(writer.ballot, Verdict.REJECT, promised=writer.ballot))
    writer.retry()
    assert writer.ballot == Ballot(3, 21)
    own = PromiseResponse(writer.ballot, Verdict.ACCEPT, promised=Ballot(3, 20), replica="r0")
    assert not outbid(writer.receive(member(0), own))


def test_of_two_that_race_for_an_epoch_one_writes_and_the_other_is_outbid_when_it_tries() -> None:
    parliament = Parliament()
    first = parliament.elected(0)
    second = parliament.writer(0)
    parliament.carry(second, second.elect())
    assert parliament.carry(second, second.retry()) == [Ready()]
    assert outbid(parliament.carry(first, first.append(b"late")))
    assert parliament.written(second, b"mine") == 1


@pytest.mark.parametrize("phase", ["electing", "filling", "ready"])
def test_a_ballot_of_a_greater_epoch_ends_it_for_good(phase: str) -> None:
    writer = Coordinator(3, 2, random.Random(1))
    writer.elect()
    if phase != "electing":
        end = 5 if phase == "filling" else 0
        writer.receive(member(0), promise(writer.ballot, "r0", end))
        writer.receive(member(1), promise(writer.ballot, "r1", end))
    reject = WriteResponse(Ballot(3, 0), 1, Verdict.REJECT, Ballot(4, 1))
    assert writer.receive(member(2), reject) == (Outbid(Ballot(4, 1)),)
    assert writer.retry() == ()
    assert writer.receive(member(2), reject) == ()
    with pytest.raises(ValueError, match="not ready"):
        writer.append(b"late")


def test_the_earlier_reign_never_takes_the_log_back() -> None:
    parliament = Parliament()
    first = parliament.elected(1)
    parliament.elected(2)
    assert outbid(parliament.carry(first, first.append(b"late")))
    again = parliament.writer(1)
    assert outbid(parliament.carry(again, again.elect()))


# --- a disk that was lost ---


def test_what_the_lost_half_of_a_quorum_promised_does_not_count_with_who_met_its_successor() -> None:
    writer = Coordinator(3, 2, random.Random(1))
    writer.elect()
    writer.receive(member(0), promise(writer.ballot, "r0"))
    met = promise(writer.ballot, "r1", 0, Peer(str(member(0).address), "r0-new"))
    assert Ready() not in writer.receive(member(1), met)
    assert writer.phase is Phase.BACKING_OFF
    writer.retry()
    writer.receive(member(0), promise(writer.ballot, "r0-new"))
    again = promise(writer.ballot, "r1", 0, Peer(str(member(0).address), "r0-new"))
    assert Ready() in writer.receive(member(1), again)


def test_what_the_lost_half_of_a_quorum_accepted_is_asked_for_anew() -> None:
    parliament = Parliament()
    writer = parliament.elected(1)
    parliament.only(0)
    assert parliament.written(writer, b"one") is None
    met = Peer(str(member(0).address), "r0-new")
    accepted = WriteResponse(writer.ballot, 1, Verdict.ACCEPT, replica="r1", peers=(met,))
    assert seconds(writer.receive(member(1), accepted)) <= 0.2
    assert writer.retry()[0] == Broadcast(WriteRequest(writer.ballot, append(1, b"one")), ())


# --- Append ---


def test_a_value_is_chosen_by_a_quorum_and_only_then_told() -> None:
    parliament = Parliament()
    writer = parliament.elected(1)
    (write, _retry) = writer.append(b"one")
    assert write == Broadcast(WriteRequest(writer.ballot, append(1, b"one")))
    accept = [WriteResponse(writer.ballot, 1, Verdict.ACCEPT, replica=f"r{number}") for number in range(3)]
    assert writer.receive(member(0), accept[0]) == ()
    assert writer.receive(member(1), accept[1]) == (
        Broadcast(Settled(writer.ballot, 1, ("r0", "r1"))),
        Chosen(1, append(1, b"one")),
    )
    assert writer.receive(member(2), accept[2]) == ()


def test_without_a_quorum_a_value_waits_and_is_repeated_to_those_that_are_silent() -> None:
    parliament = Parliament()
    writer = parliament.elected(1)
    parliament.only(2)
    assert parliament.written(writer, b"one") is None
    again = writer.retry()
    assert again[0] == Broadcast(WriteRequest(writer.ballot, append(1, b"one")), (member(2),))
    parliament.all()
    assert parliament.carry(writer, again) == [Chosen(1, append(1, b"one"))]


def test_the_pauses_between_repetitions_grow_to_2_seconds() -> None:
    parliament = Parliament()
    writer = parliament.elected(1)
    parliament.only()
    assert seconds(writer.append(b"")) == 0.5
    assert [seconds(writer.retry()) for _ in range(4)] == [1.0, 2.0, 2.0, 2.0]


def test_a_large_value_is_given_more_time() -> None:
    writer = Parliament().elected(1)
    assert seconds(writer.append(bytes(8 << 20))) == 2.5


def test_who_does_not_vote_is_not_sent_a_value_again_and_again() -> None:
    writer = Parliament().elected(1)
    writer.append(b"one")
    assert writer.receive(member(0), WriteResponse(writer.ballot, 1, Verdict.IGNORED)) == ()


def test_several_values_are_written_one_after_the_other_and_told_in_order() -> None:
    parliament = Parliament()
    writer = parliament.elected(1)
    first, second = writer.append(b"one"), writer.append(b"two")
    assert second == ()
    told = parliament.carry(writer, (*first, *writer.append(b"three")))
    assert [step.position for step in told if isinstance(step, Chosen)] == [1, 2, 3]
    assert parliament.values(2)[1] == (2, Kind.APPEND, b"two")


def test_nothing_is_written_before_it_is_elected() -> None:
    with pytest.raises(ValueError, match="not ready"):
        Coordinator(1, 2, random.Random(1)).append(b"one")


def test_a_quorum_of_none_is_refused() -> None:
    with pytest.raises(ValueError, match="quorum 0"):
        Coordinator(1, 0, random.Random(1))


# --- Failover, Fill ---


def test_the_next_writer_goes_on_behind_the_last() -> None:
    parliament = Parliament()
    first = parliament.elected(1)
    assert parliament.written(first, b"one") == 1
    second = parliament.elected(2)
    assert parliament.written(second, b"two") == 2
    assert [content for _, _, content in parliament.values(2)] == [b"one", b"two"]


def test_what_was_chosen_but_not_learned_is_kept_by_the_next_writer() -> None:
    parliament = Parliament()
    first = parliament.elected(1)
    parliament.passes = lambda to, message: not isinstance(message, Settled) and to != member(2)
    assert parliament.written(first, b"one") == 1
    # One of the two that accepted it is lost to sight; the other suffices.
    parliament.only(1, 2)
    second = parliament.writer(2)
    told = parliament.carry(second, second.elect())
    assert told == [Chosen(1, append(1, b"one")), Ready()]
    assert parliament.values(2) == [(1, Kind.APPEND, b"one")]


def test_what_a_minority_accepted_is_completed_when_it_is_seen() -> None:
    parliament = Parliament()
    first = parliament.elected(1)
    parliament.only(0)
    assert parliament.written(first, b"one") is None
    parliament.only(0, 1)
    assert parliament.carry(second := parliament.writer(2), second.elect())[0] == Chosen(1, append(1, b"one"))


def test_what_a_minority_accepted_is_written_over_when_it_is_not_seen() -> None:
    parliament = Parliament()
    first = parliament.elected(1)
    parliament.only(0)
    assert parliament.written(first, b"one") is None
    parliament.only(1, 2)
    second = parliament.elected(2)
    assert parliament.written(second, b"two") == 1
    parliament.all()
    third = parliament.writer(3)
    assert Chosen(1, append(1, b"two")) in parliament.carry(third, third.elect())
    assert parliament.values(0) == [(1, Kind.APPEND, b"two")]


def test_of_several_values_the_one_of_the_greatest_ballot_is_taken() -> None:
    writer = Coordinator(9, 2, random.Random(1))
    writer.elect()
    writer.receive(member(0), promise(writer.ballot, "r0", 1))
    writer.receive(member(1), promise(writer.ballot, "r1", 1))
    for number, (epoch, content) in enumerate(((3, b"newer"), (2, b"older"))):
        steps = writer.receive(
            member(number),
            PromiseResponse(
                writer.ballot,
                Verdict.ACCEPT,
                position=1,
                accepted=Accepted(Ballot(epoch, 1), append(1, content)),
                replica=f"r{number}",
            ),
        )
    assert steps[0] == Broadcast(WriteRequest(writer.ballot, append(1, b"newer")))


def test_a_hole_is_filled_with_nothing_before_anything_is_written() -> None:
    parliament = Parliament()
    for replica in (parliament.replica(0), parliament.replica(1)):
        replica.receive(WriteRequest(Ballot(1, 1), append(3, b"three")))
    writer = parliament.writer(2)
    told = parliament.carry(writer, writer.elect())
    assert told == [
        Chosen(1, Action(1, Kind.NOP)),
        Chosen(2, Action(2, Kind.NOP)),
        Chosen(3, append(3, b"three")),
        Ready(),
    ]
    assert writer.position == 4


def test_a_fill_that_lost_its_quorum_goes_on_when_there_is_one_and_leaves_no_hole() -> None:
    parliament = Parliament()
    first = parliament.elected(1)
    parliament.passes = lambda _to, message: not isinstance(message, Settled)
    for content in (b"one", b"two", b"three"):
        parliament.written(first, content)
    second = parliament.writer(2)
    parliament.passes = lambda to, message: (
        isinstance(message, PromiseRequest | PromiseResponse)
        and (message.position is None or to == member(0))
    )
    told = parliament.carry(second, second.elect())
    assert Ready() not in told
    parliament.all()
    assert parliament.carry(second, second.retry())[-1] == Ready()
    assert parliament.written(second, b"four") == 4


def test_a_long_log_is_filled_a_few_positions_at_a_time() -> None:
    parliament = Parliament()
    first = parliament.elected(1)
    contents = [str(number).encode() for number in range(3 * WINDOW)]
    for content in contents:
        parliament.written(first, content)
    second = parliament.writer(2)
    second.elect()
    steps: tuple[Step, ...] = ()
    for number in range(2):
        steps = second.receive(member(number), promise(second.ballot, f"r{number}", 3 * WINDOW))
    assert sum(isinstance(step, Broadcast) for step in steps) == WINDOW
    told = parliament.carry(parliament.elected(3), ())
    third = parliament.writer(4)
    told = parliament.carry(third, third.elect())
    assert [step.action.content for step in told if isinstance(step, Chosen) and step.action] == contents


def test_a_value_that_one_replica_has_learned_is_taken_without_asking_others() -> None:
    parliament = Parliament()
    parliament.replica(0).receive(Learned(append(1, b"one"), Ballot(1, 1)))
    writer = parliament.writer(2)
    parliament.passes = lambda to, message: (
        to == member(0) or not (isinstance(message, PromiseRequest) and message.position is not None)
    )
    assert parliament.carry(writer, writer.elect()) == [Chosen(1, append(1, b"one")), Ready()]
    assert parliament.values(1) == [(1, Kind.APPEND, b"one")]


def test_learned_on_one_and_not_on_another_that_fails_and_recovers() -> None:
    parliament = Parliament()
    first = parliament.elected(1)
    parliament.passes = lambda to, message: not (isinstance(message, Settled) and to != member(0))
    assert parliament.written(first, b"one") == 1
    parliament.restart(1)
    parliament.only(1, 2)
    second = parliament.writer(2)
    assert Chosen(1, append(1, b"one")) in parliament.carry(second, second.elect())


def test_a_writer_that_learns_what_a_later_one_wrote_is_outbid() -> None:
    writer = Coordinator(1, 2, random.Random(1))
    writer.elect()
    writer.receive(member(0), promise(writer.ballot, "r0", 1))
    writer.receive(member(1), promise(writer.ballot, "r1", 1))
    later = Accepted(Ballot(2, 1), append(1, b"later"), learned=True)
    answer = PromiseResponse(writer.ballot, Verdict.ACCEPT, position=1, accepted=later, replica="r0")
    assert writer.receive(member(0), answer) == (Outbid(Ballot(2, 1)),)


# --- Truncate ---


def test_a_truncation_is_a_value_that_gives_up_what_lies_before() -> None:
    parliament = Parliament()
    writer = parliament.elected(1)
    for content in (b"one", b"two", b"three"):
        parliament.written(writer, content)
    parliament.carry(writer, writer.truncate(3))
    assert [replica.begin for replica in parliament.replicas.values()] == [3, 3, 3]
    assert parliament.values(0) == [(3, Kind.APPEND, b"three"), (4, Kind.TRUNCATE, b"")]


def test_a_truncation_that_nobody_learned_is_completed_by_the_next_writer() -> None:
    parliament = Parliament()
    first = parliament.elected(1)
    parliament.written(first, b"one")
    parliament.written(first, b"two")
    parliament.passes = lambda _to, message: not isinstance(message, Settled)
    parliament.carry(first, first.truncate(2))
    parliament.all()
    second = parliament.elected(2)
    assert parliament.replica(0).begin == 2
    assert parliament.written(second, b"four") == 4


def test_what_others_gave_up_is_not_filled() -> None:
    parliament = Parliament()
    parliament.only(0, 1)
    first = parliament.elected(1)
    for content in (b"one", b"two"):
        parliament.written(first, content)
    parliament.carry(first, first.truncate(2))
    parliament.only(1, 2)
    second = parliament.writer(2)
    told = parliament.carry(second, second.elect())
    assert [step.position for step in told if isinstance(step, Chosen)] == [2, 3]


def test_a_position_that_is_given_up_while_it_is_filled_is_left() -> None:
    parliament = Parliament()
    first = parliament.elected(1)
    for content in (b"one", b"two"):
        parliament.written(first, content)
    second = Coordinator(2, 2, random.Random(1))
    second.elect()
    second.receive(member(0), promise(second.ballot, "r0", 2))
    second.receive(member(1), promise(second.ballot, "r1", 2))
    truncated = PromiseResponse(second.ballot, Verdict.ACCEPT, position=1, begin=2, truncated=True)
    assert Chosen(1, None) in second.receive(member(0), truncated)


@pytest.mark.parametrize("to", [0, 2])
def test_nothing_is_given_up_beyond_the_end_or_before_the_beginning(to: int) -> None:
    writer = Parliament().elected(1)
    with pytest.raises(ValueError, match=f"truncate to {to}"):
        writer.truncate(to)


# --- Settled ---


def test_what_was_not_learned_is_when_the_writer_reminds() -> None:
    parliament = Parliament()
    writer = parliament.elected(1)
    parliament.passes = lambda _to, message: not isinstance(message, Settled)
    parliament.written(writer, b"one")
    assert parliament.values(0) == []
    parliament.all()
    assert writer.remind() == (Broadcast(Settled(writer.ballot, 1)),)
    parliament.carry(writer, writer.remind())
    assert parliament.values(0) == [(1, Kind.APPEND, b"one")]


def test_what_an_earlier_reign_left_behind_the_end_is_written_over() -> None:
    parliament = Parliament()
    first = parliament.elected(1)
    parliament.only(0)
    parliament.written(first, b"lost")
    parliament.only(1, 2)
    second = parliament.elected(2)
    assert second.position == 1
    parliament.all()
    assert parliament.carry(second, second.remind()) == [Chosen(1, Action(1, Kind.NOP))]
    assert parliament.carry(second, second.remind()) == []


def test_what_it_is_writing_just_now_is_not_taken_for_left_behind() -> None:
    parliament = Parliament()
    writer = parliament.elected(1)
    writer.append(b"one")
    assert writer.receive(member(0), Unsettled(writer.ballot, 1)) == ()


# --- together with recovering ---


def test_a_replica_that_does_not_vote_learns_what_is_settled_all_the_same() -> None:
    parliament = Parliament()
    parliament.replicas[member(2)] = Replica()
    parliament.replica(2).receive(ChangeStatus(Status.EMPTY, Status.RECOVERING))
    parliament.replica(0).receive(WriteRequest(Ballot(1, 1), append(1, b"one")))
    writer = parliament.elected(2)
    assert parliament.values(2) == [(1, Kind.APPEND, b"one")]
    assert parliament.replica(2).promised == writer.ballot
