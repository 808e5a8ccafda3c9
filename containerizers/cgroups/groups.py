"""What a launcher asks of control groups, whatever the kernel's version of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from containerizers.containerizer import Usage
from containerizers.spec import Device, Limits

#: In v2, where the processes of a group are; so no group that somebody asks for may have the name.
LEAF = "@leaf"
_PATH = re.compile(r"[A-Za-z0-9_.@:-]+(/[A-Za-z0-9_.@:-]+)*")


def check_path(path: str) -> None:
    """Raise ValueError unless it can lead to a group, and nowhere else."""
    if not _PATH.fullmatch(path) or {".", "..", LEAF}.intersection(path.split("/")):
        raise ValueError(
            f"control group {path!r}: must be names of letters, digits and '_.@:-', divided by '/'"
        )


class Group(Protocol):
    """A group in each of the hierarchies. Calls wait at most for some milliseconds, and raise CgroupError."""

    path: str

    def make(self, limits_too: bool = True) -> None:
        """Make it, and those that it lies in; nothing happens where it is.

        Without limits it is made only where its processes are counted, and shares what the group around it
        may use: for what runs in another container.
        """
        ...

    def apply(self, limits: Limits, processes: int | None = None, limits_swap: bool = False) -> None:
        """Set what all in it may use together, or change that.

        A limit of memory below what is used is left as it was, for it would kill.
        """
        ...

    def allow_devices(self, devices: Sequence[Device] | None) -> None:
        """Let no devices be used but the harmless ones and these; None: all. Holds for groups in it, too."""
        ...

    def join_files(self) -> list[int]:
        """Open what a process of one thread writes 0 into to be in the group. The caller closes it."""
        ...

    def processes(self) -> tuple[int, ...]:
        """Those in the group, without those in groups in it; none when there is no group."""
        ...

    def signal(self, number: int) -> None:
        """Send a signal to all processes of this group alone."""
        ...

    def kill(self) -> None:
        """Kill all processes of this group and of those in it, which can make no others meanwhile.

        To be called again until none is left: it does not wait.
        """
        ...

    def remove(self) -> bool:
        """Remove it, and the groups in it; False when something still runs in them."""
        ...

    def exists(self) -> bool:
        """Whether it is there, or a part of it that was left."""
        ...

    def oom_kills(self) -> int:
        """How many processes of this group alone were killed since its memory, or that around it, ran out."""
        ...

    def memory(self) -> tuple[int | None, int]:
        """The memory that it may use, by its own limit or one around it, and the most it used; bytes."""
        ...

    def oom_watch(self) -> int | None:
        """Open what can be read when memory may have run out, and is quiet then; None where it cannot be."""
        ...

    def usage(self) -> Usage:
        """What all in it use together; zeros when there is no group."""
        ...


class Cgroups(Protocol):
    """The control groups of a host."""

    version: int
    #: What was asked for and is there; and is not, or is not this process's to change.
    subsystems: tuple[str, ...]
    missing: tuple[str, ...]

    def group(self, path: str) -> Group:
        """The group of a path below all hierarchies; it need not be there. Raises ValueError."""
        ...

    def below(self, path: str) -> tuple[str, ...]:
        """The names of the groups in a group, of which perhaps only parts are there; sorted."""
        ...
