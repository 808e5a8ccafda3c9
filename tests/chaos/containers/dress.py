"""What an agent needs for the kinds of tasks that it is to run."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from tests import dockerd
from tests.chaos.containers.work import Kind

#: All that keeps a task from its host, but for what needs a registry or hardware.
ISOLATION = (
    "cgroups/cpu,cgroups/mem,cgroups/pids,filesystem/linux,namespaces/pid,namespaces/ipc,"
    "linux/capabilities,linux/nnp,linux/seccomp,volume/host_path,disk/du"
)


class Dress(NamedTuple):
    """Flags of the agent; where dockerd listens, and an image with a shell, where one is needed."""

    flags: tuple[str, ...]
    docker: str | None
    image: str


def dressed(kinds: Collection[Kind]) -> Dress:
    """Start a dockerd if one is needed and none is there; it ends with this process."""
    flags = (f"--isolation={ISOLATION}", "--launcher=linux") if Kind.LINUX in kinds else ()
    if Kind.DOCKER not in kinds:
        return Dress(flags, None, "")
    socket, image = dockerd.docker_socket(), dockerd.busybox()
    docker = ("--containerizers=mesos,docker", f"--docker_socket={socket}", "--docker_remove_delay=5secs")
    return Dress((*flags, *docker), socket, image)
