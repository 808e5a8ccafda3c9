"""Mounts as open files: taken from somewhere or made, changed, and attached; and folders opened safely.

It imports only what is quick to import. All raise OSError. The numbers of these calls are the same on all
machines.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import struct
from collections.abc import Iterable
from typing import TypeAlias

from containerizers.linux.syscalls import AT_EMPTY_PATH, AT_FDCWD, AT_RECURSIVE, call, named

#: User and group that what is made belongs to; None: those of this process.
Owner: TypeAlias = "tuple[int, int] | None"

READ_ONLY, NO_SETUID, NO_DEVICES, NO_EXEC = 1, 2, 4, 8
PRIVATE, SLAVE = 1 << 18, 1 << 19

_OPEN_TREE, _MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT = 428, 429, 430, 431, 432
_OPENAT2, _MOUNT_SETATTR = 437, 442
_CLONE = 1
_FROM_FILE, _TO_FILE = 0x04, 0x40
_FLAG, _STRING, _CREATE = 0, 1, 6
_NO_MAGIC, _NO_LINKS, _BENEATH = 0x02, 0x04, 0x08
_MISSING = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ANYTHING = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


def opened(path: str, folder: int = AT_FDCWD) -> int:
    """Open something by its path; links are followed, but for those of /proc that lead anywhere."""
    return _opened(folder, path, _NO_MAGIC)


def opened_straight(path: str) -> int:
    """Open something by its path, on which there must be no links."""
    return _opened(AT_FDCWD, path, _NO_LINKS)


def opened_in(folder: str, path: str) -> int:
    """Open something in a folder that no link may lead out of."""
    above = opened(folder)
    try:
        return _opened(above, path, _NO_MAGIC | _BENEATH)
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise OSError(errno.EXDEV, f"leads out of {folder!r}") from None
        raise
    finally:
        os.close(above)


def made_beneath(folder: str, path: str, kind: str, owner: Owner) -> int:
    """Open a folder or a file in a folder; what is missing on the way is made, and no link is followed."""
    place = opened(folder)
    parts = [part for part in path.split("/") if part not in ("", ".")]
    assert ".." not in parts, path
    for number, part in enumerate(parts, 1):
        place = _stepped(place, part, kind if number == len(parts) else "folder", owner)
    return place


def kind_of(file: int) -> str:
    """What something is that was opened: a folder, or anything else, which is mounted as a file is."""
    return "folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "file"


def cloned(source: int, flags: int = 0) -> int:
    """The mounts that are seen at an open place, and below it, once more; attached nowhere."""
    tree = call(_OPEN_TREE, source, b"", _CLONE | os.O_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE)
    if flags:
        change(tree, flags)
    return tree


def made(kind: str, flags: int, options: Iterable[tuple[str, str]] = ()) -> int:
    """A new file system, attached nowhere."""
    context = call(_FSOPEN, kind.encode(), 1)
    try:
        for name, value in (("source", kind), *options):
            call(_FSCONFIG, context, _STRING if value else _FLAG, name.encode(), value.encode() or None, 0)
        call(_FSCONFIG, context, _CREATE, None, None, 0)
        return call(_FSMOUNT, context, 1, flags)
    finally:
        os.close(context)


def change(place: int | str, flags: int = 0, propagation: int = 0, recursive: bool = True) -> None:
    """Set what holds for a mount, and for those below it; `place` is a tree, or a path that is mounted on."""
    folder, path, how = (
        (AT_FDCWD, os.fsencode(place), 0) if isinstance(place, str) else (place, b"", AT_EMPTY_PATH)
    )
    wanted = struct.pack("=QQQQ", flags, 0, propagation, 0)
    call(_MOUNT_SETATTR, folder, path, how | (AT_RECURSIVE if recursive else 0), wanted, len(wanted))


def attach(tree: int, place: int) -> None:
    """Attach a tree over an open place."""
    call(_MOVE_MOUNT, tree, b"", place, b"", _FROM_FILE | _TO_FILE)


def _opened(folder: int, path: str, resolve: int) -> int:
    how = struct.pack("=QQQ", os.O_PATH | os.O_CLOEXEC, 0, resolve)
    return call(_OPENAT2, folder, os.fsencode(path), how, len(how))


def _stepped(above: int, name: str, kind: str, owner: Owner) -> int:
    """Open one part of a path, which is made if it is missing; `above` is closed."""
    try:
        is_new = _make(above, name, kind)
        place = os.open(name, _ANYTHING, dir_fd=above)
    finally:
        os.close(above)
    with contextlib.ExitStack() as failed:
        failed.callback(os.close, place)
        found = os.fstat(place)
        if stat.S_ISLNK(found.st_mode) or stat.S_ISDIR(found.st_mode) != (kind == "folder"):
            what = "is a symbolic link" if stat.S_ISLNK(found.st_mode) else f"is no {kind}"
            raise OSError(errno.EEXIST, f"{name!r} {what}")
        if is_new and owner is not None:
            # Who may write here may have put something else in its place, by another name of it.
            if kind == "file" and found.st_nlink != 1:
                raise OSError(errno.EEXIST, f"{name!r} was made by somebody else")
            named("fchownat", place, b"", *owner, AT_EMPTY_PATH)
        failed.pop_all()
    return place


def _make(above: int, name: str, kind: str) -> bool:
    """Make one part of a path; False when it is there."""
    try:
        if kind == "folder":
            os.mkdir(name, 0o755, dir_fd=above)
        else:
            os.close(os.open(name, _MISSING, 0o644, dir_fd=above))
    except FileExistsError:
        return False
    return True
