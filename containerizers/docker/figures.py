"""What containers use and which processes they have, as the kernel counts it: dockerd is not asked."""

from __future__ import annotations

from functools import cached_property

import msgspec

from containerizers.cgroups.detection import detect
from containerizers.cgroups.groups import Cgroups, Group, check_path
from containerizers.containerizer import Usage
from containerizers.docker.processes import membership
from containerizers.network import has_own, interfaces, total


class Figures:
    """Reads the control groups that Docker has made; for any thread."""

    @cached_property
    def _cgroups(self) -> Cgroups | None:
        return detect()

    def processes(self, first: int) -> tuple[int, ...]:
        """All processes in the groups of this one, the first of a container."""
        group = self._group(first)
        return () if group is None else group.processes()

    def usage(self, first: int) -> Usage | None:
        """What the container of this process uses; None when that cannot be seen."""
        group = self._group(first)
        if group is None:
            return None
        usage = group.usage()
        if not has_own(first):
            return msgspec.structs.replace(usage, process=first)
        moved = total(interfaces(first))
        return msgspec.structs.replace(usage, process=first, **msgspec.structs.asdict(moved))

    def _group(self, first: int) -> Group | None:
        path = group_path(membership(first)) if first else ""
        if not path or self._cgroups is None:
            return None
        try:
            check_path(path)
        except ValueError:
            return None
        return self._cgroups.group(path)


def group_path(text: str) -> str:
    """The path of a container's group in all hierarchies, of what cgroups(7) says of a process."""
    paths = [line.split(":", 2)[2].strip("/") for line in text.splitlines() if line.count(":") >= 2]
    return max(paths, key=len, default="")
