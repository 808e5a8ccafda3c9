"""Which control groups a host has."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from containerizers.cgroups.groups import Cgroups
from containerizers.cgroups.v1 import V1
from containerizers.cgroups.v2 import NAMES, SWITCHED, V2

#: What containers can be kept by.
SUBSYSTEMS = ("cpu", "memory", "pids", "cpuset", "devices", "blkio", "freezer")
#: What v1 counts beside what it limits, where it has a hierarchy for that.
_COUNTED_WITH = {"cpu": ("cpuacct",)}
_OCTAL = re.compile(r"\\([0-7]{3})")


class Hierarchies(msgspec.Struct, frozen=True, kw_only=True):
    """Where hierarchies are mounted: those of v1 by subsystem, and that of v2 with its controllers."""

    v1: Mapping[str, str] = {}
    v2: str | None = None
    controllers: tuple[str, ...] = ()


def detect(
    hierarchy: str = "/sys/fs/cgroup",
    subsystems: Sequence[str] = SUBSYSTEMS,
    fault: Callable[[str], None] = lambda _name: None,
    mounts: Path = Path("/proc/self/mountinfo"),
) -> Cgroups | None:
    """The control groups mounted at a folder or below it, of the version that has more of the subsystems.

    None when there are none of these subsystems that this process may change. Raises ValueError for a
    subsystem that nobody has heard of.
    """
    if unknown := [name for name in subsystems if name not in SUBSYSTEMS]:
        raise ValueError(f"subsystems: there is no {unknown[0]!r}; there are {', '.join(SUBSYSTEMS)}")
    found = hierarchies(hierarchy, mounts)
    v1 = tuple(name for name in subsystems if os.access(found.v1.get(name, ""), os.W_OK))
    v2 = tuple(name for name in subsystems if _has_v2(found, name))
    if not v1 and not v2:
        return None
    chosen = v1 if len(v1) >= len(v2) else v2
    missing = tuple(name for name in subsystems if name not in chosen)
    if found.v2 is not None and chosen is not v1:
        return V2(found.v2, v2, missing, fault)
    wanted = [one for name in v1 for one in (name, *_COUNTED_WITH.get(name, ()))]
    return V1({name: found.v1[name] for name in wanted if name in found.v1}, v1, missing, fault)


def hierarchies(hierarchy: str, mounts: Path = Path("/proc/self/mountinfo")) -> Hierarchies:
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
    return Hierarchies(v1=v1, v2=v2, controllers=() if v2 is None else _controllers(Path(v2)))


def _has_v2(found: Hierarchies, subsystem: str) -> bool:
    if found.v2 is None or not os.access(found.v2, os.W_OK):
        return False
    name = NAMES.get(subsystem, subsystem)
    return name in found.controllers or name not in SWITCHED


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
