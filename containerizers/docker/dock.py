"""What all containers of one containerizer share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from containerizers.docker.attachments import Attachments
from containerizers.docker.calls import Calls
from containerizers.docker.figures import Figures
from containerizers.docker.ledger import Ledger
from containerizers.docker.logs import Logs
from containerizers.docker.pulls import Pulls
from containerizers.docker.settings import DockerSettings
from containerizers.docker.watch import Watch


class Dock(NamedTuple):
    """Threads, files and settings."""

    settings: DockerSettings
    #: Tells the runtime directory from those of other agents.
    place: str
    host_memory_bytes: int
    ledger: Ledger
    calls: Calls
    pulls: Pulls
    watch: Watch
    logs: Logs
    attachments: Attachments
    figures: Figures
    #: Guards the state of all containers.
    lock: threading.RLock
    fault: Callable[[str], None]
