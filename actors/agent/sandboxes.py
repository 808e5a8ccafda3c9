"""The folders that containers work in, and the persistent volumes they see there."""

from __future__ import annotations

import contextlib
import os
import pwd
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from actors.agent import paths
from actors.agent.trees import Tree, make_folder, opened, remove_folder
from transport.records.resource import Resource

_SANDBOX_MODE = 0o750


class SandboxError(Exception):
    """A sandbox or volume that could not be made or removed, and why."""


class Sandboxes(Protocol):
    """Makes and removes folders below the work directory that only the agent's archive changes.

    Paths are as `actors.agent.paths` gives them. Every call may block on the disk. Nothing needs to be
    durable: after a loss of power no container is left.
    """

    def make(self, path: str, user: str | None, volumes: Sequence[Resource]) -> str:
        """Make a sandbox that belongs to `user`, with its volumes in it; returns its absolute path.

        It is then the one that `latest` beside it leads to. Making it again does nothing; raises
        SandboxError.
        """
        ...

    def remove_volumes(self, volumes: Sequence[Resource]) -> None:
        """Delete volumes and what is in them, as far as they are there; raises SandboxError."""
        ...

    def prune(self, path: str) -> None:
        """Remove a folder and those above it, up to a framework's, as far as they are empty."""
        ...


class LocalSandboxes:
    """`Sandboxes` on the file system of this host; follows no symbolic link below the work directory."""

    def __init__(self, work_dir: Path) -> None:
        self._tree = Tree(work_dir)

    def close(self) -> None:
        """Let go of the work directory."""
        self._tree.close()

    def make(self, path: str, user: str | None, volumes: Sequence[Resource]) -> str:
        """See `Sandboxes.make`."""
        owner = None if user is None else _owner(user)
        try:
            runs, _, container_id = path.rpartition("/")
            with self._tree.folder(runs, make=True) as above:
                make_folder(container_id, above, _SANDBOX_MODE)
                with opened(container_id, above) as sandbox:
                    os.fchmod(sandbox, _SANDBOX_MODE)  # whatever the umask left of it
                    if owner is not None:
                        os.fchown(sandbox, *owner)
                    for volume in volumes:
                        self._show(volume, sandbox, owner)
                _point(paths.LATEST, container_id, above)
        except (OSError, ValueError) as error:
            raise SandboxError(f"sandbox {path}: {error}") from error
        return str(self._tree.root / path)

    def remove_volumes(self, volumes: Sequence[Resource]) -> None:
        """See `Sandboxes.remove_volumes`."""
        for volume in volumes:
            try:
                folder = self._tree.root / paths.volume(volume)
                keep = _is_mount(volume)
                with contextlib.suppress(FileNotFoundError):
                    above = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                    try:
                        remove_folder(folder, above, keep=keep)
                    finally:
                        os.close(above)
            except (OSError, ValueError) as error:
                raise SandboxError(f"volume: {error}") from error

    def prune(self, path: str) -> None:
        """See `Sandboxes.prune`."""
        least = 5 if path.startswith(paths.META) else 4  # parts of a framework's folder
        while path.count("/") + 1 >= least:
            above, _, name = path.rpartition("/")
            try:
                with self._tree.folder(above) as folder:
                    if name == "runs":
                        _unlink_dangling(f"{name}/{paths.LATEST}", folder)
                    os.rmdir(name, dir_fd=folder)
            except FileNotFoundError:
                pass
            except OSError:
                return  # it is not empty, or in use
            path = above

    def _show(self, volume: Resource, sandbox: int, owner: tuple[int, int] | None) -> None:
        """Have a volume seen in a sandbox, making it the first time."""
        folder = self._tree.root / paths.volume(volume)
        place = None if volume.disk is None else volume.disk.volume
        seen_as = "" if place is None else place.container_path
        if not seen_as or "/" in seen_as or seen_as in (".", ".."):
            raise ValueError(f"disk.volume.container_path {seen_as!r}: must be a single relative component")
        is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        with opened(str(folder), None) as inside:
            if owner is not None and (is_new or volume.shared is None):
                os.fchown(inside, *owner)
        _point(seen_as, str(folder), sandbox)


def _owner(user: str) -> tuple[int, int]:
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise SandboxError(f"user {user!r}: there is none of that name on this host") from None
    return entry.pw_uid, entry.pw_gid


def _is_mount(volume: Resource) -> bool:
    source = None if volume.disk is None else volume.disk.source
    return source is not None and source.type is Resource.DiskInfo.Source.Type.MOUNT


def _point(name: str, target: str, above: int) -> None:
    """Make a symbolic link, or lead the one that is there elsewhere."""
    new = f"{name}{paths.UNFINISHED}"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new, dir_fd=above)
    os.symlink(target, new, dir_fd=above)
    os.rename(new, name, src_dir_fd=above, dst_dir_fd=above)


def _unlink_dangling(link: str, above: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        try:
            os.stat(link, dir_fd=above)
        except FileNotFoundError:
            os.unlink(link, dir_fd=above)
