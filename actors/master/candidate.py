"""What a master's node is made of, for real and in simulation alike, but for its session with ZooKeeper.

All of it outlives the reigns: the log's replica votes, whoever leads, and the detector knows who that is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from actors.election.address import MASTER
from actors.election.asking import DETECTOR
from actors.election.contender import Contender
from actors.election.detector import Detector
from actors.election.membership import GROUP, LogMembers
from actors.election.standalone import StandaloneDetector
from actors.log.gauges import LogMetrics
from actors.log.members import MEMBERS, FixedMembers
from actors.log.process import REPLICA, ReplicaProcess
from actors.log.recoverer import RECOVERY, LogRecovery
from actors.log.store import LogStore
from actors.master.court import Court
from actors.master.flags import MasterFlags
from actors.master.leadership import LEADERSHIP, Leadership
from actors.master.mandate import Mandate
from actors.master.view.about import About
from actors.master.view.view import VIEW, View
from actors.metrics import Registry
from actors.process import Process
from actors.state.memory import MemoryStore
from actors.state.variable import Variable
from actors.system import Restart, System
from transport.pid import Address, Pid
from transport.records.master import MasterInfo

#: A view that crashes is made anew, however often: nothing depends on it but readers.
_ALWAYS: Final = Restart(intensity=1000, backoff_seconds=0.5)
#: The name of the actor that stands for election.
CONTENDER: Final = "contender"


class Election(NamedTuple):
    """Where masters are elected: by way of the actor that has the node's session, below a path."""

    zookeeper: Pid
    path: str
    #: The address for people to read, without credentials.
    shown: str = ""


def start(
    system: System,
    here: Address,
    flags: MasterFlags,
    identity: MasterInfo,
    election: Election | None = None,
    metrics: Registry | None = None,
) -> None:
    """Start the actors of the node at `here`, which is the only master unless there is an `election`.

    `identity` is what the master says about itself, but for its id. Raises FlagError, and OSError for a disk
    that cannot be used.
    """
    contender = None
    if election is None:
        leader = Pid(MASTER, *here)
        detector = system.spawn(lambda: StandaloneDetector(leader), DETECTOR, vital=True)
    else:
        zookeeper, path, _ = election
        detector = system.spawn(lambda: Detector(zookeeper, path), DETECTOR, vital=True)
        contender = system.spawn(lambda: Contender(zookeeper, path), CONTENDER, vital=True)
    if flags.registry == "in_memory":
        kept: dict[str, Variable] = {}
        court = Court(flags, identity, lambda _mandate: MemoryStore(kept), metrics)
    else:
        make_store = _start_log(system, here, flags, election, metrics)
        court = Court(flags, identity, make_store, metrics)
    about, max_watchers = About.of(flags, system.wall()), flags.max_operator_event_stream_subscribers
    system.spawn(lambda: View(about, max_watchers), VIEW, restart=_ALWAYS)
    rejoin = flags.on_leadership_loss == "rejoin"
    system.spawn(lambda: Leadership(court, contender, detector, rejoin=rejoin), LEADERSHIP, vital=True)


def _start_log(
    system: System, here: Address, flags: MasterFlags, election: Election | None, metrics: Registry | None
) -> Callable[[Mandate], Process]:
    """Start this node's part of the replicated log; returns what makes the log's writer for a reign."""
    quorum = 1 if election is None else flags.quorum or 1
    shown = LogMetrics()
    if metrics is not None:
        metrics.add(shown)
    replica = system.spawn(lambda: ReplicaProcess(quorum, shown), REPLICA, vital=True).whoever()
    if election is None:
        members = system.spawn(lambda: FixedMembers([replica]), MEMBERS, vital=True)
        group = ""
    else:
        zookeeper, path = election.zookeeper, f"{election.path}/{GROUP}"
        members = system.spawn(lambda: LogMembers(zookeeper, path, replica), MEMBERS, vital=True)
        group = f"{election.shown}/{GROUP}"
    recovery = LogRecovery(
        quorum, replica, members, auto_initialize=flags.log_auto_initialize, group=group, metrics=shown
    )
    system.spawn(lambda: recovery, RECOVERY, vital=True)
    owner = Pid(LEADERSHIP, *here)
    return lambda mandate: LogStore(mandate.epoch, quorum, members, replica, mandate.leadership or owner)
