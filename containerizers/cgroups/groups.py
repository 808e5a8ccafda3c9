"""What a launcher asks of control groups, whatever the kernel's version of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from containerizers.cgroups.oom import OomWatch
from containerizers.containerizer import Usage
from containerizers.spec import Device, Limits


class Cgroups(Protocol):
    """The groups of all containers below one root. Calls never wait for long, and raise CgroupError.

    A nested container without limits of its own shares what the one around it may use, and has a group only
    so that its processes are known. Ids are as `paths.check_id` has them, or ValueError is raised.
    """

    def prepare(self) -> None:
        """Make the root; what is wrong with the host's hierarchies shows here."""
        ...

    def make(self, container_id: str, limits: Limits | None, devices: Sequence[Device] | None = None) -> None:
        """Make a container's groups; none are left when that fails, and none may be there.

        Without limits it may use what there is. `devices` are those it may use beside harmless ones.
        """
        ...

    def doors(self, container_id: str) -> tuple[bytes, ...]:
        """Files into which a process writes 0 to go where the container's processes are."""
        ...

    def join(self, container_id: str, process: int) -> None:
        """Put a process where the container's are; those that it makes later will be there, too."""
        ...

    def update(self, container_id: str, limits: Limits) -> None:
        """Change what a container may use; a limit of memory below what it uses is left as it was."""
        ...

    def processes(self, container_id: str) -> tuple[int, ...]:
        """The processes of a container, without those of nested ones; none when it has no group."""
        ...

    def kill(self, container_id: str) -> None:
        """Kill all processes of a container and of those nested in it, and let them make no others.

        To be called again until `remove` has removed it.
        """
        ...

    def remove(self, container_id: str) -> bool:
        """Remove the groups of a container and of those nested in it; False when something runs in them."""
        ...

    def containers(self) -> tuple[str, ...]:
        """All that have groups, parents before those nested in them."""
        ...

    def usage(self, container_id: str) -> Usage:
        """What a container uses, and those nested in it; zeros when it has no group."""
        ...

    def watch(self, container_id: str) -> OomWatch | None:
        """What tells when its memory runs out; None where nobody limits it."""
        ...
