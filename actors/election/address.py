"""How the leader is found, as people write it: `--master=zk://…`, `file://…` or `host:port`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final, TypeAlias

from actors.election.asking import DETECTOR, AskingDetector
from actors.election.detector import Detector
from actors.election.session import ZOOKEEPER, ZooKeeperSession
from actors.election.url import SCHEME, ZooKeeperUrl, read_if_file
from actors.node.ports import ACTOR_PORT_OFFSET
from actors.process import Process
from actors.system import NEVER, Restart, System
from transport.pid import Address, Pid
from transport.session import Event

#: The name of the actor that leads.
MASTER: Final = "master"
DEFAULT_PORT: Final = 5050
#: Of a session with ZooKeeper, unless told otherwise.
DEFAULT_TIMEOUT_SECONDS: Final = 10.0

#: Who knows the leader: ZooKeeper, or the node of a master.
LeaderSource: TypeAlias = ZooKeeperUrl | Pid


def parse_leader(text: str) -> LeaderSource:
    """Read where the leader is to be found; in a file may stand any of the other forms.

    Raises ValueError naming the rule that `text` breaks.
    """
    text = read_if_file(text)
    return ZooKeeperUrl.parse(text) if text.startswith(SCHEME) else parse_master(text)


def spawn_zookeeper(
    system: System,
    url: ZooKeeperUrl,
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    *,
    name: str = ZOOKEEPER,
    restart: Restart = NEVER,
    vital: bool = True,
) -> Pid:
    """Start the actor of a node that has its session with ZooKeeper."""
    return system.spawn(lambda: _session(url, timeout_seconds), name, restart=restart, vital=vital)


def spawn_detector(
    system: System,
    source: LeaderSource,
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    *,
    prefix: str = "",
    restart: Restart = NEVER,
    vital: bool = True,
) -> Pid:
    """Start what finds the leader: an actor "detector", and before it a "zookeeper" where there is one.

    Their names begin with `prefix`. Returns the detector in whatever incarnation. Raises ValueError when such
    actors are there already.
    """
    make: Callable[[], Process]
    if isinstance(source, Pid):
        make = functools.partial(AskingDetector, source)
    else:
        zookeeper = spawn_zookeeper(
            system, source, timeout_seconds, name=f"{prefix}{ZOOKEEPER}", restart=restart, vital=vital
        )
        make = functools.partial(Detector, zookeeper.whoever(), source.path)
    return system.spawn(make, f"{prefix}{DETECTOR}", restart=restart, vital=vital).whoever()


def parse_master(text: str, actor_port: int | None = None) -> Pid:
    """Read `host:port`, `host` (port 5050) or the master's own Pid, `master@host:actor port`.

    The port is the one that people know, of HTTP; actors listen at `actor_port`, or (None) 1000 above it
    (DESIGN §5). Raises ValueError naming the rule that `text` breaks.
    """
    text = text.strip()
    if "@" in text:
        return Pid.parse(text)
    address = _address(text)
    if actor_port is None:
        actor_port = address.port + ACTOR_PORT_OFFSET
    if not 0 < actor_port < 65536:
        raise ValueError(
            f"master {text!r}: there is no port {actor_port} for actors; name the master as "
            f"{MASTER}@host:port, with the port that its actors listen at"
        )
    return Pid(MASTER, address.host, actor_port)


def _address(text: str) -> Address:
    if not text or "/" in text:
        raise ValueError(f"master {text!r}: must be host:port, zk://host:port/path or file:///path")
    _, colon, port = text.rpartition(":")
    # An IPv6 address without a port ends in a bracket.
    if not colon or (text.startswith("[") and port.endswith("]")):
        text = f"{text}:{DEFAULT_PORT}"
    try:
        return Address.parse(text)
    except ValueError as error:
        raise ValueError(f"master: {error}") from None


def _session(url: ZooKeeperUrl, timeout_seconds: float) -> ZooKeeperSession:
    from transport.zookeeper import ZooKeeperClient  # noqa: PLC0415  kazoo takes its time to be imported

    def make(tell: Callable[[Event], None]) -> ZooKeeperClient:
        return ZooKeeperClient(url.servers, timeout_seconds, tell, credentials=url.credentials)

    return ZooKeeperSession(make)
