"""Control groups v1: a hierarchy for each subsystem."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence

from containerizers.cgroups import device_list, quantities, readings
from containerizers.cgroups.names import NESTED, group_of, is_id
from containerizers.cgroups.oom import V1Watch
from containerizers.cgroups.tree import CgroupError, MissingError, RefusedError, Tree
from containerizers.containerizer import Usage
from containerizers.paths import check_id, parent_of
from containerizers.spec import Device, Limits
from containerizers.usage import measure

#: Which of them a nested container has a group in that has no limits of its own: the first that is there.
_MEMBERSHIP = ("freezer", "pids", "cpuacct", "cpu", "memory", "devices", "blkio", "cpuset")
#: Files that tell what a container uses, by subsystem.
_FIGURES = {
    "cpuacct": ("cpuacct.stat",),
    "cpu": ("cpu.stat",),
    "memory": ("memory.stat", "memory.usage_in_bytes", "memory.soft_limit_in_bytes"),
    "pids": ("pids.current",),
    "blkio": ("blkio.throttle.io_service_bytes_recursive",),
}
#: Processes freeze at once, but for those that wait for a disk; they are killed all the same.
_FREEZING_SECONDS = 0.02
_FREEZING_PAUSE_SECONDS = 0.001


class V1:
    """`Cgroups` of version 1. `mounts` are the folders of the subsystems to use; some may be the same."""

    def __init__(
        self,
        mounts: Mapping[str, str],
        root: str,
        *,
        limits_swap: bool,
        processes: int | None,
        fault: Callable[[str], None],
        tree: Tree | None = None,
    ) -> None:
        self._mounts = dict(mounts)
        self._tops = {subsystem: f"{mount}/{root}" for subsystem, mount in mounts.items()}
        #: Each hierarchy once.
        self._roots = tuple(dict.fromkeys(self._tops.values()))
        self._members = next(self._tops[name] for name in _MEMBERSHIP if name in self._tops)
        self._limits_swap = limits_swap
        self._processes = processes
        self._fault = fault
        self._tree = Tree() if tree is None else tree

    def prepare(self) -> None:
        """See `Cgroups`."""
        for root in self._roots:
            self._make_group(root)
        if self._limits_swap and "memory" in self._tops:
            path = f"{self._tops['memory']}/memory.memsw.limit_in_bytes"
            if not self._tree.has(path):
                raise MissingError(f"control group's {path}: is not there: this kernel does not count swap")

    def make(self, container_id: str, limits: Limits | None, devices: Sequence[Device] | None = None) -> None:
        """See `Cgroups`."""
        check_id(container_id)
        rules = None if devices is None else device_list.rules(devices)
        roots = self._roots
        if limits is None and parent_of(container_id):
            roots = (self._members,)
        if here := [group for root in self._roots if self._tree.has(group := group_of(root, container_id))]:
            raise CgroupError(f"control group {here[0]}: is there already")
        self._fault("cgroups.make.before")
        try:
            for root in roots:
                self._make_group(group_of(root, container_id))
            if roots == self._roots:
                self._confine(container_id, limits or Limits(), rules)
        except CgroupError:
            self.remove(container_id)
            raise
        self._fault("cgroups.make.after")

    def doors(self, container_id: str) -> tuple[bytes, ...]:
        """See `Cgroups`."""
        return tuple(os.fsencode(f"{self._nearest(root, container_id)}/cgroup.procs") for root in self._roots)

    def join(self, container_id: str, process: int) -> None:
        """See `Cgroups`."""
        for door in self.doors(container_id):
            self._tree.write(os.fsdecode(door), str(process))

    def update(self, container_id: str, limits: Limits) -> None:
        """See `Cgroups`."""
        self._limit_cpu(container_id, limits)
        self._limit_memory(container_id, limits)

    def processes(self, container_id: str) -> tuple[int, ...]:
        """See `Cgroups`."""
        return self._listed(group_of(self._members, container_id))

    def kill(self, container_id: str) -> None:
        """See `Cgroups`."""
        self._fault("cgroups.kill.before")
        group = group_of(self._members, container_id)
        with contextlib.suppress(MissingError):
            if not self._forbid_processes(container_id):
                self._freeze(container_id)
            for one in self._within(group):
                for process in self._listed(one):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
        self._thaw(container_id)

    def remove(self, container_id: str) -> bool:
        """See `Cgroups`."""
        check_id(container_id)
        self._fault("cgroups.remove.before")
        # In all of them, whatever holds one up: none should be left with nothing in it.
        removed = [self._remove(group_of(root, container_id)) for root in self._roots]
        return all(removed)

    def containers(self) -> tuple[str, ...]:
        """See `Cgroups`."""
        found: dict[str, None] = {}
        for root in self._roots:
            self._collect(root, "", found)
        return tuple(sorted(found))

    def usage(self, container_id: str) -> Usage:
        """See `Cgroups`."""
        counted = self._tops.get("cpuacct", self._members)
        members = group_of(self._members, container_id)
        listed = [process for group in self._within(members) for process in self._listed(group)]
        if not self._tree.has(group_of(counted, container_id)):
            return measure(listed)
        files = {
            name: self._tree.read_if(f"{group_of(self._tops[subsystem], container_id)}/{name}")
            for subsystem, names in _FIGURES.items()
            if subsystem in self._tops
            for name in names
        }
        return readings.v1(files, len(listed))

    def watch(self, container_id: str) -> V1Watch | None:
        """See `Cgroups`."""
        if "memory" not in self._tops:
            return None
        group = group_of(self._tops["memory"], container_id)
        return V1Watch(self._tree, group) if self._tree.has(group) else None

    # Making.

    def _make_group(self, group: str) -> None:
        self._tree.make(group)
        mount = self._mounts.get("cpuset", "")
        if not mount or not group.startswith(mount + "/"):
            return
        # A new group has no processors and no memory, and takes nobody before it has.
        above = mount
        for name in group.removeprefix(mount + "/").split("/"):
            inner = f"{above}/{name}"
            for kind in ("cpuset.cpus", "cpuset.mems"):
                if not self._tree.read(f"{inner}/{kind}").strip():
                    text = self._tree.read(f"{above}/{kind}").strip().decode("ascii")
                    self._tree.write(f"{inner}/{kind}", text)
            above = inner

    def _confine(self, container_id: str, limits: Limits, rules: Sequence[device_list.Rule] | None) -> None:
        self.update(container_id, limits)
        if "pids" in self._tops and self._processes is not None:
            group = group_of(self._tops["pids"], container_id)
            self._tree.write(f"{group}/pids.max", str(self._processes))
        if rules is not None and "devices" in self._tops:
            group = group_of(self._tops["devices"], container_id)
            self._tree.write(f"{group}/devices.deny", "a")
            for rule in rules:
                self._tree.write(f"{group}/devices.allow", str(rule))

    def _limit_cpu(self, container_id: str, limits: Limits) -> None:
        if "cpu" not in self._tops:
            return
        group = group_of(self._tops["cpu"], container_id)
        if limits.cpus is not None:
            self._tree.write(f"{group}/cpu.shares", str(quantities.shares(limits.cpus)))
        quota = quantities.quota_microseconds(limits)
        if quota is not None:
            self._tree.write(f"{group}/cpu.cfs_period_us", str(quantities.PERIOD_MICROSECONDS))
        if quota is not None or readings.number(self._tree.read_if(f"{group}/cpu.cfs_quota_us")):
            self._tree.write(f"{group}/cpu.cfs_quota_us", str(-1 if quota is None else quota))

    def _limit_memory(self, container_id: str, limits: Limits) -> None:
        if "memory" not in self._tops:
            return
        group = group_of(self._tops["memory"], container_id)
        soft = quantities.memory_bytes(limits.memory_bytes)
        self._tree.write(f"{group}/memory.soft_limit_in_bytes", str(-1 if soft is None else soft))
        hard = quantities.memory_bytes(limits.memory_limit_bytes)
        used = readings.number(self._tree.read(f"{group}/memory.usage_in_bytes")) or 0
        if hard is not None and hard < used:
            return
        kinds = ["memory", "memory.memsw"] if self._limits_swap else ["memory"]
        now = readings.number(self._tree.read(f"{group}/memory.limit_in_bytes")) or 0
        # With swap it may never be less than without.
        if hard is None or hard > now:
            kinds.reverse()
        for kind in kinds:
            self._limit_hard(f"{group}/{kind}.limit_in_bytes", -1 if hard is None else hard)

    def _limit_hard(self, path: str, limit: int) -> None:
        try:
            self._tree.write(path, str(limit))
        except RefusedError as error:
            # It took more in this moment: left as it was.
            if error.number != errno.EBUSY:
                raise

    # Ending.

    def _forbid_processes(self, container_id: str) -> bool:
        """Whether a container can make no more processes from now on."""
        group = group_of(self._tops["pids"], container_id) if "pids" in self._tops else ""
        if not group or not self._tree.has(group):
            return False
        self._tree.write(f"{group}/pids.max", "0")
        return True

    def _freeze(self, container_id: str) -> None:
        """Let a container's processes do nothing, so that they make no others."""
        if "freezer" not in self._tops:
            return
        state = f"{group_of(self._tops['freezer'], container_id)}/freezer.state"
        self._tree.write(state, "FROZEN")
        deadline = time.monotonic() + _FREEZING_SECONDS
        while self._tree.read(state).strip() == b"FREEZING" and time.monotonic() < deadline:
            time.sleep(_FREEZING_PAUSE_SECONDS)

    def _thaw(self, container_id: str) -> None:
        # What is frozen, by this or by anybody, does not die before it is thawed.
        if "freezer" in self._tops:
            for group in self._within(group_of(self._tops["freezer"], container_id)):
                with contextlib.suppress(MissingError):
                    self._tree.write(f"{group}/freezer.state", "THAWED")

    def _remove(self, group: str) -> bool:
        below = [self._remove(f"{group}/{name}") for name in self._tree.below(group)]
        return all(below) and self._tree.remove(group)

    # Finding.

    def _nearest(self, root: str, container_id: str) -> str:
        """The group of a container, or of the first around it that has one there."""
        one = container_id
        while one:
            if self._tree.has(group := group_of(root, one)):
                return group
            one = parent_of(one)
        raise MissingError(f"control group {group_of(root, container_id)}: is not there")

    def _within(self, group: str) -> list[str]:
        """A group and all in it; those around others first."""
        found = [group]
        for name in self._tree.below(group):
            found += self._within(f"{group}/{name}")
        return found

    def _listed(self, group: str) -> tuple[int, ...]:
        return readings.processes(self._tree.read_if(f"{group}/cgroup.procs"))

    def _collect(self, folder: str, prefix: str, found: dict[str, None]) -> None:
        for name in self._tree.below(folder):
            if is_id(container_id := prefix + name):
                found[container_id] = None
                self._collect(f"{folder}/{name}/{NESTED}", container_id + ".", found)
