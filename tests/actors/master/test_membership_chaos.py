"""Agents, operators and masters that fail all the time: what membership promises holds throughout."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.process import AllocatorProcess
from actors.master.registrar.archive import read
from actors.master.registrar.registrar import Registrar
from actors.process import Process, handles
from actors.simulation import Plan, SimulatedNode
from actors.simulation.probe import Probe
from tests.actors.master.allocator.factories import ALL
from tests.actors.master.stage import MASTER, Stage
from transport.message import Message
from transport.messages import membership, operating
from transport.pid import Pid
from transport.records.agent import AgentInfo, DrainConfig
from transport.records.ids import AgentID
from transport.records.machine import MachineID, MachineInfo
from transport.records.maintenance import Schedule, Window
from transport.records.registry import Registry
from transport.records.resources import Resources
from transport.records.time_info import TimeInfo, Unavailability

HAS = tuple(Resources.parse("cpus:4;mem:4096"))
RETRY_SECONDS = 1.0
HOSTS = 4
PLAN = Plan(
    crash_seconds=30.0,
    kill_seconds=20.0,
    strike_seconds=10.0,
    pause_seconds=40.0,
    partition_seconds=60.0,
    disconnect_seconds=10.0,
    weather_seconds=30.0,
    lasting_seconds=(0.05, 100.0),
)


class Host(Process):
    """An agent that runs nothing, and keeps its id on its disk until it is sent away for good."""

    def __init__(self) -> None:
        self.registered = False
        self._silence_ends = 0.0

    def initialize(self) -> None:
        try:
            self.id: str | None = self.system.disk.read("id").decode() or None
        except FileNotFoundError:
            self.id = None
        self.link(MASTER)
        self.every(RETRY_SECONDS, self._register)

    def _register(self) -> None:
        if self.registered and self.system.now() < self._silence_ends:
            return
        self.registered = False
        info = AgentInfo(hostname=self.pid.host, port=5051, resources=HAS)
        capabilities = tuple(AgentInfo.Capability(type=each) for each in ALL)
        if self.id is None:
            self.send(MASTER, membership.RegisterAgent(info, "1", HAS, capabilities))
        else:
            info = replace(info, id=AgentID(value=self.id))
            self.send(MASTER, membership.ReregisterAgent(info, "1", HAS, capabilities))

    def exited(self, pid: Pid) -> None:
        self.registered = False
        self.delay(RETRY_SECONDS, self.link, MASTER)

    def _keep(self, agent_id: str | None) -> None:
        self.id = agent_id
        self.system.disk.write("id", (agent_id or "").encode())
        self.system.disk.sync("id")
        self.system.disk.sync_folder("")

    @handles(membership.AgentRegistered)
    def accepted(self, sender: Pid, message: membership.AgentRegistered) -> None:
        self._keep(message.agent_id)
        self._note_master(message.ping_timeout_seconds)

    @handles(membership.AgentReregistered)
    def accepted_again(self, sender: Pid, message: membership.AgentReregistered) -> None:
        self._note_master(message.ping_timeout_seconds)

    def _note_master(self, ping_timeout_seconds: float) -> None:
        self.registered = True
        self._patience_seconds = ping_timeout_seconds
        self._silence_ends = self.system.now() + ping_timeout_seconds

    @handles(membership.PingAgent)
    def ping(self, sender: Pid, message: membership.PingAgent) -> None:
        self.send(sender, membership.PongAgent())
        if self.registered:
            self._silence_ends = self.system.now() + self._patience_seconds
            self.registered = message.connected

    @handles(membership.ShutdownAgent)
    def sent_away(self, sender: Pid, message: membership.ShutdownAgent) -> None:
        self.registered = False
        if "gone" in message.message:
            self._keep(None)

    def unhandled(self, sender: Pid, message: object) -> None:
        """Orders to drain and to go on: there is nothing to be done."""


class World:
    """The stage, its hosts, and an operator who wants something now and then."""

    def __init__(self, seed: int) -> None:
        self.stage = Stage(seed)
        self.sim = self.stage.sim
        self.rng = random.Random(seed)
        self.hosts = [self.sim.node(f"host{number}", self._boot) for number in range(HOSTS)]
        self.operator: Probe = self.sim.node("operator").probe()
        self._version = b""
        self.registry = Registry()
        self.gone: dict[str, None] = {}
        self.sim.always(self.check)

    def _boot(self, node: SimulatedNode) -> None:
        node.spawn(Host, "agent")

    def check(self) -> None:
        """Nobody is in the books who is not durably admitted (I21); who is gone stays gone (I22)."""
        try:
            master, registrar = self.stage.master, self.stage.node.process("registrar", Registrar)
        except LookupError:
            return
        if not master.reigns:
            return
        if registrar._version != self._version:
            self._version = registrar._version
            self.registry = read(registrar._durable).registry
            self.gone.update((one.id.value, None) for one in (self.registry.gone or NOBODY).slaves)
            assert not self.gone.keys() & self.admitted
        assert master.cluster.agents.keys() - master.agents.members.under_way.keys() <= self.admitted

    @property
    def admitted(self) -> set[str]:
        slaves = (self.registry.slaves or Registry.Slaves()).slaves
        return {one.info.id.value for one in slaves if one.info.id is not None}

    def wish(self) -> None:
        """An operator asks for something, sensible or not."""
        ids = sorted((*self.admitted, "m9-S9"))
        agent_id, machine = self.rng.choice(ids), MachineID(hostname=f"host{self.rng.randrange(HOSTS)}")
        window = Window(machine_ids=(machine,), unavailability=Unavailability(start=TimeInfo(nanoseconds=1)))
        wishes: list[Message] = [
            operating.DrainAgentRequest(1, agent_id, DrainConfig()),
            operating.DrainAgentRequest(1, agent_id, DrainConfig(mark_gone=True)),
            operating.DeactivateAgentRequest(1, agent_id),
            operating.ReactivateAgentRequest(1, agent_id),
            operating.MarkAgentGoneRequest(1, agent_id),
            operating.UpdateMaintenanceRequest(1, Schedule(windows=(window,))),
            operating.StartMaintenanceRequest(1, (machine,)),
            operating.StopMaintenanceRequest(1, (machine,)),
        ]
        self.operator.send(MASTER, self.rng.choice(wishes))

    def end_maintenance(self) -> None:
        """Machines that are down are brought up."""
        down = [
            one.info.id
            for one in (self.registry.machines or Registry.Machines()).machines
            if one.info.mode is MachineInfo.Mode.DOWN
        ]
        if down:
            self.operator.send(MASTER, operating.StopMaintenanceRequest(1, tuple(down)))

    def settled(self) -> bool:
        """Whether every host is registered and connected, and nobody else is."""
        agents = self.stage.master.cluster.agents
        hosts = [host.process("agent", Host) for host in self.hosts]
        return all(
            host.registered and (agent := agents.get(host.id or "")) is not None and agent.connected
            for host in hosts
        ) and len(agents) == len(hosts)

    def check_allocator(self) -> None:
        """The allocator offers exactly the agents that may be offered."""
        allocator = self.stage.node.process("allocator", AllocatorProcess)._allocator
        assert isinstance(allocator, HierarchicalAllocator)
        active = {agent.id: agent.is_active for agent in allocator._ledger.agents.values()}
        agents = self.stage.master.cluster.agents.values()
        assert active == {agent.id: agent.active for agent in agents}


NOBODY = Registry.GoneSlaves()


@pytest.mark.parametrize("seed", range(8))
def test_membership_is_durable_and_final_whatever_fails(seed: int) -> None:
    world = World(seed)
    world.sim.chaos(PLAN)
    for _ in range(20):
        world.sim.run(world.rng.uniform(1.0, 30.0))
        world.wish()
    world.sim.quiet()
    world.sim.run(5.0)
    world.end_maintenance()
    world.sim.run_until(world.settled, timeout_seconds=1300.0)
    world.sim.run(5.0)
    assert world.settled()
    world.check_allocator()
