"""The names in --isolation, and which of them can be had (mesos-features.md §9)."""

from __future__ import annotations

from typing import Final

#: What stands for others.
_ALIASES: Final = {
    "process": ("posix/cpu", "posix/mem"),
    "posix": ("posix/cpu", "posix/mem"),
    "cgroups": ("cgroups/cpu", "cgroups/mem"),
    "posix/disk": ("disk/du",),
    "cgroups/all": (
        "cgroups/blkio",
        "cgroups/cpu",
        "cgroups/cpuset",
        "cgroups/devices",
        "cgroups/mem",
        "cgroups/pids",
    ),
}
#: The subsystem of the kernel that each of these is about.
SUBSYSTEMS: Final = {
    "cgroups/blkio": "blkio",
    "cgroups/cpu": "cpu",
    "cgroups/cpuset": "cpuset",
    "cgroups/devices": "devices",
    "cgroups/mem": "memory",
    "cgroups/pids": "pids",
}
_FILESYSTEM: Final = "filesystem/linux"
#: With filesystem/linux, as in Mesos, there are always these.
_WITH_FILESYSTEM: Final = ("volume/host_path", "volume/sandbox_path", "volume/secret")
#: What needs filesystem/linux.
_NEEDS_FILESYSTEM: Final = ("namespaces/pid", "namespaces/ipc", *_WITH_FILESYSTEM)
_ANYWHERE: Final = (
    "posix/cpu",
    "posix/mem",
    "filesystem/posix",
    "disk/du",
    "network/ports",
    "environment_secret",
)
#: What needs the launcher of Linux.
LINUX: Final = (
    *SUBSYSTEMS,
    _FILESYSTEM,
    *_NEEDS_FILESYSTEM,
    "linux/capabilities",
    "linux/devices",
    "linux/nnp",
    "linux/seccomp",
    "posix/rlimits",
)
#: What only root can have of it; without, containers go without these, and what asks for them is refused.
FOR_ROOT: Final = (_FILESYSTEM, *_NEEDS_FILESYSTEM, "linux/capabilities", "linux/devices")
_ABSENT: Final = {
    "appc/runtime": "there are no container images for it yet",
    "cgroups/hugetlb": "this subsystem is not there yet",
    "cgroups/net_cls": "this subsystem is not there yet",
    "cgroups/net_prio": "this subsystem is not there yet",
    "cgroups/perf_event": "this subsystem is not there yet",
    "disk/xfs": "quotas are counted by disk/du",
    "docker/runtime": "there are no container images for it yet",
    "docker/volume": "containers of Docker have them",
    "filesystem/shared": "use filesystem/linux",
    "gpu/nvidia": "there are no GPUs to be had yet",
    "network/cni": "there are no networks of CNI yet",
    "network/port_mapping": "there are no networks of containers of Mesos yet",
    "volume/csi": "there are no CSI plugins yet",
    "volume/image": "there are no container images for it yet",
}


def read_isolators(text: str) -> tuple[str, ...]:
    """The isolators that a list asks for, in its order, with those that follow from them.

    Raises ValueError naming what is unknown, cannot be had, or lacks another.
    """
    found: dict[str, None] = {}
    for name in filter(None, (part.strip() for part in text.split(","))):
        for one in _ALIASES.get(name, (name,)):
            if one in _ABSENT:
                raise ValueError(f"{one}: {_ABSENT[one]}")
            if one not in _ANYWHERE and one not in LINUX:
                raise ValueError(f"{one}: there is no such isolator")
            found[one] = None
    if _FILESYSTEM in found:
        if "filesystem/posix" in found:
            raise ValueError("filesystem/posix and filesystem/linux: only one of them can be used")
        found.update(dict.fromkeys(_WITH_FILESYSTEM))
    for name in found:
        if name in _NEEDS_FILESYSTEM and _FILESYSTEM not in found:
            raise ValueError(f"{name}: needs {_FILESYSTEM}, too")
    return tuple(found)


def subsystems(isolators: tuple[str, ...]) -> tuple[str, ...]:
    """The subsystems of control groups that they need; `freezer`, by which processes are found, always."""
    return (*(SUBSYSTEMS[one] for one in isolators if one in SUBSYSTEMS), "freezer")
