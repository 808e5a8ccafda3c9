"""Control groups v1: a hierarchy for each subsystem."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence

from containerizers.cgroups import device_list, quantities, readings
from containerizers.cgroups.groups import check_path
from containerizers.cgroups.oom import v1_watch
from containerizers.cgroups.signals import send
from containerizers.cgroups.tree import CgroupError, MissingError, Tree, of
from containerizers.containerizer import Usage
from containerizers.spec import Device, Limits
from containerizers.usage import measure

#: The first of these that is there is where the processes of a group are counted.
_MEMBERSHIP = ("freezer", "pids", "cpuacct", "cpu", "memory", "devices", "blkio", "cpuset")
#: Files that tell what a group uses, by subsystem.
_FIGURES = {
    "cpuacct": ("cpuacct.stat",),
    "cpu": ("cpu.stat",),
    "memory": (
        *("memory.stat", "memory.usage_in_bytes", "memory.soft_limit_in_bytes"),
        *("memory.kmem.usage_in_bytes", "memory.kmem.tcp.usage_in_bytes"),
    ),
    "pids": ("pids.current",),
    "blkio": ("blkio.throttle.io_service_bytes_recursive",),
}
#: Processes freeze at once, but for those that wait for a disk; they are killed all the same.
_FREEZING_SECONDS = 0.02
_FREEZING_PAUSE_SECONDS = 0.001


class V1:
    """`Cgroups` of version 1. `mounts` are the folders of the subsystems to use; some may be the same."""

    version = 1

    def __init__(
        self,
        mounts: Mapping[str, str],
        subsystems: tuple[str, ...],
        missing: tuple[str, ...] = (),
        fault: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self.subsystems = subsystems
        self.missing = missing
        self.mounts = dict(mounts)
        #: Each hierarchy once.
        self.hierarchies = tuple(dict.fromkeys(mounts.values()))
        self.membership = next(mounts[name] for name in _MEMBERSHIP if name in mounts)
        self.tree = Tree()
        self.fault = fault

    def group(self, path: str) -> V1Group:
        """See `Cgroups`."""
        return V1Group(self, path)

    def below(self, path: str) -> tuple[str, ...]:
        """See `Cgroups`."""
        check_path(path)
        found = {name: None for mount in self.hierarchies for name in self.tree.below(f"{mount}/{path}")}
        return tuple(sorted(found))


class V1Group:
    """`Group` of version 1."""

    def __init__(self, host: V1, path: str) -> None:
        check_path(path)
        self.path = path
        self._host = host
        self._tree = host.tree
        self._members = f"{host.membership}/{path}"

    def make(self, limits_too: bool = True) -> None:
        """See `Group`."""
        self._host.fault("cgroups.make.before")
        for mount in self._host.hierarchies if limits_too else (self._host.membership,):
            self._tree.make(f"{mount}/{self.path}")
            if mount == self._host.mounts.get("cpuset"):
                self._inherit(mount)
        self._host.fault("cgroups.make.after")

    def apply(self, limits: Limits, processes: int | None = None, limits_swap: bool = False) -> None:
        """See `Group`."""
        if cpu := self._of("cpu"):
            self._limit_cpu(cpu, limits)
        if memory := self._of("memory"):
            self._limit_memory(memory, limits, limits_swap)
        if pids := self._of("pids"):
            self._tree.write(f"{pids}/pids.max", "max" if processes is None else str(processes))
        self._host.fault("cgroups.apply.after")

    def allow_devices(self, devices: Sequence[Device] | None) -> None:
        """See `Group`."""
        group = self._of("devices")
        if devices is None or not group:
            return
        rules = device_list.rules(devices)
        self._tree.write(f"{group}/devices.deny", "a")
        for rule in rules:
            self._tree.write(f"{group}/devices.allow", str(rule))

    def join_files(self) -> list[int]:
        """See `Group`."""
        files: list[int] = []
        try:
            for mount in self._host.hierarchies:
                # By `cgroup.procs` whole processes would join, for which the kernel waits some milliseconds.
                path = f"{self._nearest(mount)}/tasks"
                try:
                    files.append(os.open(path, os.O_WRONLY | os.O_CLOEXEC))
                except OSError as error:
                    raise of(path, error, "joined") from None
        except CgroupError:
            for file in files:
                os.close(file)
            raise
        return files

    def processes(self) -> tuple[int, ...]:
        """See `Group`."""
        return self._listed(self._members)

    def signal(self, number: int) -> None:
        """See `Group`."""
        send(number, self.processes())

    def kill(self) -> None:
        """See `Group`."""
        self._host.fault("cgroups.kill.before")
        frozen = not self._forbid_processes() and self._freeze()
        for group in self._within(self._members):
            send(signal.SIGKILL, self._listed(group))
        if frozen or self._is_frozen():
            # What is frozen, by this or by anybody, does not die before it is thawed.
            self._thaw()

    def remove(self) -> bool:
        """See `Group`."""
        self._host.fault("cgroups.remove.before")
        # In all of them, whatever holds one up: none should be left with nothing in it.
        removed = [self._remove(f"{mount}/{self.path}") for mount in self._host.hierarchies]
        return all(removed)

    def exists(self) -> bool:
        """See `Group`."""
        return any(self._tree.has(f"{mount}/{self.path}") for mount in self._host.hierarchies)

    def oom_kills(self) -> int:
        """See `Group`."""
        group = self._of("memory")
        killed = readings.numbers(self._tree.read_if(f"{group}/memory.oom_control")).get(b"oom_kill", 0)
        # Processes are killed, too, when the whole host has no memory left; then no limit was reached.
        return killed if killed and self._was_full() else 0

    def memory(self) -> tuple[int | None, int]:
        """See `Group`."""
        group = self._of("memory")
        limit = readings.v1_limit(self._tree.read_if(f"{group}/memory.stat"))
        return limit, readings.number(self._tree.read_if(f"{group}/memory.max_usage_in_bytes")) or 0

    def oom_watch(self) -> int | None:
        """See `Group`."""
        group = self._of("memory")
        return v1_watch(self._tree, group) if group else None

    def usage(self) -> Usage:
        """See `Group`."""
        listed = [process for group in self._within(self._members) for process in self._listed(group)]
        if not self._of("cpuacct") and not self._of("memory"):
            return measure(listed)
        mounts = self._host.mounts
        files = {
            name: self._tree.read_if(f"{mounts[subsystem]}/{self.path}/{name}")
            for subsystem, names in _FIGURES.items()
            if subsystem in mounts
            for name in names
        }
        return readings.v1(files, len(listed))

    # Setting.

    def _inherit(self, mount: str) -> None:
        """A new group has no processors and no memory, and takes nobody before it has."""
        above = mount
        for name in self.path.split("/"):
            group = f"{above}/{name}"
            for kind in ("cpuset.cpus", "cpuset.mems"):
                if not self._tree.read(f"{group}/{kind}").strip():
                    text = self._tree.read(f"{above}/{kind}").strip().decode("ascii")
                    self._tree.write(f"{group}/{kind}", text)
            above = group

    def _limit_cpu(self, group: str, limits: Limits) -> None:
        if limits.cpus is not None:
            self._tree.write(f"{group}/cpu.shares", str(quantities.shares(limits.cpus)))
        quota = quantities.quota_microseconds(limits)
        if quota is not None:
            self._tree.write(f"{group}/cpu.cfs_period_us", str(quantities.PERIOD_MICROSECONDS))
        if quota is not None or readings.number(self._tree.read_if(f"{group}/cpu.cfs_quota_us")):
            self._tree.write(f"{group}/cpu.cfs_quota_us", str(-1 if quota is None else quota))

    def _limit_memory(self, group: str, limits: Limits, limits_swap: bool) -> None:
        soft = quantities.memory_bytes(limits.memory_bytes)
        self._tree.write(f"{group}/memory.soft_limit_in_bytes", str(-1 if soft is None else soft))
        hard = quantities.memory_bytes(limits.memory_limit_bytes)
        used = readings.number(self._tree.read(f"{group}/memory.usage_in_bytes")) or 0
        if hard is not None and hard < used:
            return
        kinds = ["memory", "memory.memsw"] if limits_swap else ["memory"]
        now = readings.number(self._tree.read(f"{group}/memory.limit_in_bytes")) or 0
        # With swap it may never be less than without.
        if hard is None or hard > now:
            kinds.reverse()
        for kind in kinds:
            try:
                self._tree.write(f"{group}/{kind}.limit_in_bytes", str(-1 if hard is None else hard))
            except CgroupError as error:
                # It took more in this moment: left as it was.
                if error.errno != errno.EBUSY:
                    raise

    # Ending.

    def _forbid_processes(self) -> bool:
        """Whether no more processes can be made in the group from now on."""
        group = self._of("pids")
        with contextlib.suppress(MissingError):
            if group:
                self._tree.write(f"{group}/pids.max", "0")
        return bool(group)

    def _freeze(self) -> bool:
        """Let the processes do nothing, so that they make no others."""
        state = f"{self._of('freezer')}/freezer.state"
        with contextlib.suppress(MissingError):
            self._tree.write(state, "FROZEN")
            deadline = time.monotonic() + _FREEZING_SECONDS
            while self._tree.read(state).strip() == b"FREEZING" and time.monotonic() < deadline:
                time.sleep(_FREEZING_PAUSE_SECONDS)
            return True
        return False

    def _is_frozen(self) -> bool:
        group = self._of("freezer")
        frozen = (self._tree.read_if(f"{one}/freezer.state").strip() for one in self._within(group))
        return bool(group) and any(state not in (b"THAWED", b"") for state in frozen)

    def _thaw(self) -> None:
        for group in self._within(self._of("freezer")):
            with contextlib.suppress(MissingError):
                self._tree.write(f"{group}/freezer.state", "THAWED")

    def _was_full(self) -> bool:
        """Whether a limit of memory was ever reached, of this group or of one around it."""
        group = self._host.mounts["memory"]
        for name in self.path.split("/"):
            group = f"{group}/{name}"
            if any(
                readings.number(self._tree.read_if(f"{group}/{kind}.failcnt"))
                for kind in ("memory", "memory.memsw")
            ):
                return True
        return False

    def _remove(self, group: str) -> bool:
        below = [self._remove(f"{group}/{name}") for name in self._tree.below(group)]
        return all(below) and self._tree.remove(group)

    # Finding.

    def _of(self, subsystem: str) -> str:
        """The folder of the group; nothing when there is none."""
        mount = self._host.mounts.get(subsystem)
        if mount is None:
            return ""
        group = f"{mount}/{self.path}"
        return group if self._tree.has(group) else ""

    def _nearest(self, mount: str) -> str:
        """The folder of the group, or of the first around it that there is."""
        names = self.path.split("/")
        while names:
            if self._tree.has(group := "/".join((mount, *names))):
                return group
            names.pop()
        raise MissingError(f"control group {mount}/{self.path}: is not there", errno.ENOENT)

    def _within(self, group: str) -> list[str]:
        """A group and all in it; those around others first."""
        found = [group] if group else []
        for name in self._tree.below(group) if group else ():
            found += self._within(f"{group}/{name}")
        return found

    def _listed(self, group: str) -> tuple[int, ...]:
        return readings.processes(self._tree.read_if(f"{group}/cgroup.procs"))
