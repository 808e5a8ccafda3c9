"""The flags that every daemon of Mesos has, and those that Pion adds to each."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from actors.flags import FlagError, Flags, flag
from actors.logging import Level
from actors.node.flags import ACTOR_PORT_OFFSET, is_ip, is_port
from transport.pid import Address


class DaemonFlags(Flags):
    """Where a daemon listens, and what it logs and traces."""

    ip: str = flag("127.0.0.1", "Address to listen on; 0.0.0.0 for all of this machine.", check=is_ip)
    port: int = flag(0, "Port to listen on; replaced by each daemon.", check=is_port)
    actor_port: int | None = flag(
        None, "Port for messages between actors; --port + 1000 unless given, 0 for a free one.", check=is_port
    )
    advertise_ip: str | None = flag(
        None, "Address by which others reach this daemon; --ip unless given.", check=is_ip
    )
    hostname: str | None = flag(None, "Name that is shown for this host; looked up from --ip unless given.")
    hostname_lookup: bool = flag(True, "Whether to look up the host's name; else the address is shown.")
    secret_file: Path | None = flag(
        None, "File with the secret that nodes share (`pion secret` makes one); turns on encryption."
    )
    logging_level: Level = flag("INFO", "Lines below this level are not logged.")
    quiet: bool = flag(False, "Log errors only.")
    trace: bool = flag(True, "Whether to remember the latest messages for `pion trace`.")
    trace_dir: Path | None = flag(None, "Folder for files with every message traced.")

    @property
    def bind(self) -> Address:
        """Where to listen for other nodes; raises FlagError when there is no such port."""
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
