"""What containers are allotted of the host: their control groups.

`<root>/<container>`, and `<root>/<container>/mesos/<nested>` for one in another, as Mesos has them. A family
is a container in which nothing runs but what is nested in it: its group is there for what these may use
together.
"""

from __future__ import annotations

import contextlib
import threading

from containerizers.cgroups.groups import Cgroups, Group
from containerizers.cgroups.tree import CgroupError
from containerizers.containerizer import Limitation
from containerizers.paths import RuntimePaths, check_id, parent_of
from containerizers.spec import Device, Limits

_NESTED = "mesos"
_MEGABYTE = 1 << 20


class Allotments:
    """The groups of the containers of one runtime directory; for any thread. Raises CgroupError."""

    def __init__(
        self, cgroups: Cgroups, root: str, paths: RuntimePaths, processes: int | None, *, limits_swap: bool
    ) -> None:
        self._cgroups = cgroups
        self._root = root
        self._paths = paths
        self._processes = processes
        self._limits_swap = limits_swap
        self._lock = threading.Lock()
        self._made: dict[str, None] = {}
        #: Families, and whether they stay when nothing is nested in them any more.
        self._families: dict[str, bool] = {}

    def group(self, container_id: str) -> Group:
        """The group of a container, which need not be there."""
        check_id(container_id)
        path = container_id.replace(".", f"/{_NESTED}/")
        return self._cgroups.group(f"{self._root}/{path}")

    def make(
        self, container_id: str, limits: Limits | None, devices: tuple[Device, ...] | None, *, inside: bool
    ) -> None:
        """Make the group of a container, and what is around it; if that fails, there is none."""
        with self._lock:
            self._make_family(parent_of(container_id), None)
            self._make(container_id, limits, inside=inside)
            if devices is not None and "devices" in self._cgroups.subsystems:
                self.group(container_id).allow_devices(devices)

    def find(self, container_id: str) -> bool:
        """Whether a container has a group that somebody left."""
        with self._lock:
            found = self.group(container_id).exists()
            if found:
                self._made[container_id] = None
                if self._paths.family(container_id).exists():
                    self._families[container_id] = True
            return found

    def update(self, container_id: str, limits: Limits) -> None:
        """Change what a container may use; one that is not there is made as a family."""
        with self._lock:
            if container_id in self._made:
                self._apply(container_id, limits)
            else:
                self._make_family(container_id, limits)
            if container_id in self._families:
                self._families[container_id] = True

    def remove(self, container_id: str) -> bool:
        """Remove the group of a container with all in it; False when something runs there."""
        with self._lock:
            if not self.group(container_id).remove():
                return False
            self._made.pop(container_id, None)
            self._families.pop(container_id, None)
            with contextlib.suppress(CgroupError):
                self._remove_family(parent_of(container_id))
            return True

    def release(self, container_id: str) -> None:
        """A family goes when nothing is nested in it, from now on."""
        with self._lock:
            if container_id in self._families:
                self._families[container_id] = False
                self._remove_family(container_id)

    def families(self) -> tuple[str, ...]:
        """Those that are there."""
        with self._lock:
            return tuple(self._families)

    def end(self) -> None:
        """Remove what is around all containers, if nothing of another runtime directory is in it."""
        with self._lock:
            for container_id in reversed(tuple(self._families)):
                self._families[container_id] = False
                self._remove_family(container_id)
            if not self._cgroups.below(self._root):
                self._cgroups.group(self._root).remove()

    def limitation(self, container_id: str) -> Limitation | None:
        """That memory ran out for processes of a container, and they were killed."""
        group = self.group(container_id)
        if not group.oom_kills():
            return None
        limit, most = group.memory()
        allowed = "as much as there is" if limit is None else _megabytes(limit)
        message = f"Memory limit exceeded: Requested: {allowed} Maximum Used: {_megabytes(most)}"
        return Limitation("memory", message, most)

    def _make(self, container_id: str, limits: Limits | None, *, inside: bool) -> None:
        group = self.group(container_id)
        try:
            group.make(not inside)
            if limits is not None or not parent_of(container_id):
                self._apply(container_id, limits or Limits())
        except CgroupError:
            with contextlib.suppress(CgroupError):
                group.remove()
            raise
        self._made[container_id] = None

    def _apply(self, container_id: str, limits: Limits) -> None:
        self.group(container_id).apply(limits, self._processes, self._limits_swap)

    def _make_family(self, container_id: str, limits: Limits | None) -> None:
        if not container_id or container_id in self._made:
            return
        self._make_family(parent_of(container_id), None)
        file = self._paths.family(container_id)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        self._make(container_id, limits, inside=False)
        self._families[container_id] = False

    def _remove_family(self, container_id: str) -> None:
        while self._families.get(container_id) is False:
            prefix = container_id + "."
            if any(one.startswith(prefix) for one in self._made) or not self.group(container_id).remove():
                return
            del self._families[container_id], self._made[container_id]
            self._paths.remove(container_id)
            container_id = parent_of(container_id)


def _megabytes(value: int) -> str:
    return f"{value / _MEGABYTE:.0f}MB"
