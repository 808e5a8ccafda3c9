"""The folder that a nested container works in, below that of the container around it.

The folder around it belongs to a user whose processes may do in it what they like, so no step follows a
symbolic link.
"""

from __future__ import annotations

import contextlib
import os
import pwd
from collections.abc import Iterator

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CONTAINERS = "containers"
_TASKS = "tasks"


def make_nested(sandbox: str, name: str, label: str, user: str | None) -> None:
    """Make `containers/<name>` in `sandbox`, and `tasks/<label>`, a symbolic link to it.

    It belongs to `user`, or (None) to whom this process runs as. What is there already stays. Raises
    OSError, and ValueError for a name that cannot be one.
    """
    for part in (name, label):
        if "/" in part or part in ("", ".", ".."):
            raise ValueError(f"{part!r}: must be the name of a file")
    owner = None if user is None else _owner(user)
    with _opened(sandbox, None) as around:
        with _folder(_CONTAINERS, around, 0o755, owner) as above, _folder(name, above, 0o750, owner):
            pass
        with _folder(_TASKS, around, 0o755, owner) as tasks, contextlib.suppress(FileExistsError):
            os.symlink(f"../{_CONTAINERS}/{name}", label, dir_fd=tasks)


def _owner(user: str) -> tuple[int, int]:
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise ValueError(f"user {user!r}: there is none of that name on this host") from None
    return entry.pw_uid, entry.pw_gid


@contextlib.contextmanager
def _folder(name: str, above: int, mode: int, owner: tuple[int, int] | None) -> Iterator[int]:
    """Make a folder unless it is there, and open it."""
    try:
        os.mkdir(name, mode, dir_fd=above)
    except FileExistsError:
        owner = None
    with _opened(name, above) as folder:
        if owner is not None:
            os.fchown(folder, *owner)
        yield folder


@contextlib.contextmanager
def _opened(name: str, above: int | None) -> Iterator[int]:
    folder = os.open(name, _FOLDER, dir_fd=above)
    try:
        yield folder
    finally:
        os.close(folder)
