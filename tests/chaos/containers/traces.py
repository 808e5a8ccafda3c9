"""What a run of the rig leaves on the machine: processes, containers, cgroups, mounts, and words of tasks."""

from __future__ import annotations

import collections
import contextlib
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.chaos.containers.work import RIG_VARIABLE, TASK_VARIABLE

_CGROUPS = Path("/sys/fs/cgroup")
_LINE = re.compile(r"line (\d+)")


def processes(run: str) -> dict[str, list[int]]:
    """By task, the numbers of its processes that run now, whatever namespaces they are in."""
    found: dict[str, list[int]] = collections.defaultdict(list)
    mine, task = f"{RIG_VARIABLE}={run}".encode(), f"{TASK_VARIABLE}=".encode()
    for entry in Path("/proc").iterdir():
        # A process may end at any moment, and a zombie has no environment.
        with contextlib.suppress(OSError):
            if entry.name.isdigit():
                variables = (entry / "environ").read_bytes().split(b"\0")
                if mine in variables:
                    name = next((one for one in variables if one.startswith(task)), b"=?")
                    found[name.partition(b"=")[2].decode()].append(int(entry.name))
    return dict(found)


class Truth:
    """What tasks wrote down by themselves: how often each has started, and come to its end."""

    def __init__(self, files: Iterable[Path]) -> None:
        words = [line.split() for file in files if file.exists() for line in file.read_text().splitlines()]
        self.starts = collections.Counter(task for what, task in words if what == "start")
        self.ends = collections.Counter(task for what, task in words if what == "end")


def containers(socket: str | None, truth: Path, *, ended: bool = False) -> list[str]:
    """The ids of Docker's containers of this run, by the folder that all have mounted."""
    if socket is None:
        return []
    command = ["docker", f"--host=unix://{socket}", "ps", "--quiet", "--no-trunc", f"--filter=volume={truth}"]
    listed = subprocess.run(
        [*command, *(["--all"] if ended else [])], capture_output=True, text=True, check=True, timeout=60
    )
    return listed.stdout.split()


def cgroups(root: str) -> list[str]:
    """The cgroups below that root, in all hierarchies, but for the root itself."""
    places = [_CGROUPS, *_CGROUPS.iterdir()]
    return sorted(
        str(group)
        for place in places
        if (place / root).is_dir() and not place.is_symlink()
        for group in (place / root).rglob("*")
        if group.is_dir()
    )


def remove_cgroups(root: str) -> None:
    """Remove that root and all below it; what has processes stays."""
    for group in [*reversed(cgroups(root)), *(str(one) for one in _CGROUPS.glob(f"*/{root}"))]:
        with contextlib.suppress(OSError):
            Path(group).rmdir()


def mounts(folder: Path) -> list[str]:
    """The mounts of this machine at or below a folder."""
    targets = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [target for target in targets if Path(target).is_relative_to(folder)]


def numbers(text: str) -> list[int]:
    """Those of the lines that a task wrote to its output; what is no such line counts as none."""
    return [int(found[1]) for found in map(_LINE.fullmatch, text.splitlines()) if found]
