"""A node and its life: everything that it needs is put together here, and ends here."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Mapping

from actors.faults import VARIABLE, FaultPoints, parse_faults
from actors.flags import FlagError
from actors.logging import Logs
from actors.metrics import Registry
from actors.node.control import NODE, NodeControl
from actors.node.crew import Crew, StartError
from actors.node.flags import DaemonFlags
from actors.node.gauges import NodeMetrics
from actors.node.host import HostMetrics
from actors.pykka_system import PykkaSystem
from actors.storage import FileDisk
from actors.system import Restart
from actors.trace.files import TraceFiles
from actors.trace.recorder import Recorder
from actors.trace.tracer import RECORDER, Tracer
from actors.trace.writer import TraceWriter
from transport.messages.node import NodePeer
from transport.messages.supervision import ActorStatus
from transport.pid import Address, Pid
from transport.secret import Secret, SecretError, read_secret

#: How long all actors together may take to finish (issue 2).
STOP_SECONDS = 5.0


class Node:
    """Hosts the actors of a crew, until `finish` or a vital actor's end.

    The constructor raises FlagError for flags that cannot be used, and OSError for a work directory that
    cannot.
    """

    def __init__(self, flags: DaemonFlags, logs: Logs, environment: Mapping[str, str], crew: Crew) -> None:
        self._flags = flags
        self._logs = logs
        self._log = logs.process()
        self._crew = crew
        self._disk = _disk(flags)
        self._registry = Registry()
        self._system = PykkaSystem(
            bind=flags.bind,
            advertise_host=flags.advertise_host,
            secret=_secret(flags),
            disk=self._disk,
            logger=logs.actor,
            fault=_faults(environment),
        )
        host = HostMetrics()
        host.read_from(self._system.now)
        self._registry.add(host)
        if flags.trace or flags.trace_dir:
            self._system.tracer = Tracer("", now=self._system.now, wall=self._system.wall)
        self._writer: TraceWriter | None = None
        self._finishing = threading.Event()
        self._started = False
        self._ending = threading.Lock()
        self._ended = False
        self._late: tuple[str, ...] = ()

    def start(self) -> None:
        """Open the network and start the actors; raises OSError or StartError, with all ended again.

        `finish` ends it while it starts, too: the import of an actor may take its time.
        """
        self._system.start()
        with contextlib.ExitStack() as parts:
            parts.callback(self._end)
            self._start_tracing()
            self._started = True
            try:
                self._start_actors()
            except (StartError, OSError, ValueError):
                if not self.finishing:
                    raise
            else:
                names = [actor.pid.name for actor in self.actors()]
                self._log.info("node started", address=self.address, actors=names)
            parts.pop_all()
        metrics = NodeMetrics()
        metrics.read_from(self._system)
        self._registry.add(metrics)
        if self.finishing:
            self._end_soon()

    def wait(self) -> int:
        """Block until the node has ended; returns its exit status, 0 when it finished as it was told to."""
        failure = self._system.wait()
        self._end()
        if self._late:
            self._log.error("actors did not finish", actors=list(self._late), waited_seconds=STOP_SECONDS)
        status = int(bool(failure or self._late))
        self._log.info("node ended", status=status)
        return status

    @property
    def finishing(self) -> bool:
        """Whether `finish` was called."""
        return self._finishing.is_set()

    # What the control actor knows (actors.node.control.Host); called from any thread.

    @property
    def address(self) -> Address:
        """Where other nodes reach this one."""
        return self._system.address

    @property
    def incarnation(self) -> int:
        """Tells this life of the node from those before it."""
        return self._system.incarnation

    @property
    def process(self) -> int:
        """The operating system's number of this process."""
        return os.getpid()

    def actors(self) -> tuple[ActorStatus, ...]:
        """Every actor, in order of spawning."""
        return self._system.actors()

    def peers(self) -> tuple[NodePeer, ...]:
        """The nodes that this one is connected with."""
        return tuple(
            NodePeer(
                address=peer.address,
                state=peer.state,
                incarnation=peer.incarnation,
                queued=peer.queued_messages,
                sent=peer.sent,
                received=peer.received,
            )
            for peer in self._system.peers()
        )

    def metrics(self) -> Mapping[str, float]:
        """Everything that is measured on this node, by Mesos' names."""
        return self._registry.snapshot()

    @property
    def verbosity(self) -> int:
        """How much is logged: 0 for what the flags say."""
        return self._logs.verbosity

    def log_with(self, verbosity: int) -> None:
        """Log so much from now on."""
        self._logs.verbosity = verbosity

    def finish(self) -> None:
        """Begin to end, as a signal's handler may: actors finish in the reverse order of their start."""
        self._finishing.set()
        if self._started:
            self._end_soon()

    def tell(self, name: str, message: object) -> None:
        """Send a message to one of the node's own actors, as the node itself."""
        address = self._system.address
        self._system.send(Pid("", *address), Pid(name, *address), message)

    # Parts.

    def _start_tracing(self) -> None:
        system, flags = self._system, self._flags
        if system.tracer is None:
            return
        system.tracer.node = str(system.address)
        if flags.trace_dir is not None:
            log = self._logs.process(trace_dir=str(flags.trace_dir))
            self._writer = TraceWriter(system.tracer, TraceFiles(flags.trace_dir, system.tracer.node), log)
            self._writer.start()

    def _start_actors(self) -> None:
        system = self._system
        refusal = self._flags.spawn_refusal
        system.spawn(lambda: NodeControl(self, refusal), NODE, restart=Restart(), vital=True)
        if (tracer := system.tracer) is not None:
            system.spawn(lambda: Recorder(tracer), RECORDER, restart=Restart())
        self._crew(system, self._registry)

    def _end_soon(self) -> None:
        threading.Thread(target=self._end, name="node-end").start()

    def _end(self) -> None:
        """End everything, once; whoever else asks for it waits."""
        with self._ending:
            if not self._ended:
                self._ended = True
                self._log.info("node finishes")
                self._late = self._system.stop(STOP_SECONDS)
                if self._writer is not None:
                    self._writer.stop()


def _disk(flags: DaemonFlags) -> FileDisk | None:
    if flags.work_dir is None:
        return None
    disk = FileDisk(flags.work_dir)
    disk.lock()
    return disk


def _secret(flags: DaemonFlags) -> Secret | None:
    try:
        return read_secret(flags.secret_file) if flags.secret_file else None
    except SecretError as error:
        raise FlagError(f"--secret_file: {error}") from None


def _faults(environment: Mapping[str, str]) -> FaultPoints | None:
    """Points at which a test wants this process to die as by SIGKILL."""
    try:
        armed = parse_faults(environment.get(VARIABLE, ""))
    except ValueError as error:
        raise FlagError(str(error)) from None
    return FaultPoints(armed, lambda _point: os.kill(os.getpid(), signal.SIGKILL)) if armed else None
