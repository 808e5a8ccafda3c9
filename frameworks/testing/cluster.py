"""A whole cluster in virtual time, for testing a framework on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from actors.agent.flags import AgentFlags
from actors.election.address import MASTER
from actors.master.master import Master
from actors.process import Process
from actors.simulation import Faults, SimulatedNode, Simulation
from actors.simulation.zookeeper import SimulatedZooKeeper
from actors.system import NEVER, Restart
from containerizers.fake import Course, Script
from containerizers.fetcher.fake import Script as FetchScript
from containerizers.fetcher.fake import at_once
from frameworks.testing.host import SimulatedHost
from frameworks.testing.masters import SimulatedMasters
from frameworks.testing.programs import MakeExecutor, scripted
from transport.pid import Pid
from transport.records.resources import Resources

P = TypeVar("P", bound=Process)

#: The name of a scheduler on its node.
SCHEDULER: Final = "scheduler"


class SimulatedCluster:
    """Masters and agents, each on a node of its own, with all their real parts but disks and processes.

    Several `masters`, of which there may be one, elect a leader by a simulated ZooKeeper, and keep the
    registry in a log of which each of them has a replica.

    Everything that happens follows from `seed`, or from the simulation that is given. `commands` are courses
    by a command's text, or a function from what is to run to its course; a few commands are known anyway
    (`programs.shell`). `executors` make the executors that frameworks bring along, by the command that starts
    them. `fetches` says what becomes of files that containers need. `beside` starts what else is to run on
    each master's node. Flags of master and agents are given by their names.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        sim: Simulation | None = None,
        masters: int = 1,
        agents: int = 1,
        cpus: float = 4.0,
        mem: float = 4096.0,
        resources: str = "disk:10240;ports:[31000-32000]",
        commands: Script | Mapping[str, Course] | None = None,
        executors: Mapping[str, MakeExecutor] | None = None,
        fetches: FetchScript = at_once,
        faults: Faults | None = None,
        trace: bool = False,
        beside: Callable[[SimulatedNode], object] = lambda _node: None,
        master_flags: Mapping[str, Any] | None = None,
        agent_flags: Mapping[str, Any] | None = None,
    ) -> None:
        self.sim = sim if sim is not None else Simulation(seed, faults=faults, trace=trace)
        self.masters = SimulatedMasters(self.sim, masters, master_flags or {}, beside)
        script = commands if callable(commands) else scripted(commands or {})
        text = f"cpus:{cpus:g};mem:{mem:g};{resources}"
        self.hosts = tuple(
            self._host(f"agent{number}", text, script, executors or {}, fetches, agent_flags or {})
            for number in range(1, agents + 1)
        )

    @property
    def zookeeper(self) -> SimulatedZooKeeper:
        """ZooKeeper; raises LookupError where there is one master only."""
        return self.masters.zookeeper

    @property
    def master(self) -> Master:
        """The master that leads, to look into; raises LookupError while none does."""
        return self.master_node.process(MASTER, Master)

    @property
    def master_node(self) -> SimulatedNode:
        """The node of the master that leads; raises LookupError while none does and there are several."""
        return self.masters.leading

    @property
    def master_pid(self) -> Pid:
        """Whoever leads; raises LookupError as `master_node` does."""
        return self.master_node.pid_of(MASTER)

    def start(
        self,
        make: Callable[[Pid], P],
        name: str = "framework",
        *,
        restart: Restart = NEVER,
        restart_seconds: float | None = None,
    ) -> SimulatedNode:
        """Host a scheduler, made from the Pid of a detector, on a node of its own."""

        def boot(node: SimulatedNode) -> None:
            detector = self.masters.spawn_detector(node)
            node.spawn(lambda: make(detector), SCHEDULER, restart=restart)

        return self.sim.node(name, boot, restart_seconds=restart_seconds)

    def ended(self, node: SimulatedNode) -> bool:
        """Whether the scheduler that `start` hosts there has ended."""
        return SCHEDULER not in {actor.pid.name for actor in node.actors()}

    def wait_until_registered(self, timeout_seconds: float = 60.0) -> None:
        """Run until every agent is registered with the master."""
        self.sim.run_until(self.all_registered, timeout_seconds)

    def all_registered(self) -> bool:
        """Whether every agent is registered with the master that leads, and connected."""
        try:
            agents = self.master.cluster.agents.values()
        except LookupError:
            return False
        return sum(agent.connected for agent in agents) == len(self.hosts)

    def _host(
        self,
        name: str,
        resources: str,
        script: Script,
        executors: Mapping[str, MakeExecutor],
        fetches: FetchScript,
        agent_flags: Mapping[str, Any],
    ) -> SimulatedHost:
        flags = AgentFlags(
            master=self.masters.address,
            work_dir=Path("/agent"),
            hostname=name,
            resources=resources,
            **agent_flags,
        )
        return SimulatedHost(
            self.sim, name, self.masters, flags, Resources.parse(resources), script, executors, fetches
        )
