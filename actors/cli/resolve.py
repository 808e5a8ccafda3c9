"""Find the leading master, by ZooKeeper or by any master, and print its host and port."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from actors.brief_log import BriefLog
from actors.cli.parser import CommandError, UsageError, typed
from actors.cli.table import json
from actors.election.address import LeaderSource, parse_leader, spawn_detector
from actors.election.session import ZOOKEEPER
from actors.election.url import ZooKeeperUrl
from actors.node.ports import ACTOR_PORT_OFFSET
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from actors.system import Log
from actors.units import Duration
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.zookeeper import SessionAlive, SessionChanged, SessionState, WatchSession
from transport.pid import Address, Pid
from transport.route import own_host
from transport.secret import Secret, SecretError, read_secret

#: How long the end of the session may hold up that of the command.
_CLOSE_SECONDS = 2.0


class Leader(NamedTuple):
    """The leading master, as programs want to know it."""

    #: Where it serves HTTP, which is what people know.
    address: Address
    pid: Pid
    epoch: int
    id: str | None
    hostname: str | None
    version: str | None


class Resolver(Process):
    """Tells `found` of the first leader that the detector knows, and remembers what stands in the way."""

    def __init__(self, detector: Pid, zookeeper: Pid | None, found: Callable[[LeaderDetected], None]) -> None:
        self._detector = detector
        self._zookeeper = zookeeper
        self._found = found
        #: How it stands with the session, if there is to be one.
        self.session: SessionChanged | None = None

    def initialize(self) -> None:
        """Ask."""
        self.send(self._detector, WatchLeader())
        if self._zookeeper is not None:
            self.send(self._zookeeper, WatchSession())

    @handles(LeaderDetected)
    def _on_leader(self, sender: Pid, message: LeaderDetected) -> None:
        if message.master is not None:
            self._found(message)

    @handles(SessionChanged)
    def _on_session(self, sender: Pid, message: SessionChanged) -> None:
        self.session = message

    @handles(SessionAlive)
    def _on_alive(self, sender: Pid, message: SessionAlive) -> None:
        """It goes on."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Take where to look."""
    parser.add_argument(
        "master",
        metavar="MASTER",
        help="zk://[user:password@]host:port,…/path, host:port of any master, or file:///path of such a word",
    )
    parser.add_argument(
        "--timeout",
        metavar="DURATION",
        type=typed(Duration.parse),
        default=Duration.of(5),
        help="how long to wait for a leader (default: %(default)s)",
    )
    parser.add_argument(
        "--secret_file",
        metavar="PATH",
        default=os.environ.get("PION_SECRET_FILE"),
        help="the secret that the nodes share (default: PION_SECRET_FILE in the environment)",
    )
    parser.add_argument("--verbose", action="store_true", help="say on stderr what is done")
    parser.add_argument("--json", action="store_true", help="print all that is known of the leader, as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print one line; raises CommandError that says what stood in the way."""
    try:
        source = parse_leader(arguments.master)
    except ValueError as error:
        raise UsageError(f"MASTER: {error}") from None
    secret = _secret(arguments.secret_file)
    leader = resolve(source, arguments.timeout.seconds, secret=secret, verbose=arguments.verbose)
    print(json(leader._asdict()) if arguments.json else leader.address)
    return 0


def resolve(
    source: LeaderSource,
    timeout_seconds: float,
    *,
    secret: Secret | None = None,
    verbose: bool = False,
) -> Leader:
    """The leader; raises CommandError when none is found in that time.

    `verbose` says on stderr what is done.
    """
    found: Future[LeaderDetected] = Future()

    def note(leader: LeaderDetected) -> None:
        if not found.done():  # a later one may be known already
            found.set_result(leader)

    complaints = _Complaints()

    def log(pid: Pid) -> Log:
        return BriefLog(str(pid), "debug") if verbose else complaints

    with _system(source, secret, log) as system:
        detector = spawn_detector(system, source)
        zookeeper = system.pid_of(ZOOKEEPER) if isinstance(source, ZooKeeperUrl) else None
        resolver = Resolver(detector, zookeeper, note)
        system.spawn(lambda: resolver, "resolver")
        try:
            return _leader(found.result(timeout_seconds))
        except TimeoutError:
            waited = Duration.of(timeout_seconds)
            obstacle = _obstacle(source, resolver.session, complaints.latest)
            raise CommandError(f"no leader within {waited}: {obstacle}") from None


@contextmanager
def _system(source: LeaderSource, secret: Secret | None, log: Callable[[Pid], Log]) -> Iterator[PykkaSystem]:
    """For a moment this command is a node; towards ZooKeeper, one without a network of actors."""
    bind = None if isinstance(source, ZooKeeperUrl) else Address(_own_host(source.address), 0)
    network = log(Pid("network", *(bind or Address("localhost", 0))))
    system = PykkaSystem(bind=bind, secret=secret, logger=log, network_log=network.info)
    system.start()
    try:
        yield system
    finally:
        system.stop(_CLOSE_SECONDS)


def _leader(found: LeaderDetected) -> Leader:
    assert found.master is not None
    info = found.info
    return Leader(
        address=_address(found),
        pid=found.master,
        epoch=found.epoch,
        id=(info.id or None) if info else None,
        hostname=info.hostname if info else None,
        version=info.version if info else None,
    )


def _address(found: LeaderDetected) -> Address:
    """Where the leader serves HTTP: as it says itself, or (standing alone) below its port for actors."""
    assert found.master is not None
    info = found.info
    if info is not None and info.pid:
        return Pid.parse(info.pid).address
    if info is not None and info.address is not None and (info.address.ip or info.address.hostname):
        return Address(info.address.ip or info.address.hostname or "", info.address.port)
    return Address(found.master.host, found.master.port - ACTOR_PORT_OFFSET)


def _obstacle(source: LeaderSource, session: SessionChanged | None, complaint: str) -> str:
    if isinstance(source, Pid):
        return f"nobody at {source.address}, where a master's actors should listen, knows one"
    if session is None:
        return "ZooKeeper was not asked yet"
    if session.state is SessionState.REFUSED:
        return session.reason
    if session.state is SessionState.CONNECTED:
        return complaint or f"no master is elected at {source}"
    return f"no connection with ZooKeeper: {session.reason or 'no answer yet'}"


def _own_host(toward: Address) -> str:
    try:
        return own_host(toward)
    except OSError as error:
        raise CommandError(f"there is no way to {toward}: {error.strerror}") from None


def _secret(path: str | None) -> Secret | None:
    try:
        return read_secret(Path(path)) if path else None
    except SecretError as error:
        raise UsageError(f"--secret_file: {error}") from None


class _Complaints:
    """The log of a command that says in one line what went wrong: the last error is kept for it."""

    def __init__(self) -> None:
        self.latest = ""

    def debug(self, event: str, **values: object) -> None:
        """Forget."""

    info = warning = debug

    def error(self, event: str, **values: object) -> None:
        """Keep."""
        where = f" at {values['path']}" if "path" in values else ""
        why = f": {values['reason']}" if "reason" in values else ""
        self.latest = f"{event}{where}{why}"
