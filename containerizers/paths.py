"""Where a containerizer keeps what it must find again after a crash (mesos-protocol.md §8).

`<runtime_dir>/containers/<id>/pid`, and `…/<id>/containers/<nested id>/pid` for a container in another.
It is of no use after a reboot.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from containerizers.stamp import Stamp

#: The longest id of one container, without those that it is nested in (mesos-protocol.md §8).
ID_LENGTH = 242
_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{ID_LENGTH}}}(\.[A-Za-z0-9_-]{{1,{ID_LENGTH}}})*")
_CONTAINERS = "containers"
_PID = "pid"
_IDLER = "idler"
_FAMILY = "family"


def check_id(container_id: str) -> None:
    """Raise ValueError unless it can name a container."""
    if not _ID.fullmatch(container_id):
        raise ValueError(
            f"container id {container_id!r}: must be 1 to {ID_LENGTH} letters, digits, '-' and '_'; "
            "that of a nested one follows its parent's behind a dot"
        )


def parent_of(container_id: str) -> str:
    """The container that it is nested in; nothing when there is none."""
    return container_id.rpartition(".")[0]


def read_stamp(file: Path) -> Stamp | None:
    """The process that a file tells; None where there is no such file, or half of one."""
    try:
        return Stamp.parse(file.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return None


class RuntimePaths:
    """The folders of the containers below one runtime directory."""

    def __init__(self, runtime_dir: Path) -> None:
        self.root = runtime_dir

    def folder(self, container_id: str) -> Path:
        """What belongs to one container; raises ValueError for an id that cannot be."""
        check_id(container_id)
        folder = self.root
        for part in container_id.split("."):
            folder = folder / _CONTAINERS / part
        return folder

    def pid(self, container_id: str) -> Path:
        """The file that tells its first process."""
        return self.folder(container_id) / _PID

    def idler(self, container_id: str) -> Path:
        """The file that tells the first process of its namespace, if that is another."""
        return self.folder(container_id) / _IDLER

    def family(self, container_id: str) -> Path:
        """The file that tells that others may be nested in it though nothing runs in itself."""
        return self.folder(container_id) / _FAMILY

    def stamp(self, container_id: str) -> Stamp | None:
        """The first process of a container, as its file says, if its end can be seen."""
        stamp = read_stamp(self.pid(container_id))
        return stamp if stamp is not None and stamp.can_be_awaited else None

    def write_stamp(self, container_id: str, process: int) -> None:
        """Write down the first process of a container, which has not been reaped; raises OSError."""
        self.folder(container_id).mkdir(parents=True, exist_ok=True)
        self.pid(container_id).write_text(str(Stamp.of(process)), encoding="ascii")

    def remove(self, container_id: str) -> None:
        """Remove its folder, and that of its parent where nothing else is in it; raises OSError."""
        for file in (self.pid, self.idler, self.family):
            file(container_id).unlink(missing_ok=True)
        folder = self.folder(container_id)
        # A folder with something in it stays: that of a parent, most of the time.
        with contextlib.suppress(OSError):
            while folder != self.root:
                folder.rmdir()
                folder = folder.parent

    def containers(self) -> tuple[str, ...]:
        """All that have a folder, parents before those nested in them."""
        return tuple(sorted(self._below(self.root, "")))

    def _below(self, folder: Path, prefix: str) -> list[str]:
        found = []
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            for entry in (folder / _CONTAINERS).iterdir():
                container_id = prefix + entry.name
                if _ID.fullmatch(container_id) and entry.is_dir():
                    found += [container_id, *self._below(entry, container_id + ".")]
        return found
