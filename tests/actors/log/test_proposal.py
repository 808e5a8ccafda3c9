from __future__ import annotations

from actors.log.effects import Broadcast
from actors.log.proposal import Proposal
from tests.actors.log.parliament import append, member
from transport.messages.replication import (
    Accepted,
    Action,
    Ballot,
    Kind,
    Peer,
    PromiseRequest,
    PromiseResponse,
    Verdict,
    WriteRequest,
)

NOW = Ballot(9, 1)


def promise(number: int, accepted: Accepted | None = None, *peers: Peer) -> PromiseResponse:
    """A promise of position 4."""
    return PromiseResponse(NOW, Verdict.ACCEPT, 4, accepted=accepted, replica=f"r{number}", peers=peers)


def test_what_may_hold_something_is_promised_first() -> None:
    proposal = Proposal(NOW, 4)
    assert proposal.again() == Broadcast(PromiseRequest(NOW, 4))
    proposal.found(member(1), promise(1))
    assert proposal.again() == Broadcast(PromiseRequest(NOW, 4), (member(1),))


def test_the_value_of_the_greatest_ballot_is_written_in_whatever_order_they_come() -> None:
    values = [Accepted(Ballot(epoch, 1), append(4, b"%d" % epoch)) for epoch in (3, 7, 5)]
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        proposal = Proposal(NOW, 4)
        for number in order:
            proposal.found(member(number), promise(number, values[number]))
        assert proposal.write() == Broadcast(WriteRequest(NOW, append(4, b"7")))


def test_where_nothing_was_found_nothing_is_written() -> None:
    proposal = Proposal(NOW, 4)
    proposal.found(member(0), promise(0))
    assert proposal.write() == Broadcast(WriteRequest(NOW, Action(4, Kind.NOP)))


def test_a_value_is_written_at_once_and_knows_its_size() -> None:
    proposal = Proposal(NOW, 4, append(4, b"four"))
    assert proposal.again() == Broadcast(WriteRequest(NOW, append(4, b"four")))
    assert (proposal.size_bytes, Proposal(NOW, 4).size_bytes) == (4, 0)


def test_those_that_contradict_each_other_are_asked_anew() -> None:
    proposal = Proposal(NOW, 4)
    proposal.found(member(0), promise(0))
    proposal.found(member(1), promise(1, None, Peer(str(member(0).address), "r0-new")))
    assert proposal.again() == Broadcast(PromiseRequest(NOW, 4))
