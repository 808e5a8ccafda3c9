"""Masters, disks, the network and ZooKeeper fail all the time: one leads, and nothing durable is lost."""

from __future__ import annotations

import pytest

from actors.election.address import MASTER
from actors.master.master import Master
from actors.simulation import Plan, SimulatedNode
from actors.simulation.probe import Probe
from tests.actors.master.parliament import Parliament
from transport.messages.registry import (
    AdmitAgent,
    ApplyToRegistry,
    ReadRegistry,
    RegistryApplied,
    RegistryRecovered,
)
from transport.records.agent import AgentInfo
from transport.records.ids import AgentID
from transport.records.registry import Registry

PLAN = Plan(
    crash_seconds=60.0,
    kill_seconds=40.0,
    strike_seconds=30.0,
    pause_seconds=60.0,
    partition_seconds=60.0,
    disconnect_seconds=20.0,
    weather_seconds=60.0,
    lasting_seconds=(0.05, 40.0),
)


class World:
    """Three masters, and a clerk on each node who has agents admitted."""

    def __init__(self, seed: int) -> None:
        self.parliament = Parliament(seed=seed, session_seconds=6.0)
        self.sim = self.parliament.sim
        self.acknowledged: dict[str, None] = {}
        self._asked = 0
        self._clerks: dict[str, Probe] = {}
        self.sim.always(self.check)

    def acting(self) -> list[tuple[str, int]]:
        """The nodes whose masters would carry out an order now, and the epochs of their reigns."""
        found = []
        for node in self.parliament.nodes:
            if not node.up or node.paused:
                continue
            try:
                master = node.process(MASTER, Master)
            except LookupError:
                continue
            if master.reigns and not master.over and node.now() <= master._until:
                found.append((node.name, master.mandate.epoch))
        return found

    def check(self) -> None:
        """No two masters act at the same time (R2)."""
        acting = self.acting()
        assert len(acting) < 2, acting

    def ask(self) -> None:
        """Have whoever leads admit an agent."""
        for node in self.parliament.leaders:
            if node.up and not node.paused:
                self._asked += 1
                operation = AdmitAgent(AgentInfo(hostname="host", id=AgentID(value=f"S{self._asked}")))
                self._clerk(node).send(node.pid_of("registrar"), ApplyToRegistry(self._asked, operation))

    def note(self) -> None:
        """Note what was answered."""
        for clerk in self._clerks.values():
            for answer in clerk.received:
                if isinstance(answer, RegistryApplied) and answer.mutated:
                    self.acknowledged[f"S{answer.request_id}"] = None

    def registry(self) -> list[str]:
        """The agents that the leader knows to be admitted."""
        leader = self.parliament.leader(120.0)
        clerk = self._clerk(leader)
        clerk.received.clear()
        clerk.send(leader.pid_of("registrar"), ReadRegistry())
        self.sim.run_until(lambda: clerk.received)
        (answer,) = clerk.received
        assert isinstance(answer, RegistryRecovered)
        slaves = (answer.registry.slaves or Registry.Slaves()).slaves
        return [one.info.id.value for one in slaves if one.info.id is not None]

    def _clerk(self, node: SimulatedNode) -> Probe:
        """A clerk dies with its node."""
        clerk = self._clerks.get(node.name)
        if clerk is None or clerk.pid.name not in {actor.pid.name for actor in node.actors()}:
            self.note()
            clerk = self._clerks[node.name] = node.probe("clerk")
        return clerk


@pytest.mark.parametrize("seed", range(6))
def test_one_leads_and_nothing_durable_is_lost_whatever_fails(seed: int) -> None:
    world = World(seed)
    world.parliament.leader()
    world.sim.chaos(PLAN)
    for _ in range(120):
        world.sim.run(5.0)
        world.ask()
    world.sim.quiet()
    world.sim.run(60.0)
    world.note()
    kept = world.registry()
    assert len(world.acknowledged) > 10
    assert not [one for one in world.acknowledged if one not in kept]
