"""Sandboxes and folders of a simulated host: they exist on its simulated disk, as files with a few words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actors.agent import paths
from actors.agent.sandboxes import SandboxError
from actors.disk import Disk
from transport.records.resource import Resource

#: Stands for a folder that was made, and says whose it is.
_OWNER = ".owner"
#: Says when a folder was touched.
_TOUCHED = ".touched"


class ImaginarySandboxes:
    """`Sandboxes` without a file system; `users` are those that the host knows."""

    def __init__(self, disk: Disk, users: Sequence[str] = ("root",)) -> None:
        self._disk = disk
        self._users = users

    def make(self, path: str, user: str | None, volumes: Sequence[Resource]) -> str:
        """See `Sandboxes.make`."""
        if user is not None and user not in self._users:
            raise SandboxError(f"user {user!r}: there is none of that name on this host")
        try:
            self._disk.write(f"{path}/{_OWNER}", (user or "").encode())
            for volume in volumes:
                self._disk.write(f"{paths.volume(volume).lstrip('/')}/{_OWNER}", (user or "").encode())
        except (OSError, ValueError) as error:
            raise SandboxError(f"sandbox {path}: {error}") from error
        return f"/{path}"

    def remove_volumes(self, volumes: Sequence[Resource]) -> None:
        """See `Sandboxes.remove_volumes`."""
        for volume in volumes:
            for file in _files(self._disk, paths.volume(volume).lstrip("/")):
                self._disk.remove(file)

    def prune(self, path: str) -> None:
        """See `Sandboxes.prune`; folders of a simulated disk stay."""


class ImaginaryFolders:
    """`Folders` of the same host; `usage` is what a test says."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        #: The part of the disk that is full, from 0 to 1.
        self.used = 0.0

    def usage(self) -> float:
        """See `Folders.usage`."""
        return self.used

    def touched(self, path: str) -> float | None:
        """See `Folders.touched`."""
        try:
            return float(self._disk.read(f"{path}/{_TOUCHED}"))
        except (FileNotFoundError, ValueError):  # nobody touched it, or the power failed when somebody did
            return 0.0 if any(_files(self._disk, path)) else None

    def touch(self, path: str, wall: float) -> None:
        """See `Folders.touch`."""
        if any(_files(self._disk, path)):
            self._disk.write(f"{path}/{_TOUCHED}", repr(wall).encode())
            self._disk.sync(f"{path}/{_TOUCHED}")
            self._disk.sync_folder(path)

    def remove(self, path: str, most: int) -> bool:
        """See `Folders.remove`."""
        for count, file in enumerate(_files(self._disk, path)):
            if count == most:
                return False
            self._disk.remove(file)
        return True


def _files(disk: Disk, path: str) -> Iterator[str]:
    """Every file below a folder."""
    try:
        disk.size(path)
    except IsADirectoryError:
        for name in disk.list(path):
            yield from _files(disk, f"{path}/{name}")
    except FileNotFoundError:
        return
    else:
        yield path
