"""Containers of processes that Linux keeps from the host, and from each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from containerizers.cgroups.detection import detect
from containerizers.containerizer import Notify
from containerizers.linux.abilities import Abilities
from containerizers.linux.allotments import Allotments
from containerizers.linux.isolating import LinuxLauncher
from containerizers.paths import RuntimePaths
from containerizers.process import ProcessContainerizer
from containerizers.switchboard import Switchboard


class LinuxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How containers are kept."""

    #: Of `cgroups.detection.SUBSYSTEMS`, those that are used where they are there.
    subsystems: tuple[str, ...] = ("cpu", "memory", "pids", "cpuset", "devices", "blkio", "freezer")
    #: Where control groups are mounted, and the group in them that all containers are in.
    hierarchy: str = "/sys/fs/cgroup"
    root: str = "mesos"
    #: Whether the limit of memory is one of memory and swap together.
    limits_swap: bool = False
    #: How many processes a container may have; None: as many as the host.
    processes: int | None = 1024


class LinuxContainerizer(ProcessContainerizer):
    """`Containerizer` of Linux; see `ProcessContainerizer`.

    Without root, or on a host that has no control groups, it does what it can: see `left_out`.
    """

    def __init__(
        self,
        runtime_dir: Path,
        notify: Notify,
        switchboard: Switchboard | None = None,
        settings: LinuxSettings | None = None,
        fault: Callable[[str], None] = lambda _name: None,
    ) -> None:
        settings = settings or LinuxSettings()
        abilities = Abilities.own()
        cgroups = detect(settings.hierarchy, settings.subsystems, fault) if settings.subsystems else None
        allotments = None
        if cgroups is not None:
            allotments = Allotments(
                cgroups,
                settings.root,
                RuntimePaths(runtime_dir),
                settings.processes,
                limits_swap=settings.limits_swap,
            )
        missing = settings.subsystems if cgroups is None else cgroups.missing
        #: What containers go without that was asked for, a sentence each.
        self.left_out: tuple[str, ...] = (
            *(f"cgroups/{name}: this host has none that this process may change" for name in missing),
            *abilities.left_out(),
        )
        self._linux = LinuxLauncher(runtime_dir, allotments, abilities, fault)
        super().__init__(runtime_dir, notify, switchboard, self._linux)

    @property
    def destroy_errors(self) -> int:
        """How often something of a container could not be ended or removed."""
        return self._linux.errors
