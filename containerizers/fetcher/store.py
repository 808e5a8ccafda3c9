"""The folder of a cache: files that only this process' user may reach, handed to others as open descriptors.

Several agents of one host may share the place, so each makes a folder of its own there, which it locks for as
long as it lives. What is not locked was left by one that is no more, and is cleared away.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_PREFIX = "pool-"
#: Another one may clear a folder away before it is locked.
_TRIES = 10


class Store:
    """Files in a new folder of its own below `place`; every method raises OSError."""

    def __init__(self, place: str) -> None:
        with _place(place) as around:
            _clear(around)
            for _ in range(_TRIES):
                self._name = _PREFIX + os.urandom(8).hex()
                os.mkdir(self._name, 0o700, dir_fd=around)
                self._folder = os.open(self._name, _FOLDER, dir_fd=around)
                if _lock(self._folder) and os.fstat(self._folder).st_nlink:
                    break
                os.close(self._folder)
            else:
                raise OSError(f"no folder below {place!r} can be locked")
            self._around = os.dup(around)

    def create(self, name: str) -> int:
        """Open a new file for writing."""
        return os.open(name, _NEW, 0o600, dir_fd=self._folder)

    def seal(self, name: str, size: int) -> None:
        """Have a file be read only from now on, if it is of that size."""
        file = self.open(name, size)
        os.fchmod(file, 0o444)
        os.close(file)

    def open(self, name: str, size: int) -> int:
        """Open a file for reading, if it is still of that size."""
        file = os.open(name, _OLD, dir_fd=self._folder)
        if os.fstat(file).st_size != size:
            os.close(file)
            raise OSError(f"cache file {name}: has changed")
        return file

    def remove(self, name: str) -> None:
        """Remove a file, if it is there; who has opened it may read on."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._folder)

    def close(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self._name, ignore_errors=True, dir_fd=self._around)
        os.close(self._folder)
        os.close(self._around)


def clear(place: str) -> None:
    """Clear away what those left who are no more, if there is such a place at all. Raises OSError."""
    if Path(place).exists():
        with _place(place) as around:
            _clear(around)


@contextlib.contextmanager
def _place(place: str) -> Iterator[int]:
    """The folder around those of the pools, which nobody else may change: it may well lie in /tmp."""
    Path(place).mkdir(0o755, parents=True, exist_ok=True)
    folder = os.open(place, _FOLDER)
    try:
        seen = os.fstat(folder)
        if seen.st_uid != os.geteuid() or stat.S_IMODE(seen.st_mode) & 0o022:
            raise PermissionError(f"folder {place!r}: belongs to another user, or others may write to it")
        yield folder
    finally:
        os.close(folder)


def _clear(around: int) -> None:
    for name in os.listdir(around):
        if not name.startswith(_PREFIX):
            continue
        try:
            folder = os.open(name, _FOLDER, dir_fd=around)
        except OSError:
            continue
        if _lock(folder):
            shutil.rmtree(name, ignore_errors=True, dir_fd=around)
        os.close(folder)


def _lock(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
