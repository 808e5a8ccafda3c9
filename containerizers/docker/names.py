"""What containers are called, and how those of one agent are known (mesos-protocol.md §3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

_PREFIX = "mesos-"
#: The runtime directory that a container belongs to, and its id there.
PLACE = "pion.place"
RUN = "pion.run"


class Origin(NamedTuple):
    """What a container's name tells."""

    container_id: str
    #: Of names in an older form; else it is not told.
    agent_id: str | None = None


def name(container_id: str) -> str:
    """What Docker is to call a container."""
    return _PREFIX + container_id


def origin(docker_name: str) -> Origin | None:
    """Where a container comes from: `mesos-<id>`, or `mesos-<agent id>.<id>`; None for others."""
    text = docker_name.removeprefix("/")
    if not text.startswith(_PREFIX):
        return None
    agent_id, dot, container_id = text.removeprefix(_PREFIX).rpartition(".")
    if not container_id or (dot and not agent_id):
        return None
    return Origin(container_id, agent_id if dot else None)


def labels(
    place: str, container_id: str, agents: Mapping[str, str], own: Mapping[str, str]
) -> dict[str, str]:
    """All labels of a container; its `own` ones cannot hide whose it is."""
    return {**own, **agents, PLACE: place, RUN: container_id}


def is_ours(found: Mapping[str, str], place: str, container_id: str) -> bool:
    """Whether these are labels of this very container."""
    return found.get(PLACE) == place and found.get(RUN) == container_id
