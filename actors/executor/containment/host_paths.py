"""Which places of the host a container may see as volumes."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import TypeAlias

from actors.executor.containment.rules import EVERYTHING, SYSTEM_PLACES, Rules

#: Where a path leads in the end, symbolic links followed; one that leads nowhere yet stays as it is.
Resolve: TypeAlias = Callable[[str], str]


def allowed_path(path: str, rules: Rules, resolve: Resolve) -> str:
    """Where an absolute path leads; raises ValueError unless a volume may be there.

    A volume may show neither a place of the system, or of the agent or dockerd, nor a part of one, nor
    what is around one: those must be granted by --host_volumes.
    """
    if not path.startswith("/") or "\0" in path:
        raise ValueError(f"{path!r}: must be an absolute path")
    place = posixpath.normpath("/" + resolve(path).lstrip("/"))
    if any(one == EVERYTHING or is_below(place, resolve(one)) for one in rules.host_volumes):
        return place
    for forbidden in (*SYSTEM_PLACES, *rules.private):
        if is_below(place, forbidden) or is_below(forbidden, place):
            raise ValueError(
                f"{path!r}: leads to {place}, and {forbidden} is the system's own: below which prefixes "
                "volumes may lie all the same is said by the agent's --host_volumes"
            )
    return place


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder, or in it; both absolute and normal."""
    return path == folder or folder == "/" or path.startswith(folder + "/")


def path_inside(path: str, folder: str, resolve: Resolve) -> str:
    """Where a path that is relative to a folder leads; raises ValueError unless that is in the folder."""
    if "\0" in path:
        raise ValueError(f"{path!r}: must have no NUL in it")
    place = posixpath.normpath(resolve(posixpath.join(folder, path)))
    if not is_below(place, posixpath.normpath(resolve(folder))):
        raise ValueError(f"{path!r}: must not lead out of the sandbox")
    return place
