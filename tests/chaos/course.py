"""The course of a run: faults one after the other under load, then rest, then the checks."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from tests.chaos.checks import CONVERGED_SECONDS, violations
from tests.chaos.evidence import Evidence, gather
from tests.chaos.faults import Fault, Make
from tests.chaos.orders import LoadState, Reconcile
from tests.chaos.rig import Rig

#: What the master knows is told in far less.
_TELL_SECONDS = 3.0
#: What was heard of a master may be a second old.
_STEADY_SECONDS = 1.5


class Spread(msgspec.Struct, frozen=True):
    """A distribution, as one line of JSON."""

    figure: str
    unit: str
    count: int
    p50: float | None = None
    p90: float | None = None
    max: float | None = None

    @classmethod
    def of(cls, figure: str, seconds: Iterable[float]) -> Spread:
        ordered = sorted(round(one, 3) for one in seconds)
        if not ordered:
            return cls(figure, "s", 0)
        last = len(ordered) - 1
        return cls(figure, "s", len(ordered), ordered[last // 2], ordered[last * 9 // 10], ordered[last])

    def line(self) -> str:
        return msgspec.json.encode(self).decode()


def suffer(rig: Rig, makes: Sequence[Make], chance: random.Random, hold_seconds: float) -> float:
    """Apply faults, hold them, heal them, and wait until all is well; returns how long that took.

    What does not become well in time is noted, and a TimeoutError.
    """
    applied: list[Fault] = []
    try:
        for make in makes:
            applied.append(make(rig, chance))
            rig.history.note(
                "fault", name=make.__name__, what=applied[-1].what, seconds=round(hold_seconds, 2)
            )
        _hold(rig, applied, hold_seconds)
    finally:
        for fault in applied:
            fault.heal()
            rig.history.note("healed", what=fault.what)
    return converge(rig, " and ".join(fault.what for fault in applied))


def _hold(rig: Rig, applied: Sequence[Fault], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for fault in applied:
            fault.tick()
        rig.hold(0.1)


def converge(rig: Rig, after: str = "") -> float:
    """Wait until a master serves, all replicas vote and agents are back, and others are heard.

    Returns how long it took until that was so for good.
    """
    begin = time.monotonic()
    before = rig.operator.acknowledged
    since = begin

    def well() -> bool:
        return (
            rig.all_agents_back()
            and rig.all_replicas_vote()
            and rig.operator.acknowledged > before
            and (not rig.plan.tasks_per_second or rig.load_state().subscribed)
        )

    def steady() -> bool:
        nonlocal since
        if not well():
            since = time.monotonic()
        return time.monotonic() - since > _STEADY_SECONDS

    try:
        rig.wait_for(steady, CONVERGED_SECONDS, f"all is well after {after}")
    except TimeoutError as error:
        rig.history.note("not converged", after=after, error=str(error))
        raise
    rig.history.note("converged", after=after, milliseconds=round((since - begin) * 1000))
    return since - begin


def rest(rig: Rig) -> Evidence:
    """Let everything come to its end, have the master tell all that it knows, and gather the evidence."""
    if rig.plan.tasks_per_second:
        rig.set_load(0.0, rig.plan.long_tasks)
        settled: Callable[[], bool] = lambda: not rig.load_state().unsettled  # noqa: E731
        try:
            rig.wait_for(settled, CONVERGED_SECONDS, "every task has its end")
        except TimeoutError as error:
            rig.history.note("not converged", error=str(error), tasks=list(rig.load_state().unsettled))
        rig.set_load(0.0, 0)
        rig.ask_load(Reconcile(), LoadState)
    rig.operator.works = False
    rig.hold(_TELL_SECONDS)
    ended = tuple(
        f"{one.unit} ended with status {one.status}: {one.words}" for one in rig.endings if not one.wanted
    )
    return gather(rig.folder, rig.log.latest[1], ended)


def judge(rig: Rig) -> list[str]:
    """Rest, and look for what must never happen; the folder of a run in which it did is kept."""
    found = violations(rest(rig))
    rig.failed = bool(found)
    return found


def faults_by_chance(kinds: Sequence[Make], chance: random.Random) -> Iterator[Make]:
    """Every kind once in each round, in an order by chance."""
    while True:
        yield from chance.sample(kinds, len(kinds))
