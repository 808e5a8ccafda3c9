"""One simulated host of a cluster: its agent, its executor node, and what runs on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from actors.agent.agent import Agent
from actors.agent.archive import Archivist
from actors.agent.container_rules import rules_of
from actors.agent.flags import AgentFlags
from actors.agent.garbage import GarbageCollector
from actors.agent.imaginary import ImaginaryFolders, ImaginarySandboxes
from actors.agent.updates import Updates
from actors.executor.checks.prober import PROBER, Prober
from actors.executor.command import CommandExecutor
from actors.executor.containerizer import CONTAINERIZER, ContainerizerProcess, Delay
from actors.executor.containment.containment import Containment
from actors.executor.default import DefaultExecutor
from actors.executor.fetcher import FETCHER, Fetcher
from actors.executor.host import EXECUTORS, ExecutorHost
from actors.executor.keeper import KEEPER, Keeper
from actors.executor.sandboxes import SANDBOXES, NestedSandboxes
from actors.executor.simulated_node import SimulatedExecutorNode
from actors.node.control import NODE
from actors.process import Process, handles
from actors.simulation import SimulatedNode, Simulation
from actors.system import Restart
from containerizers.containerizer import Notify
from containerizers.fake import FakeKernel, Script
from containerizers.fetcher.fake import FakeFetches, at_once
from containerizers.fetcher.fake import Script as FetchScript
from frameworks.testing.masters import RESTART_SECONDS, SimulatedMasters
from frameworks.testing.programs import (
    Executors,
    HealthyServers,
    MakeExecutor,
    SimulatedContainers,
    make_no_folder,
    remove_no_folder,
)
from transport.messages.hosting import LaunchExecutor
from transport.messages.node import StopNode
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.resources import Resources
from transport.records.task import TaskInfo

AGENT: Final = "agent"
_RUNTIME_DIR: Final = Path("/run/agent")


class SimulatedHost:
    """Boots an agent and its executor node, now and after each restart of either."""

    def __init__(
        self,
        sim: Simulation,
        name: str,
        masters: SimulatedMasters,
        flags: AgentFlags,
        resources: Resources,
        script: Script,
        makers: Mapping[str, MakeExecutor],
        fetches: FetchScript = at_once,
    ) -> None:
        self.name = name
        self._sim = sim
        self._masters = masters
        self._flags = flags
        self._info = AgentInfo(hostname=name, port=flags.port, resources=tuple(resources))
        self._script = script
        self._fetches = fetches
        rules = rules_of(flags, flags.work_dir, _RUNTIME_DIR)
        self._containment = Containment(rules)
        self._boots = 1
        #: Of the executor node, which may lose its power alone.
        self._executor_boots = 1
        #: What runs, whether or not the executor node does.
        self.kernel = FakeKernel(lambda: sim.now)
        #: The executors that frameworks brought along.
        self.executors = Executors(sim, name, makers)
        self.executor_node = sim.node(f"{name}-executors", self._boot_executors, restart_seconds=None)
        self.node = sim.node(name, self._boot_agent, restart_seconds=RESTART_SECONDS)

    @property
    def agent(self) -> Agent:
        """The agent itself, to look into; raises LookupError while it is down."""
        return self.node.process(AGENT, Agent)

    def lose_power(self) -> None:
        """Everything on the host ends, and what was not synced is lost."""
        self.node.crash()
        self.executor_node.crash()
        self.executors.lose_power()
        self.kernel.lose_power()
        self._boots += 1

    def _boot_executors(self, node: SimulatedNode) -> None:
        if node.lost_power:
            self.executors.lose_power()
            self.kernel.lose_power()
            self._executor_boots += 1

        def make(notify: Notify, delay: Delay) -> SimulatedContainers:
            return SimulatedContainers(notify, delay, self._script, self.kernel, self.executors)

        containment = self._containment

        def command(
            launch: LaunchExecutor, agent: Pid, containerizer: Pid, adopted: TaskInfo | None = None
        ) -> CommandExecutor:
            return CommandExecutor(launch, agent, containerizer, adopted, containment)

        def default(launch: LaunchExecutor, agent: Pid, containerizer: Pid) -> DefaultExecutor:
            return DefaultExecutor(launch, agent, containerizer, containment)

        patience = self._flags.recovery_timeout.seconds
        node.spawn(_Control, NODE)
        boot_id = f"boot-{self._executor_boots}"
        node.spawn(lambda: ContainerizerProcess(make, boot_id), CONTAINERIZER, restart=Restart(), vital=True)
        node.spawn(
            lambda: NestedSandboxes(make_no_folder, remove_no_folder),
            SANDBOXES,
            restart=Restart(),
            vital=True,
        )
        node.spawn(
            lambda: Fetcher(lambda delay: FakeFetches(delay, self._fetches)),
            FETCHER,
            restart=Restart(),
            vital=True,
        )
        node.spawn(lambda: Prober(HealthyServers), PROBER, restart=Restart(), vital=True)
        node.spawn(
            lambda: ExecutorHost(command, default, patience, containment=containment),
            EXECUTORS,
            restart=Restart(),
            vital=True,
        )

    def _boot_agent(self, node: SimulatedNode) -> None:
        flags = self._flags
        sandboxes = ImaginarySandboxes(node.disk, users=("root", "nobody"))
        folders = ImaginaryFolders(node.disk)
        boot_id = f"boot-{self._boots}"
        node.spawn(_Control, NODE)
        detector = self._masters.spawn_detector(node)
        archive = node.spawn(lambda: Archivist(flags, sandboxes, boot_id), "archive", vital=True)
        updates = node.spawn(Updates, "updates", vital=True)
        garbage = node.spawn(lambda: GarbageCollector(flags, folders), "garbage", vital=True)
        keeper = node.spawn(lambda: Keeper(SimulatedExecutorNode(self.executor_node)), KEEPER, vital=True)
        node.spawn(
            lambda: Agent(flags, self._info, detector, archive, updates, garbage, keeper), AGENT, vital=True
        )


class _Control(Process):
    """Ends its node when that is wanted; the host starts an agent again, as a service is."""

    @handles(StopNode)
    def stop_node(self, sender: Pid, message: StopNode) -> None:
        """End."""
        self.system.abort(f"{sender.name} has it stop")
