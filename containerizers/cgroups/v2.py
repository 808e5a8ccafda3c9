"""Control groups v2: one hierarchy for all controllers.

A group that hands controllers on to groups in it may hold no processes itself, so those of each group are
in a leaf of it; what limits them is set on the group, and holds for the groups in it, too.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Sequence

from containerizers.cgroups import device_filter, device_list, quantities, readings
from containerizers.cgroups.groups import LEAF, check_path
from containerizers.cgroups.oom import v2_watch
from containerizers.cgroups.signals import send
from containerizers.cgroups.tree import MissingError, Tree, of
from containerizers.containerizer import Usage
from containerizers.spec import Device, Limits
from containerizers.usage import measure

#: What Mesos calls otherwise.
NAMES = {"blkio": "io"}
#: Those of them that are switched on for a group; others are always on.
SWITCHED = ("cpu", "cpuset", "hugetlb", "io", "memory", "pids")
_FIGURES = (
    *("cpu.stat", "memory.stat", "memory.current", "memory.max", "memory.low", "memory.swap.current"),
    *("pids.current", "io.stat"),
)


class V2:
    """`Cgroups` of version 2. `attach` limits the devices of a group."""

    version = 2

    def __init__(
        self,
        mount: str,
        subsystems: tuple[str, ...],
        missing: tuple[str, ...] = (),
        fault: Callable[[str], None] = lambda _name: None,
        tree: Tree | None = None,
        attach: Callable[[str, Sequence[device_list.Rule]], None] = device_filter.attach,
    ) -> None:
        self.subsystems = subsystems
        self.missing = missing
        self.mount = mount
        self.controllers = tuple(NAMES.get(name, name) for name in subsystems)
        self.switched = tuple(name for name in self.controllers if name in SWITCHED)
        self.tree = Tree() if tree is None else tree
        self.fault = fault
        self.attach = attach

    def group(self, path: str) -> V2Group:
        """See `Cgroups`."""
        return V2Group(self, path)

    def below(self, path: str) -> tuple[str, ...]:
        """See `Cgroups`."""
        check_path(path)
        return tuple(name for name in self.tree.below(f"{self.mount}/{path}") if name != LEAF)


class V2Group:
    """`Group` of version 2."""

    def __init__(self, host: V2, path: str) -> None:
        check_path(path)
        self.path = path
        self._host = host
        self._tree = host.tree
        self._group = f"{host.mount}/{path}"
        self._leaf = f"{self._group}/{LEAF}"

    def make(self, limits_too: bool = True) -> None:
        """See `Group`."""
        self._host.fault("cgroups.make.before")
        self._tree.make(self._leaf)
        if limits_too:
            for group in self._around():
                self._hand_on(group)
        self._host.fault("cgroups.make.after")

    def apply(self, limits: Limits, processes: int | None = None, limits_swap: bool = False) -> None:
        """See `Group`."""
        if "cpu" in self._host.controllers:
            if limits.cpus is not None:
                self._write("cpu.weight", str(quantities.weight(limits.cpus)))
            quota = _or_max(quantities.quota_microseconds(limits))
            self._write("cpu.max", f"{quota} {quantities.PERIOD_MICROSECONDS}")
        if "memory" in self._host.controllers:
            self._limit_memory(limits, limits_swap)
        if "pids" in self._host.controllers:
            self._write("pids.max", _or_max(processes))
        self._host.fault("cgroups.apply.after")

    def allow_devices(self, devices: Sequence[Device] | None) -> None:
        """See `Group`."""
        if devices is not None and "devices" in self._host.controllers:
            self._host.attach(self._group, device_list.rules(devices))

    def join_files(self) -> list[int]:
        """See `Group`."""
        path = f"{self._leaf}/cgroup.procs"
        try:
            return [os.open(path, os.O_WRONLY | os.O_CLOEXEC)]
        except OSError as error:
            raise of(path, error, "joined") from None

    def processes(self) -> tuple[int, ...]:
        """See `Group`."""
        return self._listed(self._leaf)

    def signal(self, number: int) -> None:
        """See `Group`."""
        send(number, self.processes())

    def kill(self) -> None:
        """See `Group`."""
        self._host.fault("cgroups.kill.before")
        with contextlib.suppress(MissingError):
            if self._tree.has(f"{self._group}/cgroup.kill"):
                self._write("cgroup.kill", "1")
                return
            # Before Linux 5.14. What is frozen makes no others, and dies of this signal all the same.
            self._write("cgroup.freeze", "1")
            send(signal.SIGKILL, self._all(self._group))

    def remove(self) -> bool:
        """See `Group`."""
        self._host.fault("cgroups.remove.before")
        return self._remove(self._group)

    def exists(self) -> bool:
        """See `Group`."""
        return self._tree.has(self._group)

    def oom_kills(self) -> int:
        """See `Group`."""
        # Its processes are in the leaf, and so are those of groups in it in theirs.
        here = readings.numbers(self._tree.read_if(f"{self._group}/memory.events.local"))
        leaf = readings.numbers(self._tree.read_if(f"{self._leaf}/memory.events"))
        killed = here.get(b"oom_kill", 0) + leaf.get(b"oom_kill", 0)
        # Processes are killed, too, when the whole host has no memory left; then no limit was reached.
        return killed if killed and self._was_full() else 0

    def memory(self) -> tuple[int | None, int]:
        """See `Group`."""
        limits = [
            limit
            for group in (*self._around()[1:], self._group)
            if (limit := readings.number(self._tree.read_if(f"{group}/memory.max"))) is not None
        ]
        peak = self._tree.read_if(f"{self._group}/memory.peak")
        most = readings.number(peak or self._tree.read_if(f"{self._group}/memory.current"))
        return min(limits, default=None), most or 0

    def oom_watch(self) -> int | None:
        """See `Group`."""
        return v2_watch(self._group) if self._tree.has(f"{self._group}/memory.events") else None

    def usage(self) -> Usage:
        """See `Group`."""
        listed = self._all(self._group)
        if not any(self._tree.has(f"{self._group}/{one}.current") for one in ("memory", "pids")):
            return measure(listed)
        files = {name: self._tree.read_if(f"{self._group}/{name}") for name in _FIGURES}
        return readings.v2(files, len(listed))

    def _around(self) -> list[str]:
        """The folders of the groups around it, the outermost first."""
        names = self._group.removeprefix(self._host.mount).split("/")[1:]
        return ["/".join((self._host.mount, *names[:place])) for place in range(len(names))]

    def _hand_on(self, group: str) -> None:
        """Switch controllers on for the groups in a group."""
        control = f"{group}/cgroup.subtree_control"
        on = self._tree.read(control).decode("ascii").split()
        if lacking := [f"+{one}" for one in self._host.switched if one not in on]:
            self._tree.write(control, " ".join(lacking))

    def _limit_memory(self, limits: Limits, limits_swap: bool) -> None:
        # A container of which one process was killed for memory is not what it was: then all end.
        self._write("memory.oom.group", "1")
        soft = quantities.memory_bytes(limits.memory_bytes)
        self._write("memory.low", str(soft or 0))
        hard = quantities.memory_bytes(limits.memory_limit_bytes)
        used = readings.number(self._tree.read(f"{self._group}/memory.current")) or 0
        if hard is None or hard >= used:
            self._write("memory.max", _or_max(hard))
        if limits_swap:
            # Memory and swap together are as much as the limit when there is no swap.
            self._write("memory.swap.max", _or_max(None if hard is None else 0))

    def _was_full(self) -> bool:
        return any(
            readings.numbers(self._tree.read_if(f"{group}/memory.events.local")).get(b"oom")
            for group in (*self._around()[1:], self._group)
        )

    def _write(self, name: str, text: str) -> None:
        self._tree.write(f"{self._group}/{name}", text)

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


def _or_max(value: int | None) -> str:
    return "max" if value is None else str(value)
