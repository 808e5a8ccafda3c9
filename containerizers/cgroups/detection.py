"""Which hierarchies of control groups a host has, and the groups that can be made in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from containerizers.cgroups.groups import Cgroups
from containerizers.cgroups.tree import CgroupError, MissingError
from containerizers.cgroups.v1 import V1
from containerizers.cgroups.v2 import V2

#: What containers are kept by, where it is there.
SUBSYSTEMS = ("cpu", "memory", "pids", "cpuset", "devices", "blkio", "freezer")
#: What v1 counts beside what it limits, where it has a hierarchy for that.
_COUNTED_WITH = {"cpu": ("cpuacct",)}
#: What v2 calls otherwise, and what it always has.
_V2_NAMES = {"blkio": "io"}
_V2_BUILT_IN = ("devices", "freezer")
_ROOT = re.compile(r"[A-Za-z0-9_.@-]+(/[A-Za-z0-9_.@-]+)*")
_OCTAL = re.compile(r"\\([0-7]{3})")


class Hierarchies(msgspec.Struct, frozen=True, kw_only=True):
    """Where hierarchies are mounted: those of v1 by subsystem, and that of v2 with its controllers."""

    v1: Mapping[str, str] = {}
    v2: str | None = None
    controllers: tuple[str, ...] = ()


def detect(hierarchy: str, mounts: Path = Path("/proc/self/mountinfo")) -> Hierarchies:
    """The hierarchies that are mounted at a folder, or below it; the first of each kind."""
    v1: dict[str, str] = {}
    v2 = None
    for point, kind, options in _mounted(mounts.read_text(encoding="utf-8", errors="surrogateescape")):
        if point != hierarchy and not point.startswith(hierarchy.rstrip("/") + "/"):
            continue
        if kind == "cgroup2" and v2 is None:
            v2 = point
        elif kind == "cgroup":
            for subsystem in options:
                v1.setdefault(subsystem, point)
    controllers = () if v2 is None else _controllers(Path(v2))
    return Hierarchies(v1=v1, v2=v2, controllers=controllers)


def open_cgroups(
    subsystems: Sequence[str] = SUBSYSTEMS,
    hierarchy: str = "/sys/fs/cgroup",
    root: str = "mesos",
    *,
    limits_swap: bool = False,
    processes: int | None = 1024,
    fault: Callable[[str], None] = lambda _name: None,
    found: Hierarchies | None = None,
) -> Cgroups:
    """The groups below `root` of the host's version; raises CgroupError when it lacks what is asked for.

    With both versions mounted it is the first that has all. `processes` limits those of each container.
    """
    if not _ROOT.fullmatch(root) or {".", ".."}.intersection(root.split("/")):
        raise CgroupError(f"root {root!r}: must be names of folders, divided by '/'")
    if unknown := [name for name in subsystems if name not in SUBSYSTEMS]:
        raise CgroupError(f"subsystems: there is no {unknown[0]!r}; there are {', '.join(SUBSYSTEMS)}")
    if not subsystems:
        raise CgroupError("subsystems: must name at least one")
    found = detect(hierarchy) if found is None else found
    missing_v1 = [name for name in subsystems if name not in found.v1]
    if not missing_v1:
        wanted = [one for name in subsystems for one in (name, *_COUNTED_WITH.get(name, ()))]
        mounts = {name: found.v1[name] for name in wanted if name in found.v1}
        return V1(mounts, root, limits_swap=limits_swap, processes=processes, fault=fault)
    missing_v2 = [name for name in subsystems if not _has_v2(found, name)]
    if found.v2 is not None and not missing_v2:
        controllers = tuple(_V2_NAMES.get(name, name) for name in subsystems)
        return V2(found.v2, root, controllers, limits_swap=limits_swap, processes=processes, fault=fault)
    raise MissingError(_lacking(hierarchy, found, missing_v1, missing_v2))


def _has_v2(found: Hierarchies, subsystem: str) -> bool:
    return subsystem in _V2_BUILT_IN or _V2_NAMES.get(subsystem, subsystem) in found.controllers


def _lacking(hierarchy: str, found: Hierarchies, missing_v1: Sequence[str], missing_v2: Sequence[str]) -> str:
    if not found.v1 and found.v2 is None:
        return f"hierarchy {hierarchy}: no control groups are mounted there"
    reasons = []
    if found.v1:
        reasons.append(f"v1 has no {', '.join(missing_v1)}")
    if found.v2 is not None:
        reasons.append(f"v2 at {found.v2} has no {', '.join(missing_v2)}")
    return f"hierarchy {hierarchy}: {'; '.join(reasons)}"


def _mounted(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Folder, kind of file system and its own options of each mount, as proc(5) has them."""
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if len(fields) > 4 and len(kinds) > 2:
            yield _OCTAL.sub(lambda code: chr(int(code[1], 8)), fields[4]), kinds[0], kinds[2].split(",")


def _controllers(mount: Path) -> tuple[str, ...]:
    try:
        return tuple((mount / "cgroup.controllers").read_text(encoding="ascii").split())
    except OSError:
        return ()
