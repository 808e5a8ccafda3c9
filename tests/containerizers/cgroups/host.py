"""Control groups of this host, for tests: below a root of their own, and processes in them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from containerizers.cgroups.detection import hierarchies
from containerizers.cgroups.groups import Cgroups, Group
from containerizers.cgroups.v1 import V1
from containerizers.cgroups.v2 import V2
from tests.containerizers.containers import wait_until

HIERARCHY = "/sys/fs/cgroup"
ALL = ("cpu", "cpuacct", "memory", "pids", "cpuset", "devices", "blkio", "freezer")
_COUNT = count()


def v1(*subsystems: str) -> V1:
    found = hierarchies(HIERARCHY).v1
    names = subsystems or ALL
    return V1({name: found[name] for name in names}, names)


def v2() -> V2:
    """Of a host whose v1 has all controllers: what v2 has without them."""
    mount = hierarchies(HIERARCHY).v2
    assert mount is not None
    return V2(mount, ("devices", "freezer"))


@contextmanager
def root(cgroups: Cgroups) -> Iterator[str]:
    """A path for groups, which are gone afterwards with all that runs in them."""
    path = f"pion-test-{os.getpid()}-{next(_COUNT)}"
    try:
        yield path
    finally:
        end(cgroups.group(path))


def end(group: Group) -> None:
    def is_gone() -> bool:
        group.kill()
        return group.remove()

    wait_until(is_gone, "the groups are gone")


@contextmanager
def running(group: Group, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a group; it is reaped, but killed only with its group."""
    files = group.join_files()
    told, tells = os.pipe()
    joins = "".join(f"echo 0 >&{file}; exec {file}>&-; " for file in files)
    process = subprocess.Popen(
        ["/bin/bash", "-c", f'{joins} exec {tells}>&-; exec "$@"', "sh", *arguments],
        pass_fds=(*files, tells),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    for file in (*files, tells):
        os.close(file)
    with process, os.fdopen(told, "rb") as joined:
        try:
            # Nothing comes; it ends when the program has joined all.
            joined.read()
            yield process
        finally:
            process.kill()


def python(code: str) -> Sequence[str]:
    return (sys.executable, "-I", "-S", "-c", code)


def memberships(process: int) -> dict[str, str]:
    """The group of a process in each hierarchy of v1."""
    lines = Path(f"/proc/{process}/cgroup").read_text(encoding="ascii").splitlines()
    return {kind: path for _, kind, path in (line.split(":", 2) for line in lines)}
