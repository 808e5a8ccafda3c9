"""What of a ContainerInfo can be had from containers that are plain processes; the rest is refused.

A task that asked for isolation and runs without it would be worse than one that does not run.
"""

from __future__ import annotations

from transport.records.container import ContainerInfo
from transport.records.task import TaskInfo
from transport.records.volume import Volume

_Source = Volume.Source
_Sandbox = Volume.Source.SandboxPath


def check_container(container: ContainerInfo | None, *, nested: bool = False) -> None:
    """Raise ValueError, naming the field, for what cannot be had.

    A `nested` container may see folders of the one around it.
    """
    if container is None:
        return
    if container.type is not ContainerInfo.Type.MESOS:
        raise ValueError(f"container.type: no containerizer of this agent makes {container.type.value} ones")
    if container.mesos is not None and container.mesos.image is not None:
        raise ValueError("container.mesos.image: images are not supported by this agent")
    if any(network.name is not None for network in container.network_infos):
        raise ValueError("container.network_infos: a container has the network of its host on this agent")
    for volume in container.volumes:
        if not (nested and _parents(volume) is not None):
            raise ValueError(f"container.volumes: {volume.container_path!r} is not supported by this agent")


def shared_paths(task: TaskInfo) -> dict[str, str]:
    """Paths in a nested sandbox, and what they are in the one around it: volumes that the tasks share.

    Persistent volumes among a task's resources lie in its executor's sandbox.
    """
    shared: dict[str, str] = {}
    for resource in task.resources:
        disk = resource.disk
        if disk is not None and disk.persistence is not None and disk.volume is not None:
            shared[disk.volume.container_path] = disk.volume.container_path
    return shared | shared_volumes(task.container)


def shared_volumes(container: ContainerInfo | None) -> dict[str, str]:
    """The same, of the volumes that a container asks for."""
    shared: dict[str, str] = {}
    for volume in () if container is None else container.volumes:
        path = _parents(volume)
        if path is not None:
            shared[volume.container_path] = path
    return shared


def _parents(volume: Volume) -> str | None:
    """Which path of the sandbox around it a volume is; None for any other volume."""
    source = volume.source
    if source is None or source.type is not _Source.Type.SANDBOX_PATH or source.sandbox_path is None:
        return None
    path = source.sandbox_path
    return path.path if path.type is _Sandbox.Type.PARENT else None
