"""The masters of a simulated cluster: one, or several that elect a leader by a simulated ZooKeeper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from actors.election.address import MASTER
from actors.election.asking import DETECTOR, AskingDetector
from actors.election.detector import Detector
from actors.election.session import ZOOKEEPER
from actors.master.candidate import Election, start
from actors.master.daemon import master_info
from actors.master.flags import MasterFlags
from actors.master.leadership import LEADERSHIP, Leadership
from actors.master.master import Master
from actors.simulation import SimulatedNode, Simulation
from actors.simulation.zookeeper import SimulatedZooKeeper
from transport.pid import Pid

#: How long until a daemon that ended itself is started again.
RESTART_SECONDS: Final = 1.0
_PATH: Final = "/mesos"
_URL: Final = f"zk://zookeeper:2181{_PATH}"


class SimulatedMasters:
    """Boots each master's node, now and after each restart; `beside` starts what else is to run there."""

    def __init__(
        self,
        sim: Simulation,
        count: int,
        flags: Mapping[str, Any],
        beside: Callable[[SimulatedNode], object] = lambda _node: None,
    ) -> None:
        self._beside = beside
        election: dict[str, Any] = {} if count == 1 else {"zk": _URL, "quorum": count // 2 + 1}
        self._flags = MasterFlags(work_dir=Path("/master"), hostname="master", **(election | dict(flags)))
        self._zookeeper = None if count == 1 else SimulatedZooKeeper(sim)
        names = ["master"] if count == 1 else [f"master{number}" for number in range(1, count + 1)]
        self.nodes = tuple(sim.node(name, self._boot, restart_seconds=RESTART_SECONDS) for name in names)

    @property
    def zookeeper(self) -> SimulatedZooKeeper:
        """ZooKeeper; raises LookupError where there is one master only."""
        if self._zookeeper is None:
            raise LookupError("a single master needs no ZooKeeper")
        return self._zookeeper

    @property
    def address(self) -> str:
        """What agents and schedulers are given as `--master`."""
        return _URL if self._zookeeper is not None else str(self.nodes[0].pid_of(MASTER))

    @property
    def leading(self) -> SimulatedNode:
        """The node of the newest reign; raises LookupError when there are several masters and none leads."""
        if len(self.nodes) == 1:
            return self.nodes[0]
        reigning = {node.process(MASTER, Master).mandate.epoch: node for node in self.nodes if _reigns(node)}
        if not reigning:
            raise LookupError("no master leads")
        return reigning[max(reigning)]

    def spawn_detector(self, node: SimulatedNode) -> Pid:
        """Start what finds the leader on another node, as its daemon does."""
        if self._zookeeper is None:
            master = self.nodes[0].pid_of(MASTER)
            return node.spawn(lambda: AskingDetector(master), DETECTOR, vital=True)
        zookeeper = self._session(node, self._zookeeper)
        return node.spawn(lambda: Detector(zookeeper, _PATH), DETECTOR, vital=True)

    def _boot(self, node: SimulatedNode) -> None:
        flags = self._flags
        identity = replace(master_info(flags, "", node.address), pid=f"{MASTER}@{node.name}:{flags.port}")
        election = None
        if self._zookeeper is not None:
            election = Election(self._session(node, self._zookeeper), _PATH, _URL)
        start(node, node.address, flags, identity, election)
        self._beside(node)

    def _session(self, node: SimulatedNode, zookeeper: SimulatedZooKeeper) -> Pid:
        timeout_seconds = self._flags.zk_session_timeout.seconds
        return node.spawn(zookeeper.session(node, timeout_seconds), ZOOKEEPER, vital=True).whoever()


def _reigns(node: SimulatedNode) -> bool:
    try:
        return node.process(LEADERSHIP, Leadership).reigns
    except LookupError:
        return False
