"""Bugs of the replica."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from actors.log.effects import Effect, Persist, Reply
from actors.log.holdings import Holdings
from actors.log.records import Known, Met, Promised, Written
from actors.log.replica import Replica
from tests.simulation.paxos.planted.bug import Bug, Right, returns
from transport.messages.replication import Accepted, Action, Ballot, Kind, Status, Verdict


def _property(get: Callable[[Any], object]) -> Callable[[Right], Any]:
    return lambda right: property(get)


def _replies(change: Callable[[Any, Any], Any]) -> Callable[[Right], Right]:
    """Every answer of the method is changed: `change(replica, message)`."""

    def spoil(right: Right) -> Right:
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


def _unsynced(right: Right) -> Right:
    return lambda replica, record, *, sync=True: right(replica, record, sync=False)


def _promise_unsynced(right: Right) -> Right:
    def wrong(replica: Any, ballot: Ballot) -> tuple[Effect, ...]:
        return tuple(Persist(effect.record, sync=False) for effect in right(replica, ballot))

    return wrong


def _write_any(right: Right) -> Right:
    """Heeds no promise."""

    def wrong(replica: Any, request: Any) -> Any:
        promised, replica.promised = replica.promised, Ballot()
        effects = right(replica, request)
        replica.promised = max(promised, replica.promised)
        return effects

    return wrong


def _write_by_round(right: Right) -> Right:
    """Looks at the round alone, so a writer of an older epoch may come back."""

    def wrong(replica: Any, request: Any) -> Any:
        promised = replica.promised
        if request.ballot.epoch < promised.epoch and request.ballot.round >= promised.round:
            return _write_any(right)(replica, request)
        return right(replica, request)

    return wrong


def _promise_lesser(right: Right) -> Right:
    """Promises to whoever asks."""

    def wrong(replica: Any, request: Any) -> Any:
        if replica.votes and request.ballot < replica.promised:
            return (replica._promise_response(request, Verdict.ACCEPT),)
        return right(replica, request)

    return wrong


def _promise_twice(right: Right) -> Right:
    def wrong(replica: Any, request: Any) -> Any:
        if replica.votes and request.ballot == replica.promised:
            return (replica._promise_response(request, Verdict.ACCEPT),)
        return right(replica, request)

    return wrong


def _overwrite(right: Right) -> Right:
    """What is learned is forgotten to be so, when it is written to."""

    def wrong(replica: Any, request: Any) -> Any:
        held = replica.holdings.get(request.action.position)
        if replica.votes and request.ballot >= replica.promised and held is not None and held.learned:
            written = Written(Accepted(request.ballot, request.action))
            return (replica._persist(written), replica._write_response(request, Verdict.ACCEPT))
        return right(replica, request)

    return wrong


def _keep_accepted(right: Right) -> Right:
    """A first value stays, whatever is written under greater ballots."""

    def wrong(replica: Any, request: Any) -> Any:
        held = replica.holdings.get(request.action.position)
        if replica.votes and request.ballot >= replica.promised and held is not None and not held.learned:
            return (*replica._bind(request.ballot), replica._write_response(request, Verdict.ACCEPT))
        return right(replica, request)

    return wrong


def _learn_what_is_held(right: Right) -> Right:
    def wrong(replica: Any, learned: Any) -> Any:
        held = replica.holdings.get(learned.action.position)
        if held is not None and not held.learned:
            learned = replace(learned, action=held.action)
        return right(replica, learned)

    return wrong


def _give_up_too_much(right: Right) -> Right:
    """A truncation drops the snapshot that it was to keep."""

    def wrong(holdings: Any, action: Action) -> None:
        if action.kind is Kind.TRUNCATE:
            holdings.give_up(action.to + 1)
        right(holdings, action)

    return wrong


def _read_over_holes(right: Right) -> Right:
    def wrong(holdings: Any, position: int, size_bytes: int) -> Any:
        return [
            held.action
            for at, held in sorted(holdings._held.items())
            if at >= max(position, holdings.begin) and held.learned
        ]

    return wrong


def _tell_what_is_not_learned(right: Right) -> Right:
    def wrong(holdings: Any, position: int, size_bytes: int) -> Any:
        for at in range(max(position, holdings.begin), holdings.end + 1):
            if (held := holdings.get(at)) is None:
                return
            yield held.action

    return wrong


def _sum_without(*kinds: type) -> Callable[[Right], Right]:
    """What the replica sums up lacks records of these kinds."""
    return lambda right: (
        lambda replica: tuple(record for record in right(replica) if not isinstance(record, kinds))
    )


def _sum_only_learned(right: Right) -> Right:
    return lambda replica: tuple(
        record for record in right(replica) if not isinstance(record, Written) or record.accepted.learned
    )


def _born_vouched(right: Right) -> Right:
    def wrong(replica: Any, *args: Any, **more: Any) -> None:
        right(replica, *args, **more)
        replica.vouched = True

    return wrong


def _met_unwritten(right: Right) -> Right:
    def wrong(replica: Any, request: Any) -> Any:
        return tuple(effect for effect in right(replica, request) if isinstance(effect, Reply))

    return wrong


REPLICA: Final = (
    Bug("a promise is answered and not made", Replica, "_bind", returns(())),
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
    Bug("a sum forgets what was promised", Replica, "snapshot", _sum_without(Promised)),
    Bug("a sum forgets what was only accepted", Replica, "snapshot", _sum_only_learned),
    Bug("a sum forgets what others accepted", Replica, "snapshot", _sum_without(Known)),
    Bug("a sum forgets whom it met", Replica, "snapshot", _sum_without(Met)),
    Bug("whom it met is not written down", Replica, "_meet", _met_unwritten),
)
