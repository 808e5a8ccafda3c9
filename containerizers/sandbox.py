"""The folder that a nested container works in, below that of the container around it.

The folder around it belongs to a user whose processes may do in it what they like, so no step follows a
symbolic link.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CONTAINERS = "containers"
_TASKS = "tasks"
_NOTHING: Mapping[str, str] = MappingProxyType({})

#: Numbers of a user and of their group.
_Owner: TypeAlias = tuple[int, int]


def make_nested(
    sandbox: str, name: str, label: str | None, user: str | None, shared: Mapping[str, str] = _NOTHING
) -> None:
    """Make `containers/<name>` in `sandbox`, and `tasks/<label>`, a symbolic link to it unless that is None.

    It belongs to `user`, or (None) to whom this process runs as. `shared` are paths in it that are to lead
    to paths in `sandbox`, which are made as folders if they are not there. What is there already stays.
    Raises OSError, and ValueError for what is no name or path.
    """
    for part in (name, name if label is None else label):
        _check(part, [part])
    links = [(_parts(path), _parts(target)) for path, target in shared.items()]
    owner = None if user is None else _owner(user)
    with _opened(sandbox, None) as around:
        with (
            _folder([_CONTAINERS], around, 0o755, owner) as above,
            _folder([name], above, 0o750, owner) as own,
        ):
            for path, target in links:
                with _folder(target[:-1], around, 0o755, owner) as holder:
                    _make(target[-1], holder, 0o755, owner)
                with _folder(path[:-1], own, 0o755, owner) as holder:
                    _link("/".join([".."] * (1 + len(path)) + target), path[-1], holder)
        if label is not None:
            with _folder([_TASKS], around, 0o755, owner) as tasks:
                _link(f"../{_CONTAINERS}/{name}", label, tasks)


def remove_nested(sandbox: str, name: str) -> None:
    """Remove `containers/<name>` in `sandbox`, if it is there, with all that is in it. Raises OSError."""
    _check(name, [name])
    with (
        contextlib.suppress(FileNotFoundError),
        _opened(sandbox, None) as around,
        _opened(_CONTAINERS, around) as above,
    ):
        shutil.rmtree(name, dir_fd=above)


def _parts(path: str) -> list[str]:
    parts = path.split("/")
    _check(path, parts)
    return parts


def _check(path: str, parts: Sequence[str]) -> None:
    for part in parts:
        if "/" in part or part in ("", ".", ".."):
            raise ValueError(f"{path!r}: must be a name, or names with / between them, and lead down")


def _owner(user: str) -> _Owner:
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise ValueError(f"user {user!r}: there is none of that name on this host") from None
    return entry.pw_uid, entry.pw_gid


@contextlib.contextmanager
def _folder(parts: Sequence[str], above: int, mode: int, owner: _Owner | None) -> Iterator[int]:
    """Make folders, each in the one before, as far as they are not there, and open the last."""
    folder = os.dup(above)
    try:
        for part in parts:
            _make(part, folder, mode, owner)
            inner = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)


def _make(name: str, above: int, mode: int, owner: _Owner | None) -> None:
    """Make a folder, unless something of that name is there."""
    try:
        os.mkdir(name, mode, dir_fd=above)
    except FileExistsError:
        return
    if owner is not None:
        with _opened(name, above) as made:
            os.fchown(made, *owner)


def _link(target: str, name: str, above: int) -> None:
    with contextlib.suppress(FileExistsError):
        os.symlink(target, name, dir_fd=above)


@contextlib.contextmanager
def _opened(name: str, above: int | None) -> Iterator[int]:
    folder = os.open(name, _FOLDER, dir_fd=above)
    try:
        yield folder
    finally:
        os.close(folder)
