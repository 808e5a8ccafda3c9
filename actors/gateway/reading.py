"""What is in the files and folders that a daemon shows. All of it may block on the disk."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

import msgspec

from actors.gateway.attached import Attached, BadPathError, Held, held
from transport.records.daemon import FileInfo
from transport.records.time_info import TimeInfo

#: The most that is read of a file at a time: 16 pages, as Mesos does (mesos-protocol.md §5.2b).
MOST_BYTES: Final = 64 * 1024
#: The most that a folder may hold and be listed: a task can make one that would fill the daemon's memory.
_MOST_ENTRIES: Final = 50_000


class Portion(msgspec.Struct, frozen=True):
    """Some bytes of a file."""

    #: Of the whole file.
    size_bytes: int
    data: bytes


class OpenFile(msgspec.Struct, frozen=True):
    """A file that is open; whoever takes it closes the descriptor."""

    name: str
    descriptor: int
    size_bytes: int


def list_folder(attached: Sequence[Attached], path: str) -> tuple[FileInfo, ...]:
    """What is in a folder, by name; nothing is in a file. Raises FileError or OSError.

    Of a symbolic link that leads out of what is attached, the link itself is told.
    """
    with held(attached, path) as folder:
        if not folder.is_folder:
            return ()
        with folder.opened() as descriptor, os.scandir(descriptor) as entries:
            found: list[FileInfo] = []
            for entry in entries:
                if len(found) == _MOST_ENTRIES:
                    raise BadPathError(f"path: the folder holds more than {_MOST_ENTRIES} entries")
                told = _told(folder, entry)
                if told is not None:
                    found.append(told)
        return tuple(sorted(found, key=lambda one: one.path))


def read_file(attached: Sequence[Attached], path: str, offset: int | None, length: int | None) -> Portion:
    """Bytes of a file from an offset on, or just its size; raises FileError or OSError.

    At most MOST_BYTES, whatever the length; none behind the end, which a file that grows has only just now.
    """
    with held(attached, path) as file:
        if file.is_folder:
            raise BadPathError("path: is a folder")
        with file.opened() as descriptor:
            size = os.fstat(descriptor).st_size
            if offset is None or offset >= size:
                return Portion(size, b"")
            wanted = min(MOST_BYTES, size - offset, MOST_BYTES if length is None else length)
            return Portion(size, os.pread(descriptor, wanted, offset))


def open_file(attached: Sequence[Attached], path: str) -> OpenFile:
    """Open a file to read all of it; raises FileError or OSError."""
    with held(attached, path) as file:
        if file.is_folder:
            raise BadPathError("path: is a folder")
        descriptor = file.reopened()
        return OpenFile(file.virtual.rpartition("/")[2], descriptor, os.fstat(descriptor).st_size)


def _told(folder: Held, entry: os.DirEntry[str]) -> FileInfo | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None  # it was removed meanwhile
    if stat.S_ISLNK(status.st_mode):
        status = folder.target_of(entry.name) or status
    name = os.fsencode(entry.name).decode("utf-8", "replace")
    return FileInfo(
        path=f"{folder.virtual.rstrip('/')}/{name}",
        nlink=min(status.st_nlink, 2**31 - 1),
        size=status.st_size,
        mtime=TimeInfo(nanoseconds=status.st_mtime_ns),
        mode=status.st_mode,
        uid=_name(_user, status.st_uid),
        gid=_name(_group, status.st_gid),
    )


def _name(look_up: Callable[[int], str], number: int) -> str:
    try:
        return look_up(number)
    except KeyError:
        return str(number)


@cache
def _user(number: int) -> str:
    return pwd.getpwuid(number).pw_name


@cache
def _group(number: int) -> str:
    return grp.getgrgid(number).gr_name
