"""What masters left that had no replicated log: the registry in a file of its own (`actors.state.single`)."""

from __future__ import annotations

from typing import Final

from actors.disk import Disk
from actors.log.process import FOLDER as LOG_FOLDER
from actors.master.registrar.registrar import VARIABLE
from actors.state.single import CorruptStateError, decode

_FOLDER: Final = "state"


class StateError(Exception):
    """What is on the disk is that of another kind of master; the text says what to do."""


def inherit(disk: Disk, *, alone: bool) -> bytes:
    """The registry that such a master left, for a log that holds nothing yet; b"" where there is none.

    Only a master that is `alone` can take it over: of several, each would find another one, or none. Raises
    StateError.
    """
    if VARIABLE not in disk.list(_FOLDER):
        return b""
    path = f"{_FOLDER}/{VARIABLE}"
    if not alone:
        if disk.list(LOG_FOLDER):
            return b""
        raise StateError(
            f"--work_dir: {path} is the registry of a master that ran without --zk, and several masters "
            f"cannot take it over. Remove the folder {_FOLDER} to begin with an empty registry (agents and "
            f"their tasks come back by themselves; quotas, weights and maintenance must be set again), or "
            f"give another --work_dir"
        )
    try:
        return decode(disk.read(path), path).value
    except CorruptStateError as error:
        raise StateError(f"--work_dir: {error}") from None
