"""Bugs of the coordinator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from actors.log.coordinator import Coordinator, Phase
from actors.log.effects import Ready, Step
from actors.log.proposal import Proposal
from actors.log.votes import Votes
from tests.simulation.paxos.planted.bug import Bug, Right, returns
from transport.messages.replication import Ballot, PromiseResponse, Verdict


def _lesser_quorum(right: Right) -> Right:
    return lambda one, epoch, quorum, rng: right(one, epoch, max(1, quorum - 1), rng)


def _no_as_yes(*verdicts: Verdict) -> Callable[[Right], Right]:
    def spoil(right: Right) -> Right:
        def wrong(coordinator: Any, sender: Any, response: Any) -> Any:
            if getattr(response, "verdict", None) in verdicts:
                response = replace(response, verdict=Verdict.ACCEPT)
            return right(coordinator, sender, response)

        return wrong

    return spoil


def _any_answer(right: Right) -> Right:
    """Takes answers to what it asked under an earlier ballot."""

    def wrong(coordinator: Any, sender: Any, response: Any) -> Any:
        if getattr(response, "verdict", None) is Verdict.ACCEPT:
            response = replace(response, ballot=coordinator.ballot)
        return right(coordinator, sender, response)

    return wrong


def _count_answers(right: Right) -> Right:
    """Counts the answers, not those who gave them."""

    def wrong(votes: Any, sender: Any, response: Any) -> None:
        name = f"{sender.name}.{len(votes._votes)}"
        votes._votes[type(sender)(name, sender.host, sender.port)] = replace(response, replica=name)

    return wrong


def _found_last(right: Right) -> Right:
    """Takes the value that it heard of last, not that of the greatest ballot."""

    def wrong(proposal: Any, sender: Any, response: PromiseResponse) -> None:
        right(proposal, sender, response)
        if response.accepted is not None:
            proposal._found = response.accepted

    return wrong


def _found_least(right: Right) -> Right:
    def wrong(proposal: Any, sender: Any, response: PromiseResponse) -> None:
        before = proposal._found
        right(proposal, sender, response)
        accepted = response.accepted
        if before is not None and accepted is not None:
            proposal._found = min(before, accepted, key=lambda found: found.ballot)

    return wrong


def _fill_with_nothing(right: Right) -> Right:
    def wrong(proposal: Any) -> Any:
        proposal._found = None
        return right(proposal)

    return wrong


def _do_not_fill(right: Right) -> Right:
    def wrong(coordinator: Any) -> tuple[Step, ...]:
        coordinator.phase = Phase.READY
        coordinator._unreported = coordinator.position
        return (Ready(),)

    return wrong


def _first_end(right: Right) -> Right:
    """Believes the first who promised to know how far the log reaches."""

    def wrong(coordinator: Any, sender: Any, response: Any) -> Any:
        if coordinator._votes.members:
            response = replace(response, end=0)
        return right(coordinator, sender, response)

    return wrong


def _steal_epoch(right: Right) -> Right:
    """Who is outbid by a later epoch goes on in that one."""

    def wrong(coordinator: Any, promised: Ballot) -> Any:
        if promised.epoch > coordinator.ballot.epoch:
            coordinator.ballot = coordinator._promised = promised
            coordinator.phase = Phase.BACKING_OFF
            return coordinator._back_off()
        return right(coordinator, promised)

    return wrong


def _same_round(right: Right) -> Right:
    def wrong(coordinator: Any) -> Any:
        steps = right(coordinator)
        coordinator.ballot = Ballot(coordinator.ballot.epoch, 1)
        return (replace(steps[0], message=replace(steps[0].message, ballot=coordinator.ballot)), *steps[1:])

    return wrong


def _pipeline(right: Right) -> Right:
    """Writes the next value before the last one is chosen."""

    def wrong(coordinator: Any) -> Any:
        steps: list[Step] = []
        while coordinator._queue:
            proposal = coordinator._queue.popleft()
            coordinator._proposals[proposal.position] = proposal
            steps += (proposal.again(), *coordinator._wait())
        return tuple(steps)

    return wrong


def _first_vote(right: Right) -> Right:
    """One yes is enough to call a value chosen."""

    def wrong(coordinator: Any, sender: Any, response: Any) -> Any:
        quorum, coordinator._quorum = coordinator._quorum, 1
        try:
            return right(coordinator, sender, response)
        finally:
            coordinator._quorum = quorum

    return wrong


COORDINATOR: Final = (
    Bug("a quorum is one too few", Coordinator, "__init__", _lesser_quorum),
    Bug("who ignores a request counts", Coordinator, "receive", _no_as_yes(Verdict.IGNORED)),
    Bug("who rejects a request counts", Coordinator, "receive", _no_as_yes(Verdict.REJECT)),
    Bug(
        "an answer to an earlier ballot counts",
        Coordinator,
        "receive",
        _any_answer,
        schedules=3000,
        first=320,
    ),
    Bug("the same replica counts twice", Votes, "add", _count_answers),
    Bug("what a lost disk once said counts", Votes, "_disputed", returns({}), schedules=3000, first=700),
    Bug(
        "a position gets the value heard of last", Proposal, "found", _found_last, schedules=3000, first=1400
    ),
    Bug(
        "a position gets the value of the least ballot",
        Proposal,
        "found",
        _found_least,
        schedules=3000,
        first=1400,
    ),
    Bug("a NOP is written where a value was accepted", Proposal, "write", _fill_with_nothing),
    Bug("what stands in the log is not settled first", Coordinator, "_fill", _do_not_fill),
    Bug("the first one's end is believed", Coordinator, "_elected", _first_end),
    Bug("a stale writer takes the epoch of a later one", Coordinator, "_outbid", _steal_epoch),
    Bug("the same ballot is tried again", Coordinator, "elect", _same_round),
    Bug(
        "the next value is written before the last is chosen", Coordinator, "_next", _pipeline, schedules=3000
    ),
    Bug("a value is chosen by the first vote", Coordinator, "_written", _first_vote),
    Bug("a position is settled by the first promise", Coordinator, "_found", _first_vote),
    Bug("a writer is elected by the first promise", Coordinator, "_elected", _first_vote),
)
