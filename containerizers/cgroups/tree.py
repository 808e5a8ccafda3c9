"""Folders and files of control groups, and what may be wrong with them."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

_CHUNK_BYTES = 1 << 16
#: A piece of a list that is no longer than this is the last one.
_SHORT_BYTES = 2048
_GONE = (errno.ENOENT, errno.ENODEV)


class CgroupError(OSError):
    """A control group that cannot be made, changed or read; the text names it and says why."""

    def __init__(self, text: str, number: int = 0) -> None:
        super().__init__(number, text)

    def __str__(self) -> str:
        return self.strerror or ""


class MissingError(CgroupError):
    """A hierarchy, or a group, that is not there."""


class Tree:
    """A hierarchy of groups, as the kernel shows it below a folder. Paths are absolute."""

    def make(self, group: str) -> None:
        """Make a group, and those that it lies in; nothing happens where it is. Raises CgroupError."""
        try:
            Path(group).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise of(group, error, "made") from None

    def remove(self, group: str) -> bool:
        """Remove a group; False when processes or other groups are in it."""
        try:
            os.rmdir(group)  # noqa: PTH106  one of many strings
        except OSError as error:
            if error.errno in (errno.EBUSY, errno.ENOTEMPTY):
                return False
            if error.errno not in _GONE:
                raise of(group, error, "removed") from None
        return True

    def read(self, path: str) -> bytes:
        """What stands in a file; raises MissingError when it, or its group, is not there."""
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise of(path, error, "read") from None
        try:
            data = more = os.read(file, _CHUNK_BYTES)
            # Of long lists the kernel gives about a page at once.
            while len(more) > _SHORT_BYTES:
                more = os.read(file, _CHUNK_BYTES)
                data += more
        except OSError as error:
            raise of(path, error, "read") from None
        else:
            return data
        finally:
            os.close(file)

    def read_if(self, path: str) -> bytes:
        """What stands in a file; nothing when it, or its group, is not there."""
        try:
            return self.read(path)
        except MissingError:
            return b""

    def write(self, path: str, text: str) -> None:
        """Write to a file; raises CgroupError, and MissingError when it is not there."""
        try:
            file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        except OSError as error:
            raise of(path, error, f"set to {text!r}") from None
        try:
            os.write(file, text.encode("ascii"))
        except OSError as error:
            raise of(path, error, f"set to {text!r}") from None
        finally:
            os.close(file)

    def has(self, path: str) -> bool:
        """Whether a group or a file is there."""
        return os.path.exists(path)  # noqa: PTH110  one of many strings

    def below(self, group: str) -> tuple[str, ...]:
        """The names of the groups in a group, sorted; none when it is not there."""
        names: list[str] = []
        with contextlib.suppress(OSError), os.scandir(group) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        return tuple(sorted(names))


def of(path: str, error: OSError, what: str) -> CgroupError:
    """The error of a file or group that could not be `what`."""
    kind = MissingError if error.errno in _GONE else CgroupError
    return kind(f"control group {path}: cannot be {what}: {error.strerror or error}", error.errno or 0)
