"""What is kept of each container until its end was told: enough to go on after a crash.

`<runtime_dir>/docker/<container id>/` holds `record.json`, and how far its output was read (`position`).
It need not survive a loss of power, with which all containers end.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any

import msgspec

from containerizers.containerizer import Ended, Limitation
from containerizers.paths import check_id

_RECORD = "record.json"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who did not launch a container must know of it."""

    #: The folder it works in, on the host; and the files that take what it writes.
    directory: str = "/"
    stdout: str | None = None
    stderr: str | None = None
    #: Whether what it writes is read from a connection, and not from its journal.
    attached: bool = False
    #: Of a program in another container: what Docker calls it.
    exec_id: str | None = None
    #: What is to be made, and from what, until it was.
    image: str = ""
    pulls: bool = False
    body: dict[str, Any] | None = None
    #: When its end was told, in seconds after the start of the machine; and what was told.
    told: float | None = None
    status: int | None = None
    error: str = ""
    #: That it used too much memory.
    limited: str = ""
    used: int | None = None

    def ended(self, event: Ended, now: float) -> Record:
        """The same of one whose end was told; a second time changes nothing."""
        if self.told is not None:
            return self
        limitation = event.limitation
        return msgspec.structs.replace(
            self,
            body=None,
            told=now,
            status=event.status,
            error=event.error,
            limited="" if limitation is None else limitation.message,
            used=None if limitation is None else limitation.used,
        )

    def end(self, container_id: str) -> Ended:
        """What was told."""
        limitation = Limitation("memory", self.limited, self.used) if self.limited else None
        return Ended(container_id, self.status, self.error, limitation)


_KINDS: Mapping[str, tuple[type, ...]] = {
    "directory": (str,),
    "stdout": (str, NoneType),
    "stderr": (str, NoneType),
    "attached": (bool,),
    "exec_id": (str, NoneType),
    "image": (str,),
    "pulls": (bool,),
    "body": (dict, NoneType),
    "told": (int, float, NoneType),
    "status": (int, NoneType),
    "error": (str,),
    "limited": (str,),
    "used": (int, NoneType),
}


class Ledger:
    """The folders of all containers below one runtime directory."""

    def __init__(self, runtime_dir: Path) -> None:
        self._root = runtime_dir / "docker"

    def folder(self, container_id: str) -> Path:
        """What belongs to one container."""
        check_id(container_id)
        return self._root / container_id

    def position(self, container_id: str) -> Path:
        """The file that tells how far its output was read."""
        return self.folder(container_id) / "position"

    def write(self, container_id: str, record: Record) -> None:
        """Keep this of a container; raises OSError."""
        folder = self.folder(container_id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = folder / f"{_RECORD}.new"
        # What is to be made may have secrets in its environment.
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(record))
        new.replace(folder / _RECORD)

    def read(self, container_id: str) -> Record | None:
        """What is kept of it; None if nothing is."""
        try:
            found = json.loads((self.folder(container_id) / _RECORD).read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(found, dict):
            return None
        known = {name: found[name] for name in _KINDS if name in found}
        return Record(**known) if all(isinstance(known[name], _KINDS[name]) for name in known) else None

    def remove(self, container_id: str) -> None:
        """Keep nothing of it any more."""
        shutil.rmtree(self.folder(container_id), ignore_errors=True)

    def clear(self) -> None:
        """Keep nothing of any container any more."""
        shutil.rmtree(self._root, ignore_errors=True)

    def containers(self) -> tuple[str, ...]:
        """All of which something is kept, parents before those nested in them."""
        names: list[str] = []
        with contextlib.suppress(FileNotFoundError):
            names = os.listdir(self._root)  # noqa: PTH208  the names are enough
        found = []
        for name in sorted(names):
            with contextlib.suppress(ValueError):
                check_id(name)
                found.append(name)
        return tuple(found)
