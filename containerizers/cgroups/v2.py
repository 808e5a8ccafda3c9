"""Control groups v2: one hierarchy for all controllers.

A group that hands controllers on to groups in it may hold no processes itself, so those of a container are
in a `leaf` of its group; what limits them is set on the group, and holds for those nested in it, too.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Sequence

from containerizers.cgroups import device_filter, device_list, quantities, readings
from containerizers.cgroups.names import NESTED, group_of, is_id
from containerizers.cgroups.oom import V2Watch
from containerizers.cgroups.tree import CgroupError, MissingError, Tree
from containerizers.containerizer import Usage
from containerizers.paths import parent_of
from containerizers.spec import Device, Limits
from containerizers.usage import measure

_LEAF = "leaf"
#: Those of them that are switched on for a group; others are always on.
_SWITCHED = ("cpu", "cpuset", "io", "memory", "pids")
_FIGURES = (
    *("cpu.stat", "memory.stat", "memory.current", "memory.max", "memory.low", "memory.swap.current"),
    *("pids.current", "io.stat"),
)


class V2:
    """`Cgroups` of version 2, with these controllers. `attach` limits devices."""

    def __init__(
        self,
        mount: str,
        root: str,
        controllers: Sequence[str],
        *,
        limits_swap: bool,
        processes: int | None,
        fault: Callable[[str], None],
        tree: Tree | None = None,
        attach: Callable[[str, Sequence[device_list.Rule]], None] = device_filter.attach,
    ) -> None:
        self._mount = mount
        self._top = f"{mount}/{root}"
        self._switched = tuple(name for name in controllers if name in _SWITCHED)
        self._controllers = tuple(controllers)
        self._limits_swap = limits_swap
        self._processes = processes
        self._fault = fault
        self._tree = Tree() if tree is None else tree
        self._attach = attach

    def prepare(self) -> None:
        """See `Cgroups`."""
        self._tree.make(self._top)
        self._hand_on(self._mount, self._top)

    def make(self, container_id: str, limits: Limits | None, devices: Sequence[Device] | None = None) -> None:
        """See `Cgroups`."""
        group = self._group(container_id)
        rules = None if devices is None else device_list.rules(devices)
        if self._tree.has(group):
            raise CgroupError(f"control group {group}: is there already")
        parent = parent_of(container_id)
        if parent and not self._tree.has(self._group(parent)):
            raise MissingError(f"control group {self._group(parent)}: is not there")
        self._fault("cgroups.make.before")
        try:
            self._tree.make(f"{group}/{_LEAF}")
            if limits is not None or not parent:
                self._hand_on(self._top, group.rpartition("/")[0])
                self._confine(container_id, limits or Limits(), rules)
        except CgroupError:
            self.remove(container_id)
            raise
        self._fault("cgroups.make.after")

    def doors(self, container_id: str) -> tuple[bytes, ...]:
        """See `Cgroups`."""
        door = f"{self._group(container_id)}/{_LEAF}/cgroup.procs"
        if not self._tree.has(door):
            raise MissingError(f"control group's {door}: is not there")
        return (os.fsencode(door),)

    def join(self, container_id: str, process: int) -> None:
        """See `Cgroups`."""
        self._tree.write(os.fsdecode(self.doors(container_id)[0]), str(process))

    def update(self, container_id: str, limits: Limits) -> None:
        """See `Cgroups`."""
        group = self._group(container_id)
        if "cpu" in self._controllers:
            if limits.cpus is not None:
                self._tree.write(f"{group}/cpu.weight", str(quantities.weight(limits.cpus)))
            quota = quantities.quota_microseconds(limits)
            runs = f"{_or_max(quota)} {quantities.PERIOD_MICROSECONDS}"
            self._tree.write(f"{group}/cpu.max", runs)
        if "memory" in self._controllers:
            self._limit_memory(group, limits)

    def processes(self, container_id: str) -> tuple[int, ...]:
        """See `Cgroups`."""
        return self._listed(f"{self._group(container_id)}/{_LEAF}")

    def kill(self, container_id: str) -> None:
        """See `Cgroups`."""
        group = self._group(container_id)
        self._fault("cgroups.kill.before")
        with contextlib.suppress(MissingError):
            if self._tree.has(f"{group}/cgroup.kill"):
                self._tree.write(f"{group}/cgroup.kill", "1")
                return
            # Before Linux 5.14. What is frozen makes no others, and dies of this signal all the same.
            self._tree.write(f"{group}/cgroup.freeze", "1")
            for process in self._all(group):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    def remove(self, container_id: str) -> bool:
        """See `Cgroups`."""
        group = self._group(container_id)
        self._fault("cgroups.remove.before")
        return self._remove(group)

    def containers(self) -> tuple[str, ...]:
        """See `Cgroups`."""
        found: list[str] = []
        self._collect(self._top, "", found)
        return tuple(sorted(found))

    def usage(self, container_id: str) -> Usage:
        """See `Cgroups`."""
        group = self._group(container_id)
        listed = self._all(group)
        if not any(self._tree.has(f"{group}/{one}.current") for one in ("memory", "pids")):
            # It has no controllers of its own.
            return measure(listed)
        return readings.v2({name: self._tree.read_if(f"{group}/{name}") for name in _FIGURES}, len(listed))

    def watch(self, container_id: str) -> V2Watch | None:
        """See `Cgroups`."""
        group = self._group(container_id)
        return V2Watch(self._tree, group) if self._tree.has(f"{group}/memory.events") else None

    def _group(self, container_id: str) -> str:
        return group_of(self._top, container_id)

    def _hand_on(self, first: str, last: str) -> None:
        """Switch controllers on for what is in the groups from one to another that lies in it."""
        group = first
        names = last.removeprefix(first).split("/")
        for place, name in enumerate(names):
            group = f"{group}/{name}" if place else group
            control = f"{group}/cgroup.subtree_control"
            on = self._tree.read(control).decode("ascii").split()
            if lacking := [f"+{one}" for one in self._switched if one not in on]:
                self._tree.write(control, " ".join(lacking))

    def _confine(self, container_id: str, limits: Limits, rules: Sequence[device_list.Rule] | None) -> None:
        group = self._group(container_id)
        if "memory" in self._controllers:
            # A container of which one process was killed for memory is not what it was: then all end.
            self._tree.write(f"{group}/memory.oom.group", "1")
        self.update(container_id, limits)
        if "pids" in self._controllers and self._processes is not None:
            self._tree.write(f"{group}/pids.max", str(self._processes))
        if rules is not None and "devices" in self._controllers:
            self._attach(group, rules)

    def _limit_memory(self, group: str, limits: Limits) -> None:
        soft = quantities.memory_bytes(limits.memory_bytes)
        self._tree.write(f"{group}/memory.low", str(soft or 0))
        hard = quantities.memory_bytes(limits.memory_limit_bytes)
        used = readings.number(self._tree.read(f"{group}/memory.current")) or 0
        # A limit below that would kill processes at once.
        if hard is None or hard >= used:
            self._tree.write(f"{group}/memory.max", _or_max(hard))
        if self._limits_swap:
            # Memory and swap together are as much as the limit when there is no swap.
            self._tree.write(f"{group}/memory.swap.max", _or_max(None if hard is None else 0))

    def _remove(self, group: str) -> bool:
        below = [self._remove(f"{group}/{name}") for name in self._tree.below(group)]
        return all(below) and self._tree.remove(group)

    def _listed(self, group: str) -> tuple[int, ...]:
        return readings.processes(self._tree.read_if(f"{group}/cgroup.procs"))

    def _all(self, group: str) -> list[int]:
        found = list(self._listed(group))
        for name in self._tree.below(group):
            found += self._all(f"{group}/{name}")
        return found

    def _collect(self, folder: str, prefix: str, found: list[str]) -> None:
        for name in self._tree.below(folder):
            if is_id(container_id := prefix + name):
                found.append(container_id)
                self._collect(f"{folder}/{name}/{NESTED}", container_id + ".", found)


def _or_max(value: int | None) -> str:
    return "max" if value is None else str(value)
