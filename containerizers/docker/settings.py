"""How an agent wants its Docker containers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class DockerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for all containers of one agent; times in seconds."""

    socket: str = "/var/run/docker.sock"
    #: Whose containers these are: cluster, agent; `agent` is the agent's id.
    labels: Mapping[str, str] = {}
    #: How long after its end a container is removed.
    remove_delay_seconds: float = 21_600.0
    #: Between SIGTERM and SIGKILL when a container is destroyed; 0: SIGKILL at once.
    stop_timeout_seconds: float = 0.0
    #: Whether running containers of this agent are killed that nobody knows.
    kills_orphans: bool = True
    #: What `config.json` of Docker holds: `auths`, for registries.
    config: Mapping[str, Any] | None = None
    #: How many processes a container may have; None: as many as it likes.
    processes: int | None = 1024
    #: How long dockerd may take to start a container whose image is there.
    launch_timeout_seconds: float = 60.0
    #: How long a registry may send nothing, and how long a pull may take.
    pull_stall_timeout_seconds: float = 120.0
    pull_timeout_seconds: float = 300.0
    #: How long dockerd may take to answer when it only has to look.
    answer_timeout_seconds: float = 10.0
    #: How long it is kept how a container ended, should who wants to know come after a crash.
    remembered_seconds: float = 900.0
    #: How often all containers are looked at, should something have been missed.
    resync_seconds: float = 30.0
    #: Of a sandbox's stdout, and stderr: where a file is rotated, and how many are kept with it.
    log_max_bytes: int | None = None
    log_files: int = 2
    #: Of what Docker keeps of a container's output: it only has to last until it is in the sandbox.
    journal_bytes: int = 32 * 2**20
    journal_files: int = 4
