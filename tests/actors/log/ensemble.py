"""Masters' nodes with the log's actors on them, in simulation."""

from __future__ import annotations

from collections.abc import Sequence

from actors.log.gauges import LogMetrics
from actors.log.members import MEMBERS
from actors.log.process import REPLICA, ReplicaProcess
from actors.log.recoverer import RECOVERY, LogRecovery
from actors.log.store import LogStore
from actors.process import Process, handles
from actors.simulation import Faults, Probe, SimulatedNode, Simulation
from transport.messages.registry import FetchState, StateFetched, StateStored, StoreState
from transport.messages.replication import (
    Demoted,
    LogStatus,
    MembersChanged,
    ReadLogStatus,
    Status,
    WatchMembers,
)
from transport.pid import Pid

PORT = 6050


def replica_of(host: str) -> Pid:
    """The replica on a host."""
    return Pid(REPLICA, host, PORT)


class Roster(Process):
    """Knows the members as a test says."""

    def __init__(self, ensemble: Ensemble) -> None:
        self._ensemble = ensemble
        self._watchers: list[Pid] = []

    @handles(WatchMembers)
    def watch(self, sender: Pid, _message: WatchMembers) -> None:
        """Tell now and at each change."""
        self._watchers.append(sender)
        self.send(sender, self._changed())

    def tell(self) -> None:
        """The members have changed."""
        for watcher in self._watchers:
            self.send(watcher, self._changed())

    def _changed(self) -> MembersChanged:
        members = dict.fromkeys((*self._ensemble.members, replica_of(self.pid.host)))
        return MembersChanged(tuple(members), len(self._ensemble.members))


class Ensemble:
    """Several masters' logs; who takes part is `members`, as if ZooKeeper said so."""

    def __init__(
        self,
        size: int = 3,
        *,
        seed: int = 1,
        quorum: int | None = None,
        auto_initialize: bool = True,
        faults: Faults | None = None,
        start: bool = True,
    ) -> None:
        self.sim = Simulation(seed, faults=faults)
        self.quorum = quorum or size // 2 + 1
        self.auto_initialize = auto_initialize
        self.hosts = [f"m{number}" for number in range(1, size + 1)]
        self.members: list[Pid] = []
        self.nodes: dict[str, SimulatedNode] = {}
        self.reigns = 0
        self.metrics = {host: LogMetrics() for host in self.hosts}
        if start:
            self.start(*self.hosts)

    def start(self, *hosts: str) -> None:
        """Start masters that never ran, each with its first look at the members."""
        self.members += [replica_of(host) for host in hosts]
        for host in hosts:
            self.nodes[host] = self.sim.node(host, self._boot, port=PORT)
        self.tell_members()

    def tell_members(self) -> None:
        """Tell everybody who the members are."""
        for node in self.nodes.values():
            if node.up:
                node.process(MEMBERS, Roster).tell()

    def set_members(self, hosts: Sequence[str]) -> None:
        """Let these be the members from now on."""
        self.members = [replica_of(host) for host in hosts]
        self.tell_members()

    def replica(self, host: str) -> ReplicaProcess:
        """The replica on a host."""
        return self.nodes[host].process(REPLICA, ReplicaProcess)

    def status(self, host: str) -> Status:
        """The status of the replica on a host."""
        return self.replica(host).replica.status

    def votes(self, *hosts: str) -> bool:
        """Whether all of these vote."""
        return all(self.nodes[host].up and self.replica(host).replica.votes for host in hosts)

    def wait_votes(self, *hosts: str, timeout_seconds: float = 60.0) -> None:
        """Run until these (by default all) vote."""
        self.sim.run_until(lambda: self.votes(*(hosts or self.hosts)), timeout_seconds)

    def lead(self, host: str, epoch: int) -> Reign:
        """Start a store on a host, as a new leader does."""
        return Reign(self, host, epoch)

    def log_status(self, host: str) -> LogStatus:
        """Ask how the log fares."""
        probe = self.nodes[host].probe("asker")
        probe.send(self.nodes[host].pid_of(RECOVERY), ReadLogStatus())
        self.sim.run_until(lambda: probe.received)
        self.nodes[host].kill("asker")
        (status,) = probe.received
        assert isinstance(status, LogStatus)
        return status

    def _boot(self, node: SimulatedNode) -> None:
        metrics = self.metrics[node.address.host]
        replica = node.spawn(lambda: ReplicaProcess(self.quorum, metrics), REPLICA, vital=True)
        members = node.spawn(lambda: Roster(self), MEMBERS)
        node.spawn(
            lambda: LogRecovery(
                self.quorum,
                replica,
                members,
                auto_initialize=self.auto_initialize,
                group="zk://z:2181/mesos/log_replicas",
                metrics=metrics,
            ),
            RECOVERY,
            vital=True,
        )


class Reign:
    """One leader's store, and who asks it."""

    def __init__(self, ensemble: Ensemble, host: str, epoch: int) -> None:
        self.sim = ensemble.sim
        node = ensemble.nodes[host]
        ensemble.reigns += 1
        self.probe: Probe = node.probe(f"registrar-{ensemble.reigns}")
        name = f"store-{ensemble.reigns}"
        self.pid = node.spawn(
            lambda: LogStore(
                epoch, ensemble.quorum, node.pid_of(MEMBERS), node.pid_of(REPLICA), self.probe.pid
            ),
            name,
        )
        self.probe.link(self.pid)
        self._node, self._life = node, node.incarnation
        self._requests = 0
        self.version = b""
        #: What a test keeps here: the least that may be read, and what is being stored.
        self.least, self.asked = 0, 0

    @property
    def alive(self) -> bool:
        """Whether its node still is the one that it began on."""
        return self._node.up and self._node.incarnation == self._life

    @property
    def demoted(self) -> Demoted | None:
        """How its reign ended; None while it has not."""
        return next((message for message in self.probe.received if isinstance(message, Demoted)), None)

    def fetch(self, name: str = "registry", *, timeout_seconds: float = 60.0) -> bytes:
        """Read a variable, and keep its version."""
        self.ask_fetch(name)
        self.sim.run_until(self.answer, timeout_seconds)
        answer = self.answer()
        assert isinstance(answer, StateFetched)
        self.version = answer.version
        return answer.value

    def ask_fetch(self, name: str = "registry") -> None:
        """Ask for a variable, and do not wait."""
        self._requests += 1
        self.probe.send(self.pid, FetchState(self._requests, name))

    def ask_store(self, value: bytes, name: str = "registry") -> None:
        """Ask to replace a variable, and do not wait."""
        self._requests += 1
        self.probe.send(self.pid, StoreState(self._requests, name, self.version, value))

    def store(self, value: bytes, name: str = "registry", *, timeout_seconds: float = 60.0) -> bool:
        """Replace a variable; False when another version came between."""
        self.ask_store(value, name)
        self.sim.run_until(self.answer, timeout_seconds)
        answer = self.answer()
        assert isinstance(answer, StateStored)
        self.version = answer.version or self.version
        return bool(answer.version)

    def answer(self) -> StateFetched | StateStored | None:
        """The answer to what was asked last; None until it is there."""
        return next(
            (
                message
                for message in self.probe.received
                if isinstance(message, StateFetched | StateStored) and message.request_id == self._requests
            ),
            None,
        )
