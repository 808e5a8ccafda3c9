"""A tree of control groups v2 in a folder, which obeys the kernel's rules as far as tests need them."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from containerizers.cgroups.tree import CgroupError, Tree

CORE = {
    "cgroup.procs": "",
    "cgroup.subtree_control": "",
    "cgroup.controllers": "",
    "cgroup.freeze": "0\n",
    "cgroup.kill": "",
    "cpu.stat": "usage_usec 0\nuser_usec 0\nsystem_usec 0\n",
}
OF_CONTROLLERS = {
    "cpu": {"cpu.weight": "100\n", "cpu.max": "max 100000\n"},
    "memory": {
        "memory.current": "0\n",
        "memory.peak": "0\n",
        "memory.low": "0\n",
        "memory.max": "max\n",
        "memory.oom.group": "0\n",
        "memory.stat": "anon 0\nfile 0\n",
        "memory.events": "oom 0\noom_kill 0\n",
        "memory.events.local": "oom 0\noom_kill 0\n",
        "memory.swap.max": "max\n",
        "memory.swap.current": "0\n",
    },
    "pids": {"pids.current": "0\n", "pids.max": "max\n"},
    "io": {"io.stat": ""},
    "cpuset": {"cpuset.cpus": "\n", "cpuset.mems": "\n"},
}
CONTROLLERS = tuple(OF_CONTROLLERS)


class Unified(Tree):
    """`Tree` whose root is a folder. `without` are files that an older kernel has not got."""

    def __init__(self, root: Path, *without: str) -> None:
        self.root = root
        self._without = without
        root.mkdir()
        self._fill(root, CORE)
        (root / "cgroup.controllers").write_text(" ".join(CONTROLLERS), encoding="ascii")

    def make(self, group: str) -> None:
        folder = Path(group)
        if folder == self.root or folder.exists():
            return
        self.make(str(folder.parent))
        folder.mkdir()
        self._fill(folder, CORE)
        for controller in self._controllers(folder.parent):
            self._fill(folder, OF_CONTROLLERS[controller])

    def remove(self, group: str) -> bool:
        folder = Path(group)
        if not folder.exists():
            return True
        if self.below(group) or self.procs(folder):
            return False
        shutil.rmtree(folder)
        return True

    def write(self, path: str, text: str) -> None:
        file = Path(path)
        if file.name == "cgroup.subtree_control":
            self._switch(file.parent, text)
        elif file.name == "cgroup.kill":
            for procs in file.parent.rglob("cgroup.procs"):
                procs.write_text("", encoding="ascii")
        elif file.exists():
            file.write_text(text + "\n", encoding="ascii")
        else:
            super().write(path, text)

    def procs(self, folder: Path) -> list[str]:
        return (folder / "cgroup.procs").read_text(encoding="ascii").split()

    def _switch(self, folder: Path, text: str) -> None:
        if folder != self.root and self.procs(folder):
            # No group may hold processes and hand on controllers.
            raise CgroupError(f"{folder}: {os.strerror(errno.EBUSY)}", errno.EBUSY)
        has = CONTROLLERS if folder == self.root else self._controllers(folder.parent)
        for one in text.split():
            controller = one.removeprefix("+")
            if controller not in has:
                raise CgroupError(f"{folder}: {controller}: {os.strerror(errno.ENOENT)}", errno.ENOENT)
            on = folder / "cgroup.subtree_control"
            on.write_text(" ".join([*self._controllers(folder), controller]), encoding="ascii")
            for name in self.below(str(folder)):
                self._fill(folder / name, OF_CONTROLLERS[controller])

    def _controllers(self, folder: Path) -> list[str]:
        return (folder / "cgroup.subtree_control").read_text(encoding="ascii").split()

    def _fill(self, folder: Path, files: dict[str, str]) -> None:
        for name, content in files.items():
            if name not in self._without and not (folder / name).exists():
                (folder / name).write_text(content, encoding="ascii")
