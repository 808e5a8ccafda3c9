"""The flags that the daemons of Mesos share, and what they do with them."""

from __future__ import annotations

import socket
from pathlib import Path

from actors.flags import flag
from actors.log_file import LogFile
from actors.logging import Level
from actors.node.flags import DaemonFlags


class MesosFlags(DaemonFlags):
    """What every daemon of Mesos has besides the flags of any node."""

    hostname: str | None = flag(None, "Name that is shown for this host; looked up from --ip unless given.")
    hostname_lookup: bool = flag(True, "Whether to look up the host's name; else the address is shown.")

    log_dir: Path | None = flag(
        None, "Folder for files of logs, which are shown to people who may see files of this daemon."
    )
    external_log_file: Path | None = flag(
        None, "The file that stderr goes to, if it does; shown likewise where there is no --log_dir."
    )
    quiet: bool = flag(False, "Log errors only to stderr.")

    @property
    def level(self) -> Level:
        """The lowest level that is logged anywhere."""
        return "ERROR" if self.quiet and self.log_dir is None else self.logging_level

    def log_file(self, daemon: str) -> Path | None:
        """Where the newest lines of a daemon of that name are, if in a file."""
        return self.external_log_file if self.log_dir is None else LogFile.latest(self.log_dir, daemon)

    @property
    def shown_hostname(self) -> str:
        """The name by which people know this host; may ask the resolver, and so take its time."""
        if self.hostname is not None:
            return self.hostname
        if not self.hostname_lookup:
            return self.advertise_host
        try:
            name, _ = socket.getnameinfo((self.advertise_host, 0), 0)
        except socket.gaierror:  # the resolver is out of reach; it gives the address for one without a name
            return self.advertise_host
        return name
