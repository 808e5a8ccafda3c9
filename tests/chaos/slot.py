"""A place for one rig on this machine: what dead runs left in it is removed before it is used again."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

_LOCKS = Path("/run/lock")
NAMESPACES = Path("/run/netns")
_NAME = re.compile(r"pion-rig-(\d+)-")
_SLOTS = 64
_KILL_SECONDS = 20.0


class Slot:
    """Held for as long as its lock is, which the operating system gives back when the holder dies.

    Everything of a rig that outlives a process is named after its slot: network namespaces, and the folder
    with the file systems mounted below it.
    """

    def __init__(self) -> None:
        if os.geteuid() != 0:
            raise PermissionError("the rig needs root: it makes network namespaces and mounts file systems")
        self.number, self._lock = _first_free()
        self.prefix = f"pion-rig-{self.number}-"
        self.folder = Path(tempfile.mkdtemp(prefix=self.prefix))
        self.folder.chmod(0o755)

    def close(self, *, keep_folder: bool = False) -> None:
        """End all that runs in it, and leave nothing but (on demand) the folder with the logs."""
        sweep(self.number, keep=self.folder if keep_folder else None)
        self._lock.close()


def _first_free() -> tuple[int, IO[str]]:
    """Take a slot; whatever dead runs left, here or in other slots, goes."""
    left = {int(found[1]) for name in _namespaces() if (found := _NAME.match(name))}
    mine: tuple[int, IO[str]] | None = None
    for number in sorted(left | set(range(_SLOTS))):
        if mine is not None and number not in left:
            continue
        # Held until the slot is given back.
        lock = (_LOCKS / f"pion-rig-{number}").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        sweep(number)
        if mine is None:
            mine = (number, lock)
        else:
            lock.close()
    assert mine is not None, "every slot is taken"
    return mine


def sweep(number: int, *, keep: Path | None = None) -> None:
    """Remove everything that is named after a slot; a folder that is to be kept gets another name."""
    prefix = f"pion-rig-{number}-"
    namespaces = [name for name in _namespaces() if name.startswith(prefix)]
    kill_all_in(namespaces)
    if Path(f"/sys/class/net/{uplink(number)}").exists():
        # It would go with the other end of its cable, though only some time later.
        subprocess.run(["ip", "link", "delete", uplink(number)], check=True)
    for name in namespaces:
        subprocess.run(["ip", "netns", "delete", name], check=True)
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in mounts:
        if f"/{prefix}" in mount:
            subprocess.run(["umount", "--lazy", mount], check=True)
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        if folder == keep:
            kept = folder.rename(folder.with_name(f"kept-{folder.name}"))
            sys.stderr.write(f"logs and histories are in {kept}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def uplink(number: int) -> str:
    """The network interface of this machine that leads to a slot's hosts."""
    return f"pion-rig-{number}"


def kill_all_in(namespaces: Iterable[str]) -> None:
    """Kill every process of these network namespaces, and wait until none is left."""
    inodes = {(NAMESPACES / name).stat().st_ino for name in namespaces}
    deadline = time.monotonic() + _KILL_SECONDS
    while found := _inhabitants(inodes):
        assert time.monotonic() < deadline, f"processes that cannot be killed: {found}"
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)


def processes_in(namespace: str) -> list[int]:
    """The numbers of all processes of a network namespace."""
    return _inhabitants({(NAMESPACES / namespace).stat().st_ino})


def _inhabitants(inodes: set[int]) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        # A process may end at any moment; one that is a zombie has no namespaces.
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "ns" / "net").stat().st_ino in inodes:
                found.append(int(entry.name))
    return sorted(found)


def _namespaces() -> list[str]:
    with contextlib.suppress(FileNotFoundError):
        return sorted(entry.name for entry in NAMESPACES.iterdir())
    return []
