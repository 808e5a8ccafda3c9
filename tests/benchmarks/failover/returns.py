"""All agents of a large cluster come back to a new master at once, each with what runs on it (R19)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from actors.election.address import MASTER
from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.process import AllocatorProcess
from actors.master.court import ALLOCATOR, REGISTRAR, STORE
from actors.master.flags import MasterFlags
from actors.master.master import Master
from actors.master.registrar.archive import Stored, write
from actors.master.registrar.registrar import VARIABLE, Registrar
from actors.process import Process, handles
from actors.simulation import SimulatedNode, Simulation
from actors.state.memory import MemoryStore
from actors.state.variable import Variable
from tests.benchmarks.figure import Figure, Size, alone, at_most
from transport.envelope import Envelope
from transport.messages.membership import AgentReregistered, PingAgent, PongAgent, ReregisterAgent
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, FrameworkID, TaskID
from transport.records.master import MasterInfo
from transport.records.registry import Registry
from transport.records.resources import Resources
from transport.records.task import Task
from transport.records.task_status import TaskState, TaskStatus

_AGENTS, _TASKS_EACH = 1000, 100
_NODES = 50
#: Agents wait for up to so long before they look for the new master (--registration_backoff_factor).
_JITTER_SECONDS = 1.0
_HAS = Resources.parse("cpus:64;mem:65536")
_USES = tuple(Resources.parse("cpus:0.1;mem:64").allocate("*"))
_FRAMEWORK = FrameworkInfo(
    user="nobody", name="old", id=FrameworkID(value="old-0000"), checkpoint=True, failover_timeout=604800.0
)
_CAPABILITIES = tuple(
    AgentInfo.Capability(type=kind)
    for kind in (AgentInfo.Capability.Type.MULTI_ROLE, AgentInfo.Capability.Type.RESERVATION_REFINEMENT)
)


def _info(number: int) -> AgentInfo:
    return AgentInfo(
        hostname=f"host{number}", port=5051, id=AgentID(value=f"old-S{number}"), resources=tuple(_HAS)
    )


class LightAgent(Process):
    """Tells the master of all its tasks until that answers."""

    def __init__(self, number: int, master: Pid, tasks: int) -> None:
        info = self._info = _info(number)
        assert info.id is not None
        self._master = master
        self.back = False
        self._message = ReregisterAgent(
            info,
            "1",
            tuple(_HAS),
            _CAPABILITIES,
            frameworks=(_FRAMEWORK,),
            tasks=tuple(_task(info.id, f"t{number}-{each}") for each in range(tasks)),
        )

    def initialize(self) -> None:
        self.delay(self.system.rng.uniform(0.0, _JITTER_SECONDS), self._register)

    def _register(self) -> None:
        if not self.back:
            self.send(self._master, self._message)
            self.delay(self.system.rng.uniform(1.0, 2.0), self._register)

    @handles(AgentReregistered)
    def reregistered(self, sender: Pid, message: AgentReregistered) -> None:
        self.back = True

    @handles(PingAgent)
    def ping(self, sender: Pid, message: PingAgent) -> None:
        self.send(sender, PongAgent())


def _task(agent_id: AgentID, task_id: str) -> Task:
    status = TaskStatus(
        task_id=TaskID(value=task_id), state=TaskState.TASK_RUNNING, agent_id=agent_id, uuid=b"1" * 16
    )
    return Task(
        name=task_id,
        task_id=TaskID(value=task_id),
        framework_id=FrameworkID(value="old-0000"),
        agent_id=agent_id,
        state=TaskState.TASK_RUNNING,
        resources=_USES,
        statuses=(status,),
        status_update_state=TaskState.TASK_RUNNING,
        status_update_uuid=b"1" * 16,
    )


class TimedMaster(Master):
    """Notes how long each turn takes."""

    check_invariants = None  # type: ignore[assignment]  # after each turn it would take longer than the turn
    turns: list[float]

    def receive(self, envelope: Envelope) -> None:
        begin = time.perf_counter()
        super().receive(envelope)
        self.turns.append(time.perf_counter() - begin)


class TimedAllocator(AllocatorProcess):
    """Notes how long each turn takes."""

    check_invariants = None  # type: ignore[assignment]
    turns: list[float]

    def receive(self, envelope: Envelope) -> None:
        begin = time.perf_counter()
        super().receive(envelope)
        self.turns.append(time.perf_counter() - begin)


class _Cluster:
    def __init__(self, agents: int, tasks: int) -> None:
        self.master_turns: list[float] = []
        self.allocator_turns: list[float] = []
        slaves = Registry.Slaves(slaves=tuple(Registry.Slave(info=_info(number)) for number in range(agents)))
        self._registry = write(Stored(Registry(slaves=slaves)))
        self.sim = Simulation(1, use_codec=False, turns_kept=100)
        master = self.sim.node("master", self._boot_master)
        self.agents = [LightAgent(number, master.pid_of(MASTER), tasks) for number in range(agents)]
        for number in range(_NODES):
            self.sim.node(f"agents-{number}", partial(self._boot_agents, number))

    def _boot_master(self, node: SimulatedNode) -> None:
        flags = MasterFlags(registry="in_memory")
        kept = {VARIABLE: Variable(b"1" * 16, self._registry)}
        node.spawn(lambda: MemoryStore(kept), STORE)
        registrar = node.spawn(lambda: Registrar(flags, node.pid_of(STORE)), REGISTRAR)
        allocator = TimedAllocator(HierarchicalAllocator(), node.pid_of(MASTER))
        allocator.turns = self.allocator_turns
        pid = node.spawn(lambda: allocator, ALLOCATOR)
        master = TimedMaster(flags, MasterInfo(id="new", ip=1, port=5050), pid, registrar)
        master.turns = self.master_turns
        node.spawn(lambda: master, MASTER)

    def _boot_agents(self, number: int, node: SimulatedNode) -> None:
        for place in range(number, len(self.agents), _NODES):
            node.spawn(partial(self.agents.__getitem__, place), f"agent-{place}")

    def all_back(self) -> bool:
        return all(agent.back for agent in self.agents)


def figures(size: Size) -> Iterator[Figure]:
    agents, tasks = size.of(_AGENTS, least=_NODES), _TASKS_EACH
    longest, busy, longest_allocation = [], [], []
    for _ in range(size.rounds):
        cluster = _Cluster(agents, tasks)
        cluster.sim.run_until(cluster.all_back, 60.0)
        longest.append(max(cluster.master_turns) * 1000)
        busy.append(sum(cluster.master_turns))
        longest_allocation.append(max(cluster.allocator_turns) * 1000)
    name = f"failover.{agents}_agents_{agents * tasks}_tasks"
    yield alone(f"{name}.longest_turn_of_master", "ms", longest, at_most(250))
    yield alone(f"{name}.longest_turn_of_allocator", "ms", longest_allocation, at_most(250))
    yield alone(f"{name}.master_is_busy", "s", busy, at_most(30))
