"""A large cluster in virtual time: the real master and allocator, light agents, one framework."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from functools import partial

from actors.election.standalone import StandaloneDetector
from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.process import AllocatorProcess
from actors.master.daemon import ALLOCATOR, MASTER, REGISTRAR, STORE, master_info
from actors.master.flags import MasterFlags
from actors.master.master import Master
from actors.master.registrar.registrar import Registrar
from actors.process import Process, handles
from actors.simulation import SimulatedNode, Simulation
from actors.state.memory import MemoryStore
from frameworks.scheduler import Scheduler
from tests.benchmarks.figure import Figure, Size, alone
from transport.messages.launching import AcknowledgeUpdate, RunTask, StatusUpdate
from transport.messages.membership import AgentRegistered, PingAgent, PongAgent, RegisterAgent
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.command import CommandInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import TaskID
from transport.records.offer import Offer
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus

_AGENTS, _TASKS, _SECONDS = 10_000, 100_000, 600.0
_NODES = 100
_PER_OFFER = 5
_RESOURCES = tuple(Resources.parse("cpus:8;mem:8192"))
_TASK = tuple(Resources.parse("cpus:1;mem:512"))
_CAPABILITIES = tuple(
    AgentInfo.Capability(type=kind)
    for kind in (AgentInfo.Capability.Type.MULTI_ROLE, AgentInfo.Capability.Type.RESERVATION_REFINEMENT)
)
_STATES = (TaskState.TASK_STARTING, TaskState.TASK_RUNNING, TaskState.TASK_FINISHED)


class LightAgent(Process):
    """Registers, answers pings, and has each task run for half a minute."""

    def __init__(self, master: Pid, hostname: str) -> None:
        self._master = master
        self._info = AgentInfo(hostname=hostname, port=5051, resources=_RESOURCES)
        self._id = ""

    def initialize(self) -> None:
        self.delay(self.system.rng.uniform(0.0, 5.0), self._register)

    def _register(self) -> None:
        if not self._id:
            self.send(self._master, RegisterAgent(self._info, "1", _RESOURCES, _CAPABILITIES))
            self.delay(self.system.rng.uniform(5.0, 10.0), self._register)

    @handles(AgentRegistered)
    def registered(self, sender: Pid, message: AgentRegistered) -> None:
        self._id = message.agent_id

    @handles(PingAgent)
    def pong(self, sender: Pid, message: PingAgent) -> None:
        self.send(sender, PongAgent())

    @handles(RunTask)
    def run(self, sender: Pid, message: RunTask) -> None:
        assert message.framework.id is not None
        self._tell(sender, message.framework.id.value, message.task, 0)

    @handles(AcknowledgeUpdate)
    def acknowledged(self, sender: Pid, message: AcknowledgeUpdate) -> None:
        pass

    def _tell(self, master: Pid, framework_id: str, task: TaskInfo, step: int) -> None:
        status = TaskStatus(
            task_id=task.task_id,
            state=_STATES[step],
            source=TaskStatus.Source.SOURCE_EXECUTOR,
            agent_id=task.agent_id,
            uuid=self.system.rng.randbytes(16),
        )
        self.send(master, StatusUpdate(framework_id, self._id, status, _STATES[step]))
        if step + 1 < len(_STATES):
            self.delay((0.1, 30.0)[step], self._tell, master, framework_id, task, step + 1)


class Filler(Scheduler):
    """Launches what is left of its tasks on whatever it is offered."""

    def __init__(self, detector: Pid, tasks: int) -> None:
        super().__init__(FrameworkInfo(user="root", name="filler"), detector)
        self.left = tasks
        self.finished = 0

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        for offer in offers:
            count = min(_PER_OFFER, self.left, _room(offer))
            tasks = [self._task(offer, self.left - number) for number in range(count)]
            self.left -= count
            if tasks:
                self.launch([offer], tasks)
            else:
                self.decline([offer], 600.0)

    def update(self, status: TaskStatus) -> None:
        self.finished += status.state is TaskState.TASK_FINISHED

    def _task(self, offer: Offer, number: int) -> TaskInfo:
        return TaskInfo(
            name="fill",
            task_id=TaskID(value=f"fill-{number}"),
            agent_id=offer.agent_id,
            resources=_TASK,
            command=CommandInfo(value="true"),
        )


def _room(offer: Offer) -> int:
    """How many tasks fit into the offer."""
    cpus = sum(one.scalar.value for one in offer.resources if one.name == "cpus" and one.scalar is not None)
    return int(cpus)


def figures(size: Size) -> Iterator[Figure]:
    agents, tasks = size.of(_AGENTS, least=_NODES), size.of(_TASKS, least=_NODES)
    begin = time.perf_counter()
    sim = Simulation(1, use_codec=False, turns_kept=100)
    master = sim.node("master", _boot_master)
    for number in range(_NODES):
        sim.node(f"agents-{number}", _agents(master.pid_of(MASTER), number, agents // _NODES))
    framework = sim.node("framework", lambda node: _boot_framework(node, master.pid_of(MASTER), tasks))
    sim.run(_SECONDS)
    seconds = time.perf_counter() - begin
    filler = framework.process("filler", Filler)
    assert filler.finished == tasks, f"{filler.finished} of {tasks} tasks finished"
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield alone(f"launch.simulated.{agents}_agents_{tasks}_tasks", "s for 10 virtual minutes", [seconds])
    yield alone("launch.simulated.memory", "MB at most", [kilobytes / 1024])


def _boot_master(node: SimulatedNode) -> None:
    flags = MasterFlags(registry="in_memory")
    node.spawn(MemoryStore, STORE)
    registrar = node.spawn(lambda: Registrar(flags, node.pid_of(STORE)), REGISTRAR)
    # Checked after each turn, their books would take far longer than they do.
    allocator = node.spawn(
        lambda: _UncheckedAllocator(HierarchicalAllocator(), node.pid_of(MASTER)), ALLOCATOR
    )
    info = master_info(flags, f"{node.rng.getrandbits(128):032x}", node.address)
    node.spawn(lambda: _Unchecked(flags, info, allocator, registrar), MASTER)


class _Unchecked(Master):
    check_invariants = None  # type: ignore[assignment]


class _UncheckedAllocator(AllocatorProcess):
    check_invariants = None  # type: ignore[assignment]


def _agents(master: Pid, number: int, count: int) -> Callable[[SimulatedNode], None]:
    def boot(node: SimulatedNode) -> None:
        for each in range(count):
            node.spawn(partial(LightAgent, master, f"host-{number}-{each}"), f"agent-{each}")

    return boot


def _boot_framework(node: SimulatedNode, master: Pid, tasks: int) -> None:
    node.spawn(lambda: StandaloneDetector(master), "detector")
    node.spawn(lambda: Filler(node.pid_of("detector"), tasks), "filler")
