"""The processes of a container, as the kernel shows them."""

from __future__ import annotations

import os
from pathlib import Path


def opened(process: int, docker_id: str) -> int | None:
    """A descriptor (pidfd) of a container's first process; None when it is gone, or not on this machine.

    Numbers come back, so it must be in a cgroup that is called after the container.
    """
    try:
        descriptor = os.pidfd_open(process)
    except OSError:
        return None
    if docker_id in membership(process):
        return descriptor
    os.close(descriptor)
    return None


def membership(process: int) -> str:
    """The cgroups of a process, as in cgroups(7); nothing when it is gone."""
    try:
        return Path(f"/proc/{process}/cgroup").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
