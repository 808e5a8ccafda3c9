"""The master, as people write it: `--master=host:port`, of which daemons and frameworks need the actor."""

from __future__ import annotations

from typing import Final

from actors.node.ports import ACTOR_PORT_OFFSET
from transport.pid import Address, Pid

#: The name of the actor that leads.
MASTER: Final = "master"
DEFAULT_PORT: Final = 5050

_REFUSED: Final = (
    ("zk://", "finding the master by ZooKeeper is not there yet: name the master as host:port"),
    ("file://", "finding the master by a file is not there yet: name the master as host:port"),
)


def parse_master(text: str, actor_port: int | None = None) -> Pid:
    """Read `host:port`, `host` (port 5050) or the master's own Pid, `master@host:actor port`.

    The port is the one that people know, of HTTP; actors listen at `actor_port`, or (None) 1000 above it
    (DESIGN §5). Raises ValueError naming the rule that `text` breaks.
    """
    text = text.strip()
    for prefix, reason in _REFUSED:
        if text.startswith(prefix):
            raise ValueError(f"master {text!r}: {reason}")
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
        raise ValueError(f"master {text!r}: must be host:port")
    _, colon, port = text.rpartition(":")
    # An IPv6 address without a port ends in a bracket.
    if not colon or (text.startswith("[") and port.endswith("]")):
        text = f"{text}:{DEFAULT_PORT}"
    try:
        return Address.parse(text)
    except ValueError as error:
        raise ValueError(f"master: {error}") from None
