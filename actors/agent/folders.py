"""What the garbage collector needs of a file system."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from actors.agent.trees import Tree


class Folders(Protocol):
    """Folders below the work directory that wait to be deleted. Every call may block on the disk."""

    def usage(self) -> float:
        """The part of the disk that is full, from 0 to 1."""
        ...

    def touched(self, path: str) -> float | None:
        """When the folder was touched or changed, in seconds since 1970; None when there is none."""
        ...

    def touch(self, path: str, wall: float) -> None:
        """Note that time in the folder, if there is one."""
        ...

    def remove(self, path: str, most: int) -> bool:
        """Delete the folder, or up to `most` of what is in it; True once it is not there any more."""
        ...


class LocalFolders:
    """`Folders` on the file system of this host."""

    def __init__(self, work_dir: Path) -> None:
        self._tree = Tree(work_dir)

    def close(self) -> None:
        """Let go of the work directory."""
        self._tree.close()

    def usage(self) -> float:
        """See `Folders.usage`."""
        told = os.statvfs(self._tree.root)
        # Many small sandboxes use up the inodes first, where a file system has only so many.
        return max(_used(told.f_blocks, told.f_bfree), _used(told.f_files, told.f_ffree))

    def touched(self, path: str) -> float | None:
        """See `Folders.touched`."""
        above, _, name = path.rpartition("/")
        try:
            with self._tree.folder(above) as folder:
                return os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime
        except FileNotFoundError:
            return None

    def touch(self, path: str, wall: float) -> None:
        """See `Folders.touch`."""
        above, _, name = path.rpartition("/")
        try:
            with self._tree.folder(above) as folder:
                os.utime(name, (wall, wall), dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return

    def remove(self, path: str, most: int) -> bool:
        """See `Folders.remove`."""
        return self._tree.remove(path, most)


def _used(total: int, free: int) -> float:
    return (total - free) / total if total else 0.0
