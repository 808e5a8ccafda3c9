from __future__ import annotations

from actors.log.votes import Votes
from tests.actors.log.parliament import member
from transport.messages.replication import Ballot, Peer, Verdict, WriteResponse
from transport.pid import Pid


def vote(replica: str, **met: str) -> WriteResponse:
    """A yes of a replica that has met others on these hosts."""
    peers = tuple(Peer(f"{host}:6050", other) for host, other in met.items())
    return WriteResponse(Ballot(1, 1), 1, Verdict.ACCEPT, replica=replica, peers=peers)


def test_votes_of_distinct_members_and_replicas_count() -> None:
    votes = Votes()
    votes.add(member(0), vote("r0", b="r1"))
    votes.add(member(1), vote("r1", a="r0"))
    votes.add(member(2), vote("r1"))
    assert votes.replicas == ("r0", "r1")
    assert not votes.contradict


def test_the_lives_of_a_member_are_one_member() -> None:
    votes = Votes()
    votes.add(Pid("log-replica(1)", "a", 6050, 7), vote("r0"))
    votes.add(Pid("log-replica(1)", "a", 6050, 8), vote("r0"))
    assert votes.members == (member(0),)
    assert Pid("log-replica(1)", "a", 6050, 9) in votes


def test_a_vote_does_not_count_with_that_of_who_has_met_another_replica_there() -> None:
    votes = Votes()
    votes.add(member(0), vote("r0"))
    votes.add(member(1), vote("r1", a="r0-new"))
    votes.add(member(2), vote("r2"))
    assert votes.replicas == ("r1", "r2")
    assert votes.contradict


def test_both_who_contradict_each_other_are_asked_anew() -> None:
    votes = Votes()
    votes.add(member(0), vote("r0"))
    votes.add(member(1), vote("r1", a="r0-new"))
    votes.add(member(2), vote("r2"))
    votes.dismiss()
    assert votes.members == (member(2),)


def test_what_a_replica_remembers_of_its_own_former_id_is_no_contradiction() -> None:
    votes = Votes()
    votes.add(member(0), vote("r0-new", a="r0"))
    assert votes.replicas == ("r0-new",)
