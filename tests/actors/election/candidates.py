"""Masters' nodes that stand for election in a simulated ZooKeeper, and who they say leads."""

from __future__ import annotations

from collections.abc import Callable

from actors.election.contender import Contender
from actors.election.detector import Detector
from actors.process import Process, handles
from actors.simulation import SimulatedNode, Simulation
from actors.simulation.zookeeper import SimulatedZooKeeper
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.election import CandidacyLost, Contend, Elected, LeaseExtended, Withdraw
from transport.pid import Pid
from transport.records.master import MasterInfo

PATH = "/mesos"


def master_info(host: str, id_: str = "m", port: int = 4050) -> MasterInfo:
    return MasterInfo(id=id_, ip=0, port=port, pid=f"master@{host}:{port}", hostname=host)


class Owner(Process):
    """Wants to lead, and stands again a moment after each loss; a stand-in for the leadership."""

    def __init__(self, contender: Pid, *, again_seconds: float | None = 0.2) -> None:
        self.contender = contender
        self.again_seconds = again_seconds
        self.heard: list[object] = []
        self.epoch: int | None = None
        self.until = 0.0
        self.candidacies = 0

    @property
    def leads(self) -> bool:
        return self.epoch is not None and self.system.now() < self.until

    def initialize(self) -> None:
        self.contend()

    def contend(self, above: int = 0) -> None:
        self.candidacies += 1
        self.send(self.contender, Contend(above, master_info(self.pid.host, f"{self.candidacies}")))

    def withdraw(self) -> None:
        self.epoch = None
        self.send(self.contender, Withdraw("asked to"))

    @handles(Elected)
    def elected(self, sender: Pid, message: Elected) -> None:
        self.heard.append(message)
        self.epoch, self.until = message.epoch, message.until

    @handles(LeaseExtended)
    def extended(self, sender: Pid, message: LeaseExtended) -> None:
        if message.epoch == self.epoch:
            self.until = message.until

    @handles(CandidacyLost)
    def lost(self, sender: Pid, message: CandidacyLost) -> None:
        self.heard.append(message)
        self.epoch = None
        if self.again_seconds is not None:
            self.delay(self.again_seconds, self.contend)


class Watcher(Process):
    """Wants to know who leads."""

    def __init__(self, detector: Pid) -> None:
        self.detector = detector
        self.heard: list[LeaderDetected] = []

    def initialize(self) -> None:
        self.ask()

    def ask(self, *, doubted: bool = False) -> None:
        self.send(self.detector, WatchLeader(doubted))

    @handles(LeaderDetected)
    def detected(self, sender: Pid, message: LeaderDetected) -> None:
        self.heard.append(message)

    @property
    def leader(self) -> Pid | None:
        return self.heard[-1].master if self.heard else None


class Election:
    """Nodes m1, m2, … with all that stands for election, and any number of others that watch."""

    def __init__(
        self,
        seed: int = 1,
        masters: int = 3,
        timeout_seconds: float = 10.0,
    ) -> None:
        self.sim = Simulation(seed)
        self.zookeeper = SimulatedZooKeeper(self.sim)
        self.timeout_seconds = timeout_seconds
        self._watching: list[SimulatedNode] = []
        self.masters = [self.master(f"m{number}") for number in range(1, masters + 1)]

    def master(self, name: str, *, again_seconds: float | None = 0.2) -> SimulatedNode:
        def boot(node: SimulatedNode) -> None:
            self._watch(node)
            contender = node.spawn(lambda: Contender(node.pid_of("zookeeper"), PATH), "contender")
            node.spawn(lambda: Owner(contender, again_seconds=again_seconds), "owner")

        return self.sim.node(name, boot)

    def watcher(self, name: str) -> SimulatedNode:
        return self.sim.node(name, self._watch)

    def _watch(self, node: SimulatedNode) -> None:
        node.spawn(self.zookeeper.session(node, self.timeout_seconds), "zookeeper")
        detector = node.spawn(lambda: Detector(node.pid_of("zookeeper"), PATH), "detector")
        node.spawn(lambda: Watcher(detector), "watcher")
        if node not in self._watching:
            self._watching.append(node)

    def owner(self, node: SimulatedNode) -> Owner:
        return node.process("owner", Owner)

    def seen_by(self, node: SimulatedNode) -> Pid | None:
        return node.process("watcher", Watcher).leader

    def leaders(self) -> list[SimulatedNode]:
        """The nodes that hold a lease that has not run out, by their own clocks."""
        return [node for node in self.masters if self.leads(node)]

    def leads(self, node: SimulatedNode) -> bool:
        try:
            return node.up and self.owner(node).leads
        except LookupError:
            return False

    def leader(self, timeout_seconds: float = 30.0) -> SimulatedNode:
        """Wait until there is a leader that all nodes which are up agree on."""
        self.sim.run_until(self.agreed, timeout_seconds)
        return self.leaders()[0]

    def successor(self, former: SimulatedNode, timeout_seconds: float = 30.0) -> SimulatedNode:
        """Wait until there is another leader that all nodes which are up agree on."""
        self.sim.run_until(lambda: self.agreed() and not self.leads(former), timeout_seconds)
        return self.leaders()[0]

    def successor_elsewhere(self, former: SimulatedNode, timeout_seconds: float) -> SimulatedNode:
        """Wait until another leads, whatever the former one believes."""
        self.sim.run_until(lambda: any(node is not former for node in self.leaders()), timeout_seconds)
        return next(node for node in self.leaders() if node is not former)

    def agreed(self) -> bool:
        leaders = self.leaders()
        if len(leaders) != 1:
            return False
        leader = leaders[0].pid_of("master")
        return all(self.seen_by(node) == leader for node in self._watching if node.up)

    def until(self, condition: Callable[[], object], timeout_seconds: float = 30.0) -> None:
        self.sim.run_until(condition, timeout_seconds)
