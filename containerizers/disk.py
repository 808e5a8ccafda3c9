"""How much of a disk a folder takes up, counted while whoever owns what is in it may do as they like.

Blocks are counted, once for each file however many names it has, and once for each folder. Symbolic links are
not followed, nothing is opened but folders, and other file systems are not entered; what is mounted from the
same one is left out by name (`mount_points`). What vanishes meanwhile, or may not be looked at, counts for
nothing; what is moved about may be missed, or counted twice, as it would be by du(1).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: The kernel counts blocks of this size, whatever those of the file system are.
_BLOCK_BYTES: Final = 512
#: Files with several names that are remembered, and folders that wait to be looked into; this bounds memory.
#: What is above counts for its share in a file's names, and for nothing that is in it.
_LINKED: Final = 200_000
_WAITING: Final = 250_000
#: So many folders up may be named at once.
_STEPS: Final = 1000

_MOUNTS: Final = Path("/proc/self/mountinfo")
_ESCAPE: Final = re.compile(rb"\\([0-7]{3})")


class _Level(NamedTuple):
    """A folder on the way from the one that is counted to where the count is."""

    name: str
    #: Which one it is: device and number.
    identity: tuple[int, int]
    #: Folders in it that wait.
    waiting: list[str]


class FolderCount:
    """One count of one folder, which goes on for as many entries at a time as is wanted.

    It has few descriptors, however deep the folders are. Raises OSError for a folder that cannot be
    opened. Whoever begins it closes it.
    """

    def __init__(self, folder: str, left_out: Collection[str] = ()) -> None:
        """`left_out` are absolute paths of files and folders that do not count."""
        self._path = folder
        self._left_out = frozenset(left_out)
        #: Their last parts: only where one of these is met, a path is put together.
        self._conspicuous = frozenset(path.rpartition("/")[2] for path in self._left_out)
        self.used_bytes = 0
        #: By device and number, how many names of a file were not met yet; of all, until they are too many.
        self._linked: dict[tuple[int, int], int] = {}
        self._remembers = True
        self._waiting = 0
        #: What is left to be read of the present folder; None when it was read.
        self._entries: os._ScandirIterator[str] | None = None
        #: Descriptors of the outermost folder, the present one, and, if it was entered last, that around it.
        self._root = self._present = self._above = -1
        self._root = os.open(folder, _FOLDER)
        self._present = os.dup(self._root)
        told = os.fstat(self._root)
        self._device = told.st_dev
        self.used_bytes += told.st_blocks * _BLOCK_BYTES
        self._levels = [_Level("", (told.st_dev, told.st_ino), [])]
        self._list()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what it has open."""
        if self._entries is not None:
            self._entries.close()
            self._entries = None
        for descriptor in (self._root, self._present, self._above):
            if descriptor != -1:
                os.close(descriptor)
        self._root = self._present = self._above = -1

    def go_on(self, most: int) -> int:
        """Count up to so many entries more; returns how many: less than `most` when that was all."""
        counted = 0
        while counted < most:
            if self._entries is not None:
                counted += self._read(most - counted)
            elif self._levels[-1].waiting:
                self._waiting -= 1
                counted += 1
                self._descend(self._levels[-1].waiting.pop())
            elif not self._ascend():
                break
        return counted

    def _list(self) -> None:
        with contextlib.suppress(OSError):
            self._entries = os.scandir(self._present)

    def _read(self, most: int) -> int:
        """Count entries of the present folder."""
        assert self._entries is not None
        read = 0
        try:
            for entry in islice(self._entries, most):
                read += 1
                with contextlib.suppress(OSError):
                    self._meet(entry)
        except OSError:  # the folder itself cannot be read on
            read = min(read, most - 1)
        if read < most:
            self._entries = None
        return read

    def _meet(self, entry: os.DirEntry[str]) -> None:
        name = entry.name
        if name in self._conspicuous and self._path_of(name) in self._left_out:
            return
        if not entry.is_dir(follow_symlinks=False):
            self._count(entry.stat(follow_symlinks=False))
        elif self._waiting < _WAITING:
            self._waiting += 1
            self._levels[-1].waiting.append(name)
        else:
            self.used_bytes += entry.stat(follow_symlinks=False).st_blocks * _BLOCK_BYTES

    def _count(self, told: os.stat_result) -> None:
        blocks = told.st_blocks
        if told.st_nlink > 1 and blocks:
            blocks = self._share(told)
        self.used_bytes += blocks * _BLOCK_BYTES

    def _share(self, told: os.stat_result) -> int:
        """How many blocks of a file count for this one of its names."""
        file = (told.st_dev, told.st_ino)
        others = self._linked.get(file)
        if others is not None:
            if others > 1:
                self._linked[file] = others - 1
            else:
                del self._linked[file]
            return 0
        self._remembers = self._remembers and len(self._linked) < _LINKED
        if not self._remembers:
            return told.st_blocks // told.st_nlink
        self._linked[file] = told.st_nlink - 1
        return told.st_blocks

    def _path_of(self, name: str) -> str:
        return "/".join((self._path, *(level.name for level in self._levels[1:]), name))

    def _descend(self, name: str) -> None:
        try:
            inner = os.open(name, _FOLDER, dir_fd=self._present)
        except PermissionError:
            with contextlib.suppress(OSError):
                told = os.stat(name, dir_fd=self._present, follow_symlinks=False)
                self.used_bytes += told.st_blocks * _BLOCK_BYTES
            return
        except OSError:
            return
        told = os.fstat(inner)
        if told.st_dev != self._device:
            os.close(inner)
            return
        self.used_bytes += told.st_blocks * _BLOCK_BYTES
        self._levels.append(_Level(name, (told.st_dev, told.st_ino), []))
        self._leave_above()
        self._above, self._present = self._present, inner
        self._list()

    def _leave_above(self) -> None:
        if self._above != -1:
            os.close(self._above)
            self._above = -1

    def _enter(self, folder: int) -> None:
        self._leave_above()
        self._present, left = folder, self._present
        os.close(left)

    def _ascend(self) -> bool:
        """Go on in the nearest folder above in which others wait; False when there is none."""
        steps = 0
        while len(self._levels) > 1 and not self._levels[-1].waiting:
            self._levels.pop()
            steps += 1
        if steps == 1 and self._above != -1:
            self._enter_above()
        else:
            self._climb(steps)
        return bool(self._levels[-1].waiting) or len(self._levels) > 1

    def _enter_above(self) -> None:
        above, self._above = self._above, -1
        self._enter(above)

    def _climb(self, steps: int) -> None:
        with contextlib.suppress(OSError):
            for start in range(0, steps, _STEPS):
                up = "/".join([".."] * min(steps - start, _STEPS))
                self._enter(os.open(up, _FOLDER, dir_fd=self._present))
        if self._identity() != self._levels[-1].identity:
            self._return()

    def _identity(self) -> tuple[int, int]:
        told = os.fstat(self._present)
        return told.st_dev, told.st_ino

    def _return(self) -> None:
        """The present folder was moved: find the way again from above, as far as it still is what it was."""
        self._enter(os.dup(self._root))
        for depth, level in enumerate(self._levels[1:], 1):
            try:
                self._enter(os.open(level.name, _FOLDER, dir_fd=self._present))
            except OSError:
                found = False
            else:
                found = self._identity() == level.identity
            if not found:
                self._forget(depth)
                return

    def _forget(self, depth: int) -> None:
        """Drop the folders that are not where they were, and go back to the last that is."""
        lost = self._levels[depth:]
        del self._levels[depth:]
        self._waiting -= sum(len(level.waiting) for level in lost)
        if self._identity() != self._levels[-1].identity:
            self._return()


def count(folder: str, left_out: Collection[str] = ()) -> int:
    """How many bytes a folder takes up, all at once; raises OSError for one that cannot be opened."""
    with FolderCount(folder, left_out) as counting:
        while counting.go_on(10_000) == 10_000:
            pass
        return counting.used_bytes


def mount_points() -> tuple[str, ...]:
    """Where something is mounted, as this process sees it."""
    found = []
    for line in _MOUNTS.read_bytes().splitlines():
        path = _ESCAPE.sub(lambda match: bytes((int(match[1], 8),)), line.split(b" ", 5)[4])
        found.append(os.fsdecode(path))
    return tuple(found)
