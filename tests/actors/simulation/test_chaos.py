import random
from collections import Counter

import msgspec
import pytest

from actors.simulation import Plan, SimulatedNode, Simulation
from actors.simulation.plan import KINDS
from actors.system import Restart
from tests.actors.simulation.players import Player
from tests.actors.simulation.scenarios import Gossip, boot


class Writer(Player):
    """Keeps its disk busy, and is vital."""

    def initialize(self) -> None:
        self.every(0.1, self._write)

    def _write(self) -> None:
        self.system.disk.append("log", b"x")
        self.system.disk.sync("log")


def boot_writer(node: SimulatedNode) -> None:
    node.spawn(Gossip, "gossip", restart=Restart(), vital=True)
    node.spawn(Writer, "writer", restart=Restart(), vital=True)


class Watch:
    """What of interest was ever so."""

    def __init__(self, sim: Simulation) -> None:
        self.seen: Counter[str] = Counter()
        self._sim = sim
        self._walls = {node.name: node.wall() - sim.now for node in sim.nodes}
        self._crashes = len(sim.crashes)
        sim.always(self._look)

    def _look(self) -> None:
        network = self._sim._network
        for node in self._sim.nodes:
            self._see("crash", not node.up and node.lost_power)
            self._see("kill", not node.up and not node.lost_power)
            self._see("pause", node.paused)
            self._see("slow", node.turn_seconds > 0.0001)
            self._see("drift", node.clock.rate != node.clock.usual_rate)
            wall = node.wall()
            self._see("jump", abs(wall - self._sim.now - self._walls[node.name]) > 0.01)
            self._see("disk_error", bool(node.disk._failures))
        self._see("partition", len(network._cuts) > 1)
        self._see("cut", len(network._cuts) == 1)
        self._see("weather", bool(network._faults))
        self._see("disconnect", any(connection.broken for connection in network._connections))
        crashes = self._sim.crashes[self._crashes :]
        self._see("actor", any("killed it" in str(crash.error) for crash in crashes))
        self._see("strike", bool(self._sim._world.points._armed))

    def _see(self, what: str, seen: bool) -> None:
        self.seen[what] += seen


def disturbed(plan: Plan | None, seconds: float = 120.0, seed: int = 1) -> tuple[Simulation, Counter[str]]:
    sim = Simulation(seed)
    for name in ("a", "b", "c"):
        sim.node(name, boot_writer, restart_seconds=1.0)
    watch = Watch(sim)
    sim.chaos(plan)
    sim.run(seconds)
    return sim, watch.seen


#: What else may be seen where a plan has one kind of fault alone.
FOLLOWS = {
    "crash": {"disconnect"},
    "kill": {"disconnect"},
    "strike": {"crash", "disconnect"},
    "pause": {"disconnect"},
    "partition": {"disconnect", "cut"},
    "cut": {"disconnect", "partition"},
    "disk_error": {"kill", "disconnect"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_of_one_kind_of_fault_brings_that_and_what_follows_from_it(kind: str) -> None:
    what = kind.removesuffix("_seconds")
    _, seen = disturbed(msgspec.convert({kind: 5.0}, Plan))
    assert what in +seen
    assert set(+seen) <= {what, *FOLLOWS.get(what, ())}


def test_no_fault_is_planned_where_all_rates_are_zero() -> None:
    _, seen = disturbed(Plan())
    assert +seen == {}


def test_never_are_more_nodes_down_than_the_plan_allows() -> None:
    for most_down in (1, 2):
        sim = Simulation(3)
        nodes = [sim.node(name, boot) for name in "abcde"]
        most = [0]

        def count(nodes: list[SimulatedNode] = nodes, most: list[int] = most) -> None:
            most[0] = max(most[0], sum(not node.up or node.paused for node in nodes))

        sim.always(count)
        sim.chaos(Plan(crash_seconds=1.0, kill_seconds=1.0, pause_seconds=1.0, most_down=most_down))
        sim.run(100.0)
        assert most == [most_down]


def test_nodes_that_nothing_would_bring_back_never_fall_nor_do_those_that_are_spared() -> None:
    sim = Simulation(1)
    probe = sim.node("test").probe()
    spared = sim.node("spared", boot)
    other = sim.node("other", boot)
    sim.chaos(Plan(crash_seconds=1.0, kill_seconds=1.0, strike_seconds=1.0, spared=("spared",)))
    sim.run(60.0)
    probe.send(probe.pid, "still there")
    sim.run(1.0)
    assert probe.received == ["still there"]
    assert (spared.incarnation, other.incarnation > 5) == (1, True)


def test_an_actor_is_not_crashed_so_often_that_it_is_given_up() -> None:
    sim = Simulation(1)

    def boot_restartable(node: SimulatedNode) -> None:
        node.spawn(Player, "player", restart=Restart(intensity=1))

    node = sim.node("n", boot_restartable)
    sim.chaos(Plan(actor_seconds=1.0))
    sim.run(600.0)
    assert 5 <= len(sim.crashes) <= 10
    assert [status.pid.name for status in node.actors()] == ["supervisor", "player"]


def test_after_the_chaos_all_is_well() -> None:
    for seed in range(8):
        sim, _ = disturbed(None, seconds=60.0, seed=seed)
        sim.quiet()
        sim.run(20.0)
        after = Watch(sim)
        sim.run(20.0)
        for node in sim.nodes:
            assert node.up, seed
            assert {status.pid.name for status in node.actors()} == {"supervisor", "gossip", "writer"}
        assert +after.seen == {}, seed


def test_a_swarm_has_plans_of_many_sorts() -> None:
    plans = [Plan.swarm(random.Random(seed)) for seed in range(100)]
    for kind in KINDS:
        rates = [getattr(plan, kind) for plan in plans]
        assert 25 < sum(rate == 0.0 for rate in rates) < 75
        assert all(rate == 0.0 or 1.0 < rate < 100.0 for rate in rates)


def test_a_swarm_may_be_told_what_not_to_leave_to_chance() -> None:
    plan = Plan.swarm(random.Random(1), crash_seconds=3.0, most_down=2)
    assert (plan.crash_seconds, plan.most_down) == (3.0, 2)


def test_what_a_test_does_after_the_chaos_is_not_undone_by_it() -> None:
    for seed in range(10):
        sim = Simulation(seed)
        for name in ("a", "b", "c"):
            sim.node(name, boot)
        sim.chaos(Plan(pause_seconds=1.0, crash_seconds=1.0, cut_seconds=1.0, most_down=3))
        sim.run(20.0)
        sim.quiet()
        sim.pause("a")
        sim.crash("b")
        sim.partition({"c"})
        sim.run(60.0)
        assert [(node.up, node.paused) for node in sim.nodes] == [(True, True), (False, False), (True, False)]
        assert len(sim._network._cuts) == 4
