"""Several masters in simulation, each with all that its node has for real but a disk and ZooKeeper's wire."""

from __future__ import annotations

from pathlib import Path

from actors.election.address import MASTER
from actors.election.detector import Detector
from actors.election.session import ZOOKEEPER
from actors.master.candidate import Election, start
from actors.master.flags import MasterFlags
from actors.master.leadership import LEADERSHIP, Leadership
from actors.master.master import Master
from actors.metrics import Registry
from actors.simulation import SimulatedNode, Simulation
from actors.simulation.zookeeper import SimulatedZooKeeper
from transport.records.master import MasterInfo

PATH = "/mesos"


class Parliament:
    """Masters that stand for election; with one of them, and no `quorum`, it is alone."""

    def __init__(
        self,
        masters: int = 3,
        quorum: int | None = 2,
        *,
        seed: int = 1,
        session_seconds: float = 10.0,
        **flags: object,
    ) -> None:
        self.sim = Simulation(seed)
        self.session_seconds = session_seconds
        self.flags = MasterFlags(
            work_dir=Path("/master"),
            zk=None if quorum is None else f"zk://zookeeper{PATH}",
            quorum=quorum,
            **flags,  # type: ignore[arg-type]
        )
        self.zookeeper = SimulatedZooKeeper(self.sim)
        self.metrics: dict[str, Registry] = {}
        self.nodes = [
            self.sim.node(f"master{number}", self._boot, restart_seconds=1.0)
            for number in range(1, masters + 1)
        ]

    def _boot(self, node: SimulatedNode) -> None:
        identity = MasterInfo(id="", ip=1, port=5050, hostname=node.name, pid=f"{MASTER}@{node.name}:5050")
        election = None
        if self.flags.zk is not None:
            session = self.zookeeper.session(node, self.session_seconds)
            election = Election(node.spawn(session, ZOOKEEPER, vital=True).whoever(), PATH, self.flags.zk)
        metrics = self.metrics[node.name] = Registry()
        start(node, node.address, self.flags, identity, election, metrics)

    # --- who leads ---

    @property
    def leaders(self) -> list[SimulatedNode]:
        """The nodes whose masters have recovered the registry."""
        return [node for node in self.nodes if self.reigns(node)]

    def reigns(self, node: SimulatedNode) -> bool:
        """Whether that node's master acts."""
        try:
            master = node.process(MASTER, Master)
        except LookupError:
            return False
        return master.reigns and not master.over

    def leader(self, seconds: float = 60.0, *, other_than: SimulatedNode | None = None) -> SimulatedNode:
        """Wait until one master leads."""
        self.sim.run_until(lambda: any(node is not other_than for node in self.leaders), seconds)
        (node,) = [node for node in self.leaders if node is not other_than]
        return node

    def master(self, node: SimulatedNode) -> Master:
        """The master of that node."""
        return node.process(MASTER, Master)

    def epoch(self, node: SimulatedNode) -> int:
        """Of the reign on that node."""
        return self.master(node).mandate.epoch

    def leadership(self, node: SimulatedNode) -> Leadership:
        """Who owns the reigns of that node."""
        return node.process(LEADERSHIP, Leadership)

    def detector(self, node: SimulatedNode) -> Detector:
        """Who knows the leader on that node."""
        return node.process("detector", Detector)

    def reasons(self) -> list[str]:
        """Why reigns were over, in order."""
        lines = [line for line in self.sim.log if line.event == "reign is over"]
        return [f"{line.pid.host}: {line.values['reason']}" for line in lines]
