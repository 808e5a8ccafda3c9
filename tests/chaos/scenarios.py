"""The runs of the rig that have a name: each prints its figures, and returns what should never happen."""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from tests.chaos import faults, history
from tests.chaos.course import Spread, converge, faults_by_chance, judge, suffer
from tests.chaos.orders import GiveStaleOrders, StaleOrders
from tests.chaos.rig import START_SECONDS, Plan, Rig
from tests.chaos.unit import Unit

_LONG_AFTER_SECONDS = 60.0
_MOMENT_SECONDS = 0.5
#: How often a fault comes with another one.
_TWICE = 0.2


class Failover(msgspec.Struct, frozen=True):
    """How one change of leaders went, in seconds since the leader was hit."""

    serving: float
    #: Since another served.
    agents_back: float


@contextlib.contextmanager
def _rig(options: argparse.Namespace, **more: object) -> Iterator[Rig]:
    plan = Plan(session_seconds=options.session, tasks_per_second=options.rate, seed=options.seed)
    with Rig(msgspec.structs.replace(plan, **more)) as rig:
        rig.start()
        yield rig
        rig.failed = rig.failed or options.keep


def _print(*spreads: Spread) -> None:
    for spread in spreads:
        sys.stdout.write(spread.line() + "\n")
    sys.stdout.flush()


class Blow(StrEnum):
    """What hits a leader, and the limit until another serves (R1)."""

    #: Killed, and not started again before another serves: as its host would be lost.
    LOST = "lost"
    #: Killed, and started again at once.
    KILLED = "killed"
    #: Told to end.
    TERMINATED = "terminated"

    def limit_seconds(self, session_seconds: float) -> float:
        return 2.0 + (0.0 if self is Blow.TERMINATED else session_seconds)


def fail_over(rig: Rig, blow: Blow) -> Failover:
    """Hit the leader; another master must serve, or the same one in another life, and everybody come back."""
    rig.wait_for(rig.leader, _LONG_AFTER_SECONDS, "a master leads")
    leader, life = rig.leader(), rig.life_of_leader()
    assert leader is not None
    rig.history.note("fault", name=f"leader {blow}", what=f"{leader}")
    hit = time.monotonic()
    if blow is Blow.TERMINATED:
        leader.finish()
    else:
        leader.kill(hold=blow is Blow.LOST)
    limit = rig.plan.session_seconds + _LONG_AFTER_SECONDS
    rig.wait_for(lambda: rig.serving_since(hit, life), limit, f"another serves after {leader}")
    serving = rig.serving_since(hit, life)
    assert serving is not None
    rig.wait_for(rig.all_agents_back, _LONG_AFTER_SECONDS, "all agents are back")
    told = Failover(serving - hit, time.monotonic() - serving)
    leader.start()
    rig.history.note("failed over", serving=round(told.serving, 3), agents_back=round(told.agents_back, 3))
    return told


def failover(options: argparse.Namespace) -> list[str]:
    """Lose the leader `--kills` times, half of them for good, and end it by SIGTERM a third as often."""
    with _rig(options) as rig:
        chance = rig.chance("failover")
        counts = (options.kills - options.kills // 2, options.kills // 2, options.kills // 3)
        told: dict[Blow, list[Failover]] = {blow: [] for blow in Blow}
        for blow in chance.sample(list(Blow), sum(counts), counts=counts):
            told[blow].append(fail_over(rig, blow))
            converge(rig, f"leader {blow}")
            rig.hold(chance.uniform(0.5, 3.0))
        for blow, one in told.items():
            _print(
                Spread.of(f"leader {blow} -> serving", (each.serving for each in one)),
                Spread.of(f"leader {blow}, serving -> agents back", (each.agents_back for each in one)),
            )
        return [*judge(rig), *_too_late(told, options.session)]


def _too_late(told: Mapping[Blow, list[Failover]], session_seconds: float) -> list[str]:
    return [
        f"R1: another served {each.serving:.2f} s after the leader was {blow}"
        for blow, one in told.items()
        for each in one
        if each.serving > blow.limit_seconds(session_seconds)
    ]


def run(options: argparse.Namespace) -> list[str]:
    """Faults of every kind for `--minutes`, each healed before the next, now and then two at once."""
    ordinary = (*faults.KILLS, *faults.STOPS, *faults.ZOOKEEPERS, *faults.CUTS)
    healed: dict[str, list[float]] = {}
    with _rig(options, small_disks=True) as rig:
        chance = rig.chance("run")
        end = time.monotonic() + options.minutes * 60
        for make in faults_by_chance((*ordinary, *faults.DISKS), chance):
            if time.monotonic() > end:
                break
            makes = [make, chance.choice(ordinary)] if chance.random() < _TWICE else [make]
            seconds = chance.choice((1.0, 3.0, 3 * options.session)) * chance.uniform(0.5, 1.5)
            try:
                well = suffer(rig, makes, chance, seconds)
            except TimeoutError:
                break  # it is in the history, and will be judged
            healed.setdefault(make.__name__ if len(makes) == 1 else "two faults", []).append(well)
            rig.hold(chance.uniform(0.0, 5.0))
        _print(*(Spread.of(f"{name} -> all is well", seconds) for name, seconds in sorted(healed.items())))
        _print(Spread.of("fault healed -> all is well", (one for each in healed.values() for one in each)))
        return judge(rig)


def zombie(options: argparse.Namespace) -> list[str]:
    """Give orders to a leader that is stopped for three sessions: none of them may be obeyed.

    First to one that is stopped for a moment: what it is told it does, so such orders do arrive.
    """
    orders: list[StaleOrders] = []
    with _rig(options) as rig:
        valid = raise_zombie(rig, seconds=_MOMENT_SECONDS)
        rig.wait_for(lambda: _obeyed(rig, valid), _LONG_AFTER_SECONDS, "orders to a living leader are obeyed")
        for _ in range(options.times):
            orders.append(raise_zombie(rig))
            converge(rig, "zombie")
        _print_count("orders that a leader was given while it was stopped for a moment", valid)
        _print_count("orders that a leader was given while it was stopped for three sessions", *orders)
        return judge(rig)


def _print_count(figure: str, *orders: StaleOrders) -> None:
    given = sum(len(one.kills) + len(one.launches) for one in orders)
    sys.stdout.write(f'{{"figure":"{figure}","count":{given}}}\n')


def _obeyed(rig: Rig, orders: StaleOrders) -> bool:
    """Whether all of them were."""
    runs = {run.task: run.pid for run in history.runs(rig.truth)}
    killed = all(not Path(f"/proc/{runs[task]}/exe").exists() for task in orders.kills)
    return killed and all(task in runs for task in orders.launches)


def raise_zombie(rig: Rig, seconds: float | None = None) -> StaleOrders:
    """Stop the leader, have the framework order something of it, and let it go on three sessions later.

    With `seconds` it goes on after these, as leader still.
    """
    rig.wait_for(rig.leader, _LONG_AFTER_SECONDS, "a master leads")
    leader = rig.leader()
    assert leader is not None
    rig.wait_for(lambda: len(rig.load_state().running) > 1, _LONG_AFTER_SECONDS, "tasks run")
    rig.history.note("fault", name="zombie", what=f"{leader}")
    leader.stop()
    stopped = time.monotonic()
    try:
        orders = rig.ask_load(GiveStaleOrders(valid=seconds is not None), StaleOrders)
        if seconds is None:
            rig.wait_for(lambda: rig.serving_since(stopped + 1.0), _LONG_AFTER_SECONDS, "another serves")
            seconds = 3 * rig.plan.session_seconds
        rig.hold(stopped + seconds - time.monotonic())
    finally:
        leader.resume()
    return orders


def blackout(options: argparse.Namespace) -> list[str]:
    """All ZooKeepers are down for `--minutes`; R3."""
    with _rig(options) as rig:
        rig.zookeepers.kill()
        rig.history.note("fault", name="blackout")
        rig.hold(options.minutes * 60)
        rig.zookeepers.start()
        rig.zookeepers.wait()
        quorum = time.monotonic()
        rig.wait_for(lambda: rig.serving_since(quorum), _LONG_AFTER_SECONDS, "a master serves")
        serving = rig.serving_since(quorum)
        assert serving is not None
        converge(rig, "blackout")
        _print(
            Spread.of("quorum of ZooKeepers -> serving", [serving - quorum]),
            Spread.of("quorum of ZooKeepers -> all is well", [time.monotonic() - quorum]),
        )
        return judge(rig)


def coldstart(options: argparse.Namespace) -> list[str]:
    """All masters at once, in any order, one late, one killed in the middle: from empty disks, each time."""
    seconds, failed = [], []
    plan = Plan(agents=0, tasks_per_second=0.0, session_seconds=options.session, seed=options.seed)
    with Rig(plan) as rig:
        rig.zookeepers.start()
        rig.zookeepers.wait()
        chance = rig.chance("coldstart")
        for number in range(options.times):
            try:
                seconds.append(start_cold(rig, chance))
            except TimeoutError as error:
                failed.append(f"cold start {number}: {error}")
                break
        _print(Spread.of("last master started -> serving", seconds))
        rig.failed = bool(failed) or options.keep
    return failed


def start_cold(rig: Rig, chance: random.Random) -> float:
    """Wipe the masters' disks and start them; returns how long after the last start one served."""
    for unit in rig.masters:
        unit.kill(hold=True)
        _wipe(rig, unit)
    order = chance.sample(rig.masters, len(rig.masters))
    late, restarted = chance.random() < 0.5, chance.random() < 0.5
    rig.history.note("cold start", order=[unit.name for unit in order], late=late, restarted=restarted)
    for unit in order[:-1]:
        unit.start()
        rig.hold(chance.uniform(0.0, 0.5))
    if restarted:
        rig.hold(chance.uniform(0.0, 2.0))
        chance.choice(order[:-1]).kill()
    if late:
        rig.hold(chance.uniform(0.0, 8.0))
    order[-1].start()
    last = time.monotonic()
    rig.wait_for(lambda: rig.serving_since(last), START_SECONDS, "the masters have formed a cluster")
    serving = rig.serving_since(last)
    assert serving is not None
    return serving - last


def _wipe(rig: Rig, unit: Unit) -> None:
    folder = rig.folder / unit.name
    shutil.rmtree(folder)
    folder.mkdir()
