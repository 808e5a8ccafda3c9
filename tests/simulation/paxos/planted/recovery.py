"""Bugs of the recovery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from actors.log.recovery import Become, Go, Recovery
from tests.simulation.paxos.planted.bug import Bug, Right
from transport.messages.replication import Ballot, RecoverResponse, Status


def _begin_with_a_quorum(right: Right) -> Right:
    """A quorum is enough to begin a log, not all that there are."""

    def wrong(recovery: Any, mine: RecoverResponse) -> Become | None:
        quorum, recovery.quorum = recovery.quorum, (recovery.quorum + 1) // 2
        try:
            decision: Become | None = right(recovery, mine)
            return decision
        finally:
            recovery.quorum = quorum

    return wrong


def _decides(change: Callable[[Any, Any], Any]) -> Callable[[Right], Right]:
    """What the recovery decides is changed."""

    def spoil(right: Right) -> Right:
        def wrong(recovery: Any, **more: Any) -> Any:
            return change(recovery, right(recovery, **more))

        return wrong

    return spoil


def _promise_nothing(_recovery: Any, decision: Any) -> Any:
    voting = isinstance(decision, Become) and decision.status is Status.VOTING
    return replace(decision, promised=Ballot()) if voting else decision


def _keep_identity(_recovery: Any, decision: Any) -> Any:
    return replace(decision, above=None) if isinstance(decision, Become) else decision


def _stop_early(right: Right) -> Right:
    """Copies all but the last value."""

    def wrong(recovery: Any, **more: Any) -> Any:
        decision = right(recovery, **more)
        if decision is None and recovery.target and recovery.mine.learned >= recovery.target - 1:
            recovery.vouched = True
            return Become(Status.VOTING, recovery._promised)
        return decision

    return wrong


def _recover_at_once(right: Right) -> Right:
    """Copies nothing at all."""

    def wrong(recovery: Any, **more: Any) -> Any:
        decision = right(recovery, **more)
        if recovery.target is not None:
            recovery.target = 0
        return decision

    return wrong


def _recover_from_fewer(right: Right) -> Right:
    """Asks one fewer than a quorum when it recovers."""

    def wrong(recovery: Any, **more: Any) -> Any:
        recovering = recovery.mine is not None and recovery.mine.status is not Status.VOTING
        recovery.quorum -= recovering and recovery.quorum > 1
        try:
            return right(recovery, **more)
        finally:
            recovery.quorum += recovering and recovery.quorum > 0

    return wrong


def _trust_disk(right: Right) -> Right:
    def wrong(recovery: Any, _mine: RecoverResponse, **_more: Any) -> Go:
        recovery.vouched = True
        return Go(Ballot())

    return wrong


def _count_all(right: Right) -> Right:
    """Every answer is one of a replica that votes."""

    def wrong(recovery: Any, sender: Any, response: RecoverResponse) -> None:
        right(recovery, sender, replace(response, status=Status.VOTING, votes=True))

    return wrong


RECOVERY: Final = (
    Bug("a log is begun by fewer than all", Recovery, "_begin", _begin_with_a_quorum),
    Bug("a recovered replica promises nothing", Recovery, "decide", _decides(_promise_nothing)),
    Bug("a recovered replica keeps its id", Recovery, "decide", _decides(_keep_identity), schedules=3000),
    Bug("the last value is not copied", Recovery, "decide", _stop_early),
    Bug("nothing is copied", Recovery, "decide", _recover_at_once),
    Bug("a disk that was set back is trusted", Recovery, "_check", _trust_disk),
    Bug(
        "replicas that do not vote help to recover",
        Recovery,
        "hear",
        _count_all,
        schedules=3000,
        first=2450,
    ),
)
