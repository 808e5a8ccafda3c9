"""A whole cluster in virtual time, for testing a framework on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from actors.agent.flags import AgentFlags
from actors.election.standalone import StandaloneDetector
from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.process import AllocatorProcess
from actors.master.daemon import (
    ALLOCATOR,
    MASTER,
    OBSERVER,
    REGISTRAR,
    STORE,
    allocator_settings,
    master_info,
)
from actors.master.flags import MasterFlags
from actors.master.master import Master
from actors.master.observer import AgentObserver
from actors.master.registrar.registrar import Registrar
from actors.simulation import Faults, SimulatedNode, Simulation
from actors.state.single import SingleStore
from actors.system import NEVER, Restart
from containerizers.fake import Course, Script
from frameworks.scheduler import Scheduler
from frameworks.testing.host import RESTART_SECONDS, SimulatedHost
from frameworks.testing.programs import MakeExecutor, scripted
from transport.pid import Pid
from transport.records.resources import Resources

S = TypeVar("S", bound=Scheduler)

#: The name of a scheduler on its node.
SCHEDULER: Final = "scheduler"


class SimulatedCluster:
    """A master and agents, each on a node of its own, with all their real parts but disks and processes.

    Everything that happens follows from `seed`, or from the simulation that is given. `commands` are courses
    by a command's text, or a function from what is to run to its course; a few commands are known anyway
    (`programs.shell`). `executors` make the executors that frameworks bring along, by the command that starts
    them. Flags of master and agents are given by their names.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        sim: Simulation | None = None,
        agents: int = 1,
        cpus: float = 4.0,
        mem: float = 4096.0,
        resources: str = "disk:10240;ports:[31000-32000]",
        commands: Script | Mapping[str, Course] | None = None,
        executors: Mapping[str, MakeExecutor] | None = None,
        faults: Faults | None = None,
        trace: bool = False,
        master_flags: Mapping[str, Any] | None = None,
        agent_flags: Mapping[str, Any] | None = None,
    ) -> None:
        self.sim = sim if sim is not None else Simulation(seed, faults=faults, trace=trace)
        self._master_flags = MasterFlags(work_dir=Path("/master"), hostname="master", **(master_flags or {}))
        self.master_node = self.sim.node("master", self._boot_master, restart_seconds=RESTART_SECONDS)
        script = commands if callable(commands) else scripted(commands or {})
        text = f"cpus:{cpus:g};mem:{mem:g};{resources}"
        self.hosts = tuple(
            self._host(f"agent{number}", text, script, executors or {}, agent_flags or {})
            for number in range(1, agents + 1)
        )

    @property
    def master(self) -> Master:
        """The master itself, to look into; raises LookupError while it is down."""
        return self.master_node.process(MASTER, Master)

    @property
    def master_pid(self) -> Pid:
        """Whoever leads."""
        return self.master_node.pid_of(MASTER)

    def start(
        self,
        make: Callable[[Pid], S],
        name: str = "framework",
        *,
        restart: Restart = NEVER,
        restart_seconds: float | None = None,
    ) -> SimulatedNode:
        """Host a scheduler, made from the Pid of a detector, on a node of its own."""

        def boot(node: SimulatedNode) -> None:
            detector = node.spawn(lambda: StandaloneDetector(self.master_pid), "detector", vital=True)
            node.spawn(lambda: make(detector), SCHEDULER, restart=restart)

        return self.sim.node(name, boot, restart_seconds=restart_seconds)

    def ended(self, node: SimulatedNode) -> bool:
        """Whether the scheduler that `start` hosts there has ended."""
        return SCHEDULER not in {actor.pid.name for actor in node.actors()}

    def wait_until_registered(self, timeout_seconds: float = 60.0) -> None:
        """Run until every agent is registered with the master."""
        self.sim.run_until(self.all_registered, timeout_seconds)

    def all_registered(self) -> bool:
        """Whether every agent is registered with the master, and connected."""
        agents = self.master.cluster.agents.values()
        return sum(agent.connected for agent in agents) == len(self.hosts)

    def _boot_master(self, node: SimulatedNode) -> None:
        flags = self._master_flags
        interval = flags.allocation_interval.seconds
        store = node.spawn(SingleStore, STORE, vital=True)
        registrar = node.spawn(lambda: Registrar(flags, store), REGISTRAR, vital=True)
        allocator = node.spawn(
            lambda: AllocatorProcess(
                HierarchicalAllocator(allocator_settings(flags)), node.pid_of(MASTER), interval
            ),
            ALLOCATOR,
            vital=True,
        )
        info = master_info(flags, f"{node.rng.getrandbits(128):032x}", node.address)
        master = node.spawn(lambda: Master(flags, info, allocator, registrar), MASTER, vital=True)
        node.spawn(lambda: AgentObserver(flags, master.whoever()), OBSERVER, vital=True)

    def _host(
        self,
        name: str,
        resources: str,
        script: Script,
        executors: Mapping[str, MakeExecutor],
        agent_flags: Mapping[str, Any],
    ) -> SimulatedHost:
        flags = AgentFlags(
            master=str(self.master_pid),
            work_dir=Path("/agent"),
            hostname=name,
            resources=resources,
            **agent_flags,
        )
        return SimulatedHost(
            self.sim, name, self.master_pid, flags, Resources.parse(resources), script, executors
        )
