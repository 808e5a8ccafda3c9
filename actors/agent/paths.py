"""Where things lie below an agent's work directory (mesos-protocol.md §8).

All paths are relative to it, with `/` between folders, as `actors.disk.Disk` takes them. Ids become parts of
paths, so every function refuses one that could lead elsewhere, with ValueError.

Three things differ from Mesos: under `meta` a `latest` is a small file with the id in it instead of a
symbolic link, `framework.pid` and the executors' pids are not kept (executors find the agent, not it them),
and how an executor ended is.
"""

from __future__ import annotations

import re

from transport.records.names import id_error
from transport.records.resource import Resource

META = "meta"
BOOT_ID = "meta/boot_id"
RESOURCES = "meta/resources/resources_and_operations.state"
AGENTS = "slaves"
META_AGENTS = "meta/slaves"
LATEST_AGENT = "meta/slaves/latest"

# Files in the folders that `meta` gives.
AGENT_INFO = "slave.info"
DRAIN_CONFIG = "drain.config"
FRAMEWORK_INFO = "framework.info"
EXECUTOR_INFO = "executor.info"
GENERATED_EXECUTOR = "executor_generated_for_command_task"
LATEST_RUN = "runs/latest"
#: How the container of this run ended.
ENDING = "executor.ending"
#: The executor of this run is over, and all its updates are acknowledged.
COMPLETED = "executor.sentinel"
TASK_INFO = "task.info"
TASK_UPDATES = "task.updates"

LATEST = "latest"
#: What a file is called until it is complete.
UNFINISHED = ".new"

#: Folders on the way from an agent to a task.
LEVELS = ("slaves", "frameworks", "executors", "runs", "tasks")
_NOUNS = ("agent", "framework", "executor", "container", "task")
_CONTAINER_ID = re.compile(r"[A-Za-z0-9_-]{1,242}")

_Source = Resource.DiskInfo.Source


def sandboxes(*ids: str) -> str:
    """The folder of an agent, framework, executor or container (the sandbox): as many ids as wanted."""
    return _join(ids, 4)


def meta(*ids: str) -> str:
    """The folder of what is kept about an agent, framework, executor, container or task."""
    return f"{META}/{_join(ids, 5)}"


def folder_of(path: str) -> str:
    """The folder that a file or folder lies in; "" for the work directory."""
    return path.rpartition("/")[0]


def part_error(level: int, identifier: str) -> str | None:
    """Why an id cannot be the `level`th part of a path (0: the agent's), or None."""
    noun = _NOUNS[level]
    if noun == "container" and not _CONTAINER_ID.fullmatch(identifier):
        return f"container id {identifier!r}: must be 1 to 242 letters, digits, '-' and '_'"
    if noun in ("agent", "container") and identifier == LATEST:
        return f"{noun} id {identifier!r}: must not be {LATEST!r}"
    if noun == "agent" and identifier.endswith(UNFINISHED):
        return f"agent id {identifier!r}: must not end in {UNFINISHED!r}"
    error = id_error(identifier)
    return None if error is None else f"{noun} {error}"


def volume(resource: Resource) -> str:
    """The folder of a persistent volume: absolute if its disk's root is, else relative as all others.

    Raises ValueError when the resource is no volume, or its id or role cannot be part of a path.
    """
    disk = resource.disk
    if disk is None or disk.persistence is None or not resource.reservations:
        raise ValueError(f"resource {resource.name!r}: is no persistent volume")
    identifier = disk.persistence.id
    # No role contains a blank, so this cannot make two roles one.
    role = (resource.reservations[-1].role or "").replace("/", " ")
    for part in (identifier, role):
        error = id_error(part)
        if error is not None:
            raise ValueError(f"volume {identifier!r} of role {role!r}: {error}")
    below = f"volumes/roles/{role}/{identifier}"
    source = disk.source
    if source is None:
        return below
    place = source.mount if source.type is _Source.Type.MOUNT else source.path
    root = None if place is None or source.type not in (_Source.Type.MOUNT, _Source.Type.PATH) else place.root
    if not root:
        raise ValueError(f"volume {identifier!r}: its disk has no root")
    return root if source.type is _Source.Type.MOUNT else f"{root.rstrip('/')}/{below}"


def _join(ids: tuple[str, ...], most: int) -> str:
    if not 1 <= len(ids) <= most:
        raise ValueError(f"path of {ids}: must have 1 to {most} ids")
    parts: list[str] = []
    for level, identifier in enumerate(ids):
        error = part_error(level, identifier)
        if error is not None:
            raise ValueError(error)
        parts += (LEVELS[level], identifier)
    return "/".join(parts)
