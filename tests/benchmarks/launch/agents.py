"""Many agents that register at once: light ones, which only register and answer pings."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial

from actors.cli.client import Client
from actors.election.address import parse_master
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from tests.benchmarks.child import child, ready
from tests.benchmarks.figure import Figure, Size, alone, at_most
from tests.benchmarks.launch.cluster import Cluster, cluster, settle
from transport.message import Message
from transport.messages.membership import AgentRegistered, PingAgent, PongAgent, RegisterAgent
from transport.messages.node import DescribeNode, NodeDescription
from transport.pid import Address, Pid
from transport.records.agent import AgentInfo
from transport.records.resources import Resources

_PROCESSES = 4
_DEADLINE_SECONDS = 120.0
_RESOURCES = tuple(Resources.parse("cpus:4;mem:4096;disk:10000;ports:[31000-32000]"))
_CAPABILITIES = tuple(
    AgentInfo.Capability(type=kind)
    for kind in (
        AgentInfo.Capability.Type.MULTI_ROLE,
        AgentInfo.Capability.Type.HIERARCHICAL_ROLE,
        AgentInfo.Capability.Type.RESERVATION_REFINEMENT,
    )
)


class Begin(Message):
    """Register now."""


class AskRegistered(Message):
    """How many are registered?"""


class Registered(Message):
    """So many are, the last of them at this time (monotonic seconds of the machine)."""

    count: int
    latest: float


class Foreman(Process):
    """Begins with all light agents of its node, and counts those that are registered."""

    def __init__(self, agents: Sequence[Pid]) -> None:
        self._agents = agents
        self._count = 0
        self._latest = 0.0

    @handles(Begin)
    def begin(self, sender: Pid, message: Begin) -> None:
        for agent in self._agents:
            self.send(agent, message)
        self.send(sender, Registered(0, 0.0))

    @handles(AgentRegistered)
    def registered(self, sender: Pid, message: AgentRegistered) -> None:
        self._count += 1
        self._latest = time.monotonic()

    @handles(AskRegistered)
    def tell(self, sender: Pid, message: AskRegistered) -> None:
        self.send(sender, Registered(self._count, self._latest))


class LightAgent(Process):
    """Registers as an agent does, and runs nothing."""

    def __init__(self, master: Pid, hostname: str) -> None:
        self._master = master
        self._info = AgentInfo(hostname=hostname, port=5051, resources=_RESOURCES)
        self._registered = False

    @handles(Begin)
    def begin(self, sender: Pid, message: Begin) -> None:
        self._foreman = sender
        self._register()

    def _register(self) -> None:
        if not self._registered:
            self.send(self._master, RegisterAgent(self._info, "1", _RESOURCES, _CAPABILITIES))
            self.delay(self.system.rng.uniform(1.0, 2.0), self._register)

    @handles(AgentRegistered)
    def registered(self, sender: Pid, message: AgentRegistered) -> None:
        if not self._registered:
            self._registered = True
            self.send(self._foreman, message)

    @handles(PingAgent)
    def pong(self, sender: Pid, message: PingAgent) -> None:
        self.send(sender, PongAgent())


def figures(size: Size) -> Iterator[Figure]:
    agents = size.of(1000, least=_PROCESSES)
    seconds, longest = [], []
    for _ in range(max(1, size.rounds // 2)):
        with cluster(agents=False) as running:
            seconds.append(_register(running, agents))
            longest.append(_longest_turn(running) * 1000)
    yield alone("launch.register_1000_agents", "s", seconds, at_most(15))
    yield alone("launch.register_1000_agents.longest_turn_of_master", "ms", longest, at_most(250))


def _register(running: Cluster, agents: int) -> float:
    with contextlib.ExitStack() as stack:
        share = agents // _PROCESSES
        lines = [
            stack.enter_context(child(__name__, running.address, share, number))
            for number in range(_PROCESSES)
        ]
        foremen = [Pid("foreman", *Address.parse(line)) for line in lines]
        client = stack.enter_context(Client(foremen[0].address, None, _DEADLINE_SECONDS))
        begin = time.monotonic()
        for foreman in foremen:
            client.ask_actor(foreman, Begin(), Registered)
        while True:
            told = [client.ask_actor(foreman, AskRegistered(), Registered) for foreman in foremen]
            if sum(one.count for one in told) == share * _PROCESSES:
                return max(one.latest for one in told) - begin
            assert time.monotonic() < begin + _DEADLINE_SECONDS, told
            settle(0.2)


def _longest_turn(running: Cluster) -> float:
    with Client(running.master.address, None, 10.0) as client:
        described = client.ask(running.master.address, DescribeNode(), NodeDescription)
    return max(actor.longest_turn_seconds for actor in described.actors if actor.pid.name == "master")


def main(master: str, agents: str, number: str) -> None:
    system = PykkaSystem(bind=Address("127.0.0.1", 0))
    system.start()
    leader = parse_master(master)
    pids = [
        system.spawn(partial(LightAgent, leader, f"host-{number}-{i}"), f"agent-{i}")
        for i in range(int(agents))
    ]
    system.spawn(lambda: Foreman(pids), "foreman")
    ready(str(system.address))
    system.stop(1.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
