"""The bugs: of the replica, of the coordinator, of the recovery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from actors.log.coordinator import Coordinator, Phase
from actors.log.effects import Effect, Persist, Ready, Reply, Step
from actors.log.holdings import Holdings
from actors.log.proposal import Proposal
from actors.log.records import Begins, Known, Met, Promised, Written
from actors.log.recovery import Become, Go, Recovery
from actors.log.replica import Replica
from actors.log.votes import Votes
from tests.simulation.paxos.planted.bug import Bug
from transport.messages.replication import (
    Accepted,
    Action,
    Ballot,
    Kind,
    PromiseResponse,
    RecoverResponse,
    Status,
    Verdict,
)

_Right = Callable[..., Any]


def _returns(value: object) -> Callable[[_Right], _Right]:
    """In place of a method: one that does nothing and gives this."""
    return lambda right: lambda *_args, **_more: value


def _property(get: Callable[[Any], object]) -> Callable[[_Right], Any]:
    return lambda right: property(get)


def _replies(change: Callable[[Any, Any], Any]) -> Callable[[_Right], _Right]:
    """Every answer of the method is changed: `change(replica, message)`."""

    def spoil(right: _Right) -> _Right:
        def wrong(replica: Any, *args: Any, **more: Any) -> Any:
            effects = right(replica, *args, **more)
            if isinstance(effects, Reply):
                return Reply(change(replica, effects.message))
            return tuple(
                Reply(change(replica, effect.message)) if isinstance(effect, Reply) else effect
                for effect in effects
            )

        return wrong

    return spoil


# The replica.


def _unsynced(right: _Right) -> _Right:
    return lambda replica, record, *, sync=True: right(replica, record, sync=False)


def _promise_unsynced(right: _Right) -> _Right:
    def wrong(replica: Any, ballot: Ballot) -> tuple[Effect, ...]:
        return tuple(Persist(effect.record, sync=False) for effect in right(replica, ballot))

    return wrong


def _write_any(right: _Right) -> _Right:
    """Heeds no promise."""

    def wrong(replica: Any, request: Any) -> Any:
        promised, replica.promised = replica.promised, Ballot()
        effects = right(replica, request)
        replica.promised = max(promised, replica.promised)
        return effects

    return wrong


def _write_by_round(right: _Right) -> _Right:
    """Looks at the round alone, so a writer of an older epoch may come back."""

    def wrong(replica: Any, request: Any) -> Any:
        promised = replica.promised
        if request.ballot.epoch < promised.epoch and request.ballot.round >= promised.round:
            return _write_any(right)(replica, request)
        return right(replica, request)

    return wrong


def _promise_lesser(right: _Right) -> _Right:
    """Promises to whoever asks."""

    def wrong(replica: Any, request: Any) -> Any:
        if replica.votes and request.ballot < replica.promised:
            return (replica._promise_response(request, Verdict.ACCEPT),)
        return right(replica, request)

    return wrong


def _promise_twice(right: _Right) -> _Right:
    def wrong(replica: Any, request: Any) -> Any:
        if replica.votes and request.ballot == replica.promised:
            return (replica._promise_response(request, Verdict.ACCEPT),)
        return right(replica, request)

    return wrong


def _overwrite(right: _Right) -> _Right:
    """What is learned is forgotten to be so, when it is written to."""

    def wrong(replica: Any, request: Any) -> Any:
        held = replica.holdings.get(request.action.position)
        if replica.votes and request.ballot >= replica.promised and held is not None and held.learned:
            written = Written(Accepted(request.ballot, request.action))
            return (replica._persist(written), replica._write_response(request, Verdict.ACCEPT))
        return right(replica, request)

    return wrong


def _keep_accepted(right: _Right) -> _Right:
    """A first value stays, whatever is written under greater ballots."""

    def wrong(replica: Any, request: Any) -> Any:
        held = replica.holdings.get(request.action.position)
        if replica.votes and request.ballot >= replica.promised and held is not None and not held.learned:
            return (*replica._bind(request.ballot), replica._write_response(request, Verdict.ACCEPT))
        return right(replica, request)

    return wrong


def _learn_what_is_held(right: _Right) -> _Right:
    def wrong(replica: Any, learned: Any) -> Any:
        held = replica.holdings.get(learned.action.position)
        if held is not None and not held.learned:
            learned = replace(learned, action=held.action)
        return right(replica, learned)

    return wrong


def _give_up_too_much(right: _Right) -> _Right:
    """A truncation drops the snapshot that it was to keep."""

    def wrong(holdings: Any, action: Action) -> None:
        if action.kind is Kind.TRUNCATE:
            holdings.give_up(action.to + 1)
        right(holdings, action)

    return wrong


def _read_over_holes(right: _Right) -> _Right:
    def wrong(holdings: Any, position: int, size_bytes: int) -> Any:
        return [
            held.action
            for at, held in sorted(holdings._held.items())
            if at >= max(position, holdings.begin) and held.learned
        ]

    return wrong


def _tell_what_is_not_learned(right: _Right) -> _Right:
    def wrong(holdings: Any, position: int, size_bytes: int) -> Any:
        for at in range(max(position, holdings.begin), holdings.end + 1):
            if (held := holdings.get(at)) is None:
                return
            yield held.action

    return wrong


def _sum_without(*kinds: type) -> Callable[[_Right], _Right]:
    """What the replica sums up lacks records of these kinds."""
    return lambda right: lambda replica: tuple(
        record for record in right(replica) if not isinstance(record, kinds)
    )


def _sum_only_learned(right: _Right) -> _Right:
    return lambda replica: tuple(
        record for record in right(replica) if not isinstance(record, Written) or record.accepted.learned
    )


def _born_vouched(right: _Right) -> _Right:
    def wrong(replica: Any, *args: Any, **more: Any) -> None:
        right(replica, *args, **more)
        replica.vouched = True

    return wrong


_REPLICA: Final = (
    Bug("a promise is answered and not made", Replica, "_bind", _returns(())),
    Bug("a promise is answered before it is durable", Replica, "_bind", _promise_unsynced),
    Bug("everything is answered before it is durable", Replica, "_persist", _unsynced),
    Bug("a promise binds nobody who writes", Replica, "_write", _write_any),
    Bug("a stale epoch of a later round is obeyed", Replica, "_write", _write_by_round),
    Bug("a lesser ballot is promised to", Replica, "_promise", _promise_lesser),
    Bug("the same ballot is promised to twice", Replica, "_promise", _promise_twice),
    Bug(
        "a promise does not tell what was accepted",
        Replica,
        "_promise_response",
        _replies(lambda _, message: replace(message, accepted=None)),
    ),
    Bug(
        "a promise tells an end that is too low",
        Replica,
        "_promise_response",
        _replies(lambda _, message: replace(message, end=max(0, message.end - 1))),
    ),
    Bug(
        "a promise tells the end of what is learned",
        Replica,
        "_promise_response",
        _replies(lambda replica, message: replace(message, end=replica.learned)),
    ),
    Bug("a vote while it is not vouched for", Replica, "__init__", _born_vouched),
    Bug(
        "a vote while recovering",
        Replica,
        "votes",
        _property(lambda replica: replica.vouched or replica.status is Status.RECOVERING),
    ),
    Bug(
        "a vote while empty",
        Replica,
        "votes",
        _property(lambda replica: replica.vouched or replica.status is Status.EMPTY),
    ),
    Bug(
        "a vote while starting",
        Replica,
        "votes",
        _property(lambda replica: replica.vouched or replica.status is Status.STARTING),
    ),
    Bug("a learned value is overwritten", Replica, "_write", _overwrite),
    Bug("an accepted value stays in spite of a greater ballot", Replica, "_write", _keep_accepted),
    Bug("whatever is held is learned", Replica, "_learn", _learn_what_is_held),
    Bug("a truncation drops the newest snapshot", Holdings, "_settle", _give_up_too_much),
    Bug("a reader is told what stands behind a hole", Holdings, "read", _read_over_holes),
    Bug("a reader is told what is not learned", Holdings, "read", _tell_what_is_not_learned),
    Bug(
        "a sum forgets what was promised", Replica, "snapshot", _sum_without(Promised)
    ),
    Bug("a sum forgets what was only accepted", Replica, "snapshot", _sum_only_learned),
    Bug("a sum forgets what others accepted", Replica, "snapshot", _sum_without(Known)),
    Bug("a sum forgets where the log begins", Replica, "snapshot", _sum_without(Begins)),
    Bug("a sum forgets whom it met", Replica, "snapshot", _sum_without(Met)),
)


# The coordinator.


def _lesser_quorum(right: _Right) -> _Right:
    return lambda one, epoch, quorum, rng: right(one, epoch, max(1, quorum - 1), rng)


def _no_as_yes(*verdicts: Verdict) -> Callable[[_Right], _Right]:
    def spoil(right: _Right) -> _Right:
        def wrong(coordinator: Any, sender: Any, response: Any) -> Any:
            if getattr(response, "verdict", None) in verdicts:
                response = replace(response, verdict=Verdict.ACCEPT)
            return right(coordinator, sender, response)

        return wrong

    return spoil


def _any_answer(right: _Right) -> _Right:
    """Takes answers to what it asked under an earlier ballot."""

    def wrong(coordinator: Any, sender: Any, response: Any) -> Any:
        if getattr(response, "verdict", None) is Verdict.ACCEPT:
            response = replace(response, ballot=coordinator.ballot)
        return right(coordinator, sender, response)

    return wrong


def _count_answers(right: _Right) -> _Right:
    """Counts the answers, not those who gave them."""

    def wrong(votes: Any, sender: Any, response: Any) -> None:
        name = f"{sender.name}.{len(votes._votes)}"
        votes._votes[type(sender)(name, sender.host, sender.port)] = replace(response, replica=name)

    return wrong


def _found_last(right: _Right) -> _Right:
    """Takes the value that it heard of last, not that of the greatest ballot."""

    def wrong(proposal: Any, sender: Any, response: PromiseResponse) -> None:
        right(proposal, sender, response)
        if response.accepted is not None:
            proposal._found = response.accepted

    return wrong


def _found_least(right: _Right) -> _Right:
    def wrong(proposal: Any, sender: Any, response: PromiseResponse) -> None:
        before = proposal._found
        right(proposal, sender, response)
        accepted = response.accepted
        if before is not None and accepted is not None:
            proposal._found = min(before, accepted, key=lambda found: found.ballot)

    return wrong


def _fill_with_nothing(right: _Right) -> _Right:
    def wrong(proposal: Any) -> Any:
        proposal._found = None
        return right(proposal)

    return wrong


def _do_not_fill(right: _Right) -> _Right:
    def wrong(coordinator: Any) -> tuple[Step, ...]:
        coordinator.phase = Phase.READY
        coordinator._unreported = coordinator.position
        return (Ready(),)

    return wrong


def _first_end(right: _Right) -> _Right:
    """Believes the first who promised to know how far the log reaches."""

    def wrong(coordinator: Any, sender: Any, response: Any) -> Any:
        if coordinator._votes.members:
            response = replace(response, end=0)
        return right(coordinator, sender, response)

    return wrong


def _steal_epoch(right: _Right) -> _Right:
    """Who is outbid by a later epoch goes on in that one."""

    def wrong(coordinator: Any, promised: Ballot) -> Any:
        if promised.epoch > coordinator.ballot.epoch:
            coordinator.ballot = coordinator._promised = promised
            coordinator.phase = Phase.BACKING_OFF
            return coordinator._back_off()
        return right(coordinator, promised)

    return wrong


def _same_round(right: _Right) -> _Right:
    def wrong(coordinator: Any) -> Any:
        steps = right(coordinator)
        coordinator.ballot = Ballot(coordinator.ballot.epoch, 1)
        return (replace(steps[0], message=replace(steps[0].message, ballot=coordinator.ballot)), *steps[1:])

    return wrong


def _pipeline(right: _Right) -> _Right:
    """Writes the next value before the last one is chosen."""

    def wrong(coordinator: Any) -> Any:
        steps: list[Step] = []
        while coordinator._queue:
            proposal = coordinator._queue.popleft()
            coordinator._proposals[proposal.position] = proposal
            steps += (proposal.again(), *coordinator._wait())
        return tuple(steps)

    return wrong


def _first_vote(right: _Right) -> _Right:
    """One yes is enough to call a value chosen."""

    def wrong(coordinator: Any, sender: Any, response: Any) -> Any:
        quorum, coordinator._quorum = coordinator._quorum, 1
        try:
            return right(coordinator, sender, response)
        finally:
            coordinator._quorum = quorum

    return wrong


_COORDINATOR: Final = (
    Bug("a quorum is one too few", Coordinator, "__init__", _lesser_quorum),
    Bug("who ignores a request counts", Coordinator, "receive", _no_as_yes(Verdict.IGNORED)),
    Bug("who rejects a request counts", Coordinator, "receive", _no_as_yes(Verdict.REJECT)),
    Bug("an answer to an earlier ballot counts", Coordinator, "receive", _any_answer),
    Bug("the same replica counts twice", Votes, "add", _count_answers),
    Bug("what a lost disk once said counts", Votes, "_disputed", _returns({}), schedules=3000),
    Bug("a position gets the value heard of last", Proposal, "found", _found_last, schedules=3000),
    Bug("a position gets the value of the least ballot", Proposal, "found", _found_least, schedules=3000),
    Bug("a NOP is written where a value was accepted", Proposal, "write", _fill_with_nothing),
    Bug("what stands in the log is not settled first", Coordinator, "_fill", _do_not_fill),
    Bug("the first one's end is believed", Coordinator, "_elected", _first_end),
    Bug("a stale writer takes the epoch of a later one", Coordinator, "_outbid", _steal_epoch),
    Bug("the same ballot is tried again", Coordinator, "elect", _same_round),
    Bug("the next value is written before the last is chosen", Coordinator, "_next", _pipeline, schedules=3000),
    Bug("a value is chosen by the first vote", Coordinator, "_written", _first_vote),
    Bug("a position is settled by the first promise", Coordinator, "_found", _first_vote),
    Bug("a writer is elected by the first promise", Coordinator, "_elected", _first_vote),
)


# The recovery.


def _begin_with_a_quorum(right: _Right) -> _Right:
    """A quorum is enough to begin a log, not all that there are."""

    def wrong(recovery: Any, mine: RecoverResponse) -> Become | None:
        quorum, recovery.quorum = recovery.quorum, (recovery.quorum + 1) // 2
        try:
            decision: Become | None = right(recovery, mine)
            return decision
        finally:
            recovery.quorum = quorum

    return wrong


def _decides(change: Callable[[Any, Any], Any]) -> Callable[[_Right], _Right]:
    """What the recovery decides is changed."""

    def spoil(right: _Right) -> _Right:
        def wrong(recovery: Any, **more: Any) -> Any:
            return change(recovery, right(recovery, **more))

        return wrong

    return spoil


def _promise_nothing(_recovery: Any, decision: Any) -> Any:
    voting = isinstance(decision, Become) and decision.status is Status.VOTING
    return replace(decision, promised=Ballot()) if voting else decision


def _keep_identity(_recovery: Any, decision: Any) -> Any:
    return replace(decision, above=None) if isinstance(decision, Become) else decision


def _stop_early(right: _Right) -> _Right:
    """Copies all but the last value."""

    def wrong(recovery: Any, **more: Any) -> Any:
        decision = right(recovery, **more)
        if decision is None and recovery.target and recovery.mine.learned >= recovery.target - 1:
            recovery.vouched = True
            return Become(Status.VOTING, recovery._promised)
        return decision

    return wrong


def _recover_at_once(right: _Right) -> _Right:
    """Copies nothing at all."""

    def wrong(recovery: Any, **more: Any) -> Any:
        decision = right(recovery, **more)
        if recovery.target is not None:
            recovery.target = 0
        return decision

    return wrong


def _recover_from_fewer(right: _Right) -> _Right:
    """Asks one fewer than a quorum when it recovers."""

    def wrong(recovery: Any, **more: Any) -> Any:
        recovering = recovery.mine is not None and recovery.mine.status is not Status.VOTING
        recovery.quorum -= recovering and recovery.quorum > 1
        try:
            return right(recovery, **more)
        finally:
            recovery.quorum += recovering and recovery.quorum > 0

    return wrong


def _trust_disk(right: _Right) -> _Right:
    return lambda recovery, mine, **more: (setattr(recovery, "vouched", True), Go(Ballot()))[1]


def _any_asker(right: _Right) -> _Right:
    def wrong(recovery: Any, sender: Any, response: RecoverResponse) -> None:
        mine = recovery.mine
        right(recovery, sender, replace(response, asker=mine.replica) if mine else response)

    return wrong


def _count_all(right: _Right) -> _Right:
    """Every answer is one of a replica that votes."""

    def wrong(recovery: Any, sender: Any, response: RecoverResponse) -> None:
        right(recovery, sender, replace(response, status=Status.VOTING, votes=True))

    return wrong


_RECOVERY: Final = (
    Bug("a log is begun by fewer than all", Recovery, "_begin", _begin_with_a_quorum),
    Bug("a recovered replica promises nothing", Recovery, "decide", _decides(_promise_nothing)),
    Bug("a recovered replica keeps its id", Recovery, "decide", _decides(_keep_identity), schedules=3000),
    Bug("the last value is not copied", Recovery, "decide", _stop_early),
    Bug("nothing is copied", Recovery, "decide", _recover_at_once),
    Bug("a disk that was set back is trusted", Recovery, "_check", _trust_disk),
    Bug("answers to a former self count", Recovery, "hear", _any_asker, schedules=3000),
    Bug("replicas that do not vote help to recover", Recovery, "hear", _count_all),
    Bug(
        "whom it met is not written down", Replica, "_meet", lambda right: _met_unwritten(right), schedules=3000
    ),
)


def _met_unwritten(right: _Right) -> _Right:
    def wrong(replica: Any, request: Any) -> Any:
        return tuple(effect for effect in right(replica, request) if isinstance(effect, Reply))

    return wrong


BUGS: Final = (*_REPLICA, *_COORDINATOR, *_RECOVERY)
