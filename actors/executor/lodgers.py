"""What an executor node must know again after its own death: the standalone containers of operators.

A file for each, in a folder of their own. Only the process may die in between, so nothing is synced; what it
could not finish to write is as if it had never been asked for.
"""

from __future__ import annotations

from typing import Final

import msgspec

from actors.disk import Disk
from transport import decoders
from transport.messages.lodging import LaunchGuest

_FOLDER: Final = "guests"
_DECODER: Final = decoders.of_msgpack(LaunchGuest)


class Lodgers:
    """Each call may raise OSError."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def keep(self, launch: LaunchGuest) -> None:
        """Remember one."""
        self._disk.write(_path(launch.container_id), msgspec.msgpack.encode(launch))

    def forget(self, container_id: str) -> None:
        """Remember it no more."""
        self._disk.remove(_path(container_id))

    def load(self) -> tuple[LaunchGuest, ...]:
        """All that a node before this one kept."""
        found = []
        for name in self._disk.list(_FOLDER):
            try:
                found.append(_DECODER.decode(self._disk.read(_path(name))))
            except msgspec.DecodeError:
                self.forget(name)
        return tuple(found)


def _path(container_id: str) -> str:
    return f"{_FOLDER}/{container_id}"
