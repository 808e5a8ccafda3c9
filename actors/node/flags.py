"""The flags that every daemon has, and those of `pion node`."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from actors.flags import FlagError, Flags, flag
from actors.logging import Level
from actors.node.ports import ACTOR_PORT_OFFSET
from transport.pid import Address


def is_port(port: int | None) -> str | None:
    """Say why it is no port; None when it is one, or not given."""
    return None if port is None or 0 <= port < 65536 else "must be from 0 to 65535"


def is_ip(text: str | None) -> str | None:
    """Say why it is no IP address; None when it is one, or not given."""
    try:
        ipaddress.ip_address(text or "::")
    except ValueError:
        return "must be an IP address"
    return None


class DaemonFlags(Flags):
    """Where a daemon listens for other nodes, and what it keeps, logs and traces."""

    ip: str = flag("127.0.0.1", "Address to listen on; 0.0.0.0 for all of this machine.", check=is_ip)
    port: int = flag(5050, "Port of the node, from which --actor_port follows.", check=is_port)
    actor_port: int | None = flag(
        None,
        "Port for messages between actors; --port + 1000 unless given, 0 for a free one.",
        check=is_port,
    )
    advertise_ip: str | None = flag(
        None, "Address by which other nodes reach this one; --ip unless given.", check=is_ip
    )
    work_dir: Path | None = flag(None, "Folder for what actors keep; a node without one keeps nothing.")
    secret_file: Path | None = flag(
        None, "File with the secret that nodes share (`pion secret` makes one); turns on encryption."
    )
    trace: bool = flag(True, "Whether to remember the latest messages for `pion trace`.")
    trace_dir: Path | None = flag(None, "Folder for files with every message traced.")
    logging_level: Level = flag("INFO", "Lines below this level are not logged.")
    allow_spawn: bool = flag(
        False,
        "Let any node start and stop actors here, which is to run code, even without a secret on an "
        "address that other machines reach.",
    )

    @property
    def level(self) -> Level:
        """The lowest level that is logged."""
        return self.logging_level

    @property
    def bind(self) -> Address:
        """Where to listen; raises FlagError when there is no such port."""
        port = self.port + ACTOR_PORT_OFFSET if self.actor_port is None else self.actor_port
        if port > 65535:
            raise FlagError(f"--port={self.port}: must be at most 64535, or --actor_port must be given")
        return Address(self.ip, port)

    @property
    def advertise_host(self) -> str:
        """What others are told; raises FlagError when that is every address of the machine."""
        host = self.advertise_ip or self.ip
        if ipaddress.ip_address(host).is_unspecified:
            raise FlagError(f"--advertise_ip: must say how others reach this node when it listens on {host}")
        return host

    @property
    def spawn_refusal(self) -> str | None:
        """Why other nodes may not start actors here; None when they may."""
        if self.allow_spawn or self.secret_file or ipaddress.ip_address(self.ip).is_loopback:
            return None
        return f"it listens on {self.ip} without --secret_file (--allow_spawn would permit it)"


class NodeFlags(DaemonFlags):
    """A node hosts actors on this machine, and answers `pion nodes`, `actors`, `spawn` and `stop`.

    An actor is given as name=module:Class, and settings of its class behind commas, as in
    --actor=pinger=frameworks.examples.ping:Pinger,ponger=ponger@10.0.0.2:6050,count=3
    """

    actor: tuple[str, ...] = flag(
        (), "An actor to start, in the order given; the node ends when it crashes again and again."
    )
