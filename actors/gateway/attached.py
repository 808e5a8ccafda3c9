"""Which files and folders of its host a daemon shows, and under which paths (mesos-protocol.md §5.2b).

What is shown is *attached*: a root, known by a virtual path, and all that is below it. A path is followed
the way the operating system does, symbolic links and all; then the file that was reached is held, and it is
looked at where it is. So it does not matter what a task does to its sandbox meanwhile: what lies outside of
the root is never read. Only regular files and folders are opened, so that nobody waits at a pipe.

All of this may block on the disk.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

_MOST_PATH_BYTES: Final = 4_096
_HOLD: Final = os.O_PATH | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MISSING: Final = (errno.ENOENT, errno.ENOTDIR)
_WRONG: Final = (errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL, errno.ENXIO, errno.ENODEV)


class FileError(Exception):
    """A path that leads to nothing that is shown; the text names the rule."""


class BadPathError(FileError):
    """It cannot be followed, or must not be."""


class NoSuchPathError(FileError):
    """Nothing is attached there, or there is no such file."""


class ForbiddenPathError(FileError):
    """The daemon itself may not read it."""


class Place(msgspec.Struct, frozen=True):
    """Where a virtual path leads: so far below a root."""

    root: Path
    inner: tuple[str, ...] = ()


class Attached(Protocol):
    """Some roots."""

    def place(self, parts: Sequence[str]) -> Place | None:
        """Where a virtual path of these parts leads; None when it does not begin with that of a root."""
        ...

    def roots(self) -> Iterator[tuple[str, Path]]:
        """The virtual path of each root, and the root."""
        ...


class AttachedPath:
    """One root."""

    def __init__(self, virtual: str, root: Path) -> None:
        self._virtual = virtual
        self._parts = tuple(virtual.strip("/").split("/"))
        self._root = root

    def place(self, parts: Sequence[str]) -> Place | None:
        """See `Attached.place`."""
        length = len(self._parts)
        return Place(self._root, tuple(parts[length:])) if tuple(parts[:length]) == self._parts else None

    def roots(self) -> Iterator[tuple[str, Path]]:
        """See `Attached.roots`."""
        yield self._virtual, self._root


def attached_log(virtual: str, file: Path | None) -> Iterator[AttachedPath]:
    """The log of a daemon, if it is in a file."""
    if file is not None:
        yield AttachedPath(virtual, file.absolute())


def parts_of(path: str) -> tuple[str, ...]:
    """The parts of a virtual path; raises BadPathError for one that must not be followed."""
    if "\0" in path:
        raise BadPathError("path: must not hold NUL")
    try:
        size_bytes = len(path.encode())
    except UnicodeEncodeError:
        raise BadPathError("path: must be UTF-8") from None
    if size_bytes > _MOST_PATH_BYTES:
        raise BadPathError(f"path: must have at most {_MOST_PATH_BYTES} bytes")
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if ".." in parts:
        raise BadPathError("path: must not hold '..'")
    return parts


@contextlib.contextmanager
def held(attached: Sequence[Attached], path: str) -> Iterator[Held]:
    """Hold what a virtual path leads to; raises FileError, or OSError when the disk fails."""
    parts = parts_of(path)
    place = next((found for one in attached if (found := one.place(parts)) is not None), None)
    if place is None:
        raise NoSuchPathError("path: nothing is attached there")
    with _explained():
        root = os.path.realpath(place.root)
        descriptor = os.open(Path(root, *place.inner), _HOLD)
    try:
        if not _is_within(root, descriptor):
            raise BadPathError("path: leads out of what is attached")
        yield Held("/" + "/".join(parts), root, descriptor)
    finally:
        os.close(descriptor)


class Held:
    """A file or folder that stays the same one, whatever becomes of its name."""

    def __init__(self, virtual: str, root: str, descriptor: int) -> None:
        #: The path by which it was asked for.
        self.virtual = virtual
        self._root = root
        self._descriptor = descriptor
        self.status = os.fstat(descriptor)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return stat.S_ISDIR(self.status.st_mode)

    @contextlib.contextmanager
    def opened(self) -> Iterator[int]:
        """A descriptor to read it with; raises FileError, as for what is no file and no folder."""
        descriptor = self.reopened()
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def reopened(self) -> int:
        """The same, for the caller to close."""
        if not (self.is_folder or stat.S_ISREG(self.status.st_mode)):
            raise BadPathError("path: is neither a file nor a folder")
        with _explained():
            return os.open(f"/proc/self/fd/{self._descriptor}", _READ)

    def target_of(self, name: str) -> os.stat_result | None:
        """What a symbolic link in this folder leads to; None unless that is shown, too."""
        try:
            target = os.open(name, _HOLD, dir_fd=self._descriptor)
        except OSError:
            return None
        try:
            return os.fstat(target) if _is_within(self._root, target) else None
        finally:
            os.close(target)


def _is_within(root: str, descriptor: int) -> bool:
    path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
    return path == root or path.startswith(root.rstrip("/") + "/")


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Say what is wrong with the path, where it is the path and not the disk."""
    try:
        yield
    except PermissionError:
        raise ForbiddenPathError("path: the daemon may not read it") from None
    except OSError as error:
        if error.errno in _MISSING:
            raise NoSuchPathError("path: no such file or folder") from None
        if error.errno in _WRONG:
            raise BadPathError(f"path: {os.strerror(error.errno)}") from None
        raise
