"""Folders below one root, reached and deleted without following a single symbolic link."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPE = re.compile(rb"\\([0-7]{3})")
#: Folders nested deeper than this are moved up before they are emptied: each level costs a descriptor.
_DEEP = 32


class Tree:
    """A folder and what is below it; paths are relative to it, with `/` between folders."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root.resolve()
        self._root = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of the root."""
        os.close(self._root)

    @contextlib.contextmanager
    def folder(self, path: str, *, make: bool = False) -> Iterator[int]:
        """A descriptor of a folder; `make` creates what is missing on the way."""
        folder = os.dup(self._root)
        try:
            for part in path.split("/") if path else ():
                if make:
                    make_folder(part, folder, 0o755)
                inner = os.open(part, _FOLDER, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)

    def remove(self, path: str, most: int = sys.maxsize) -> bool:
        """Delete a folder, or up to `most` of what is in it; True once it is not there any more."""
        try:
            with self.folder(path.rpartition("/")[0]) as folder:
                return remove_folder(self.root / path, folder, most)
        except FileNotFoundError:
            return True


def make_folder(name: str, above: int, mode: int) -> None:
    """Make a folder in the folder `above` unless it is there."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, mode, dir_fd=above)


@contextlib.contextmanager
def opened(name: str, above: int | None) -> Iterator[int]:
    """A descriptor of the folder `name` in the folder `above`."""
    folder = os.open(name, _FOLDER, dir_fd=above)
    try:
        yield folder
    finally:
        os.close(folder)


def remove_folder(path: Path, above: int, most: int = sys.maxsize, *, keep: bool = False) -> bool:
    """Delete the folder `path`, whose parent is the folder `above`; see `Tree.remove`.

    With `keep` only what is in it. Raises OSError rather than enter what is mounted there.
    """
    mounted = mounts_below(path)
    if mounted:
        raise OSError(errno.EBUSY, "something is mounted below", mounted[0])
    with opened(path.name, above) as top:
        if not _Removal(top, most).empty(top, 0):
            return False
    if not keep:
        os.rmdir(path.name, dir_fd=above)
    return True


def mounts_below(path: Path) -> list[str]:
    """Mount points below a folder, which itself may be one."""
    inside = os.fsencode(path).rstrip(b"/") + b"/"
    found = []
    for line in _MOUNTS.read_bytes().splitlines():
        point = _ESCAPE.sub(lambda escape: bytes((int(escape[1], 8),)), line.split(b" ")[4])
        if point.startswith(inside):
            found.append(os.fsdecode(point))
    return found


class _Removal:
    """Empties one folder, entry by entry, until it has removed as many as it may."""

    def __init__(self, top: int, most: int) -> None:
        self._top = top
        self._left = most

    def empty(self, folder: int, depth: int) -> bool:
        # Again, because a folder that changes while it is read may not show everything.
        while entries := self._entries(folder):
            for name, is_folder, inode in entries:
                if self._left <= 0:
                    return False
                self._left -= 1
                if not is_folder:
                    os.unlink(name, dir_fd=folder)
                elif depth >= _DEEP:
                    os.rename(name, f".deep-{inode}", src_dir_fd=folder, dst_dir_fd=self._top)
                elif self._empty_inner(name, folder, depth):
                    os.rmdir(name, dir_fd=folder)
                else:
                    return False
        return True

    def _empty_inner(self, name: str, folder: int, depth: int) -> bool:
        with opened(name, folder) as inner:
            return self.empty(inner, depth + 1)

    def _entries(self, folder: int) -> list[tuple[str, bool, int]]:
        """So many names in a folder as may still be removed, and whether each is a folder."""
        found = []
        with os.scandir(folder) as entries:
            for entry in entries:
                found.append((entry.name, entry.is_dir(follow_symlinks=False), entry.inode()))
                if len(found) > self._left:
                    break
        return found
