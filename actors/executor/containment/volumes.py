"""Volumes of containers of type MESOS: as mounts where they have those, else as symbolic links."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from actors.agent import paths
from actors.executor.containment.host_paths import Resolve, allowed_path, is_below
from actors.executor.containment.rules import Rules
from transport.messages.container_spec import Mount, VolumeLimit
from transport.records.container import ContainerInfo
from transport.records.resource import Resource
from transport.records.volume import MountPropagation, Volume

_MIB = 2**20
_Type = Volume.Source.Type
_Sandbox = Volume.Source.SandboxPath.Type
_Mode = MountPropagation.Mode
#: What a nested sandbox shows of the one around it: paths in it, and in that.
Links: TypeAlias = dict[str, str]


class Place(msgspec.Struct, frozen=True):
    """The sandbox that a container works in, and that of the container around it if it is nested."""

    directory: str
    around: str | None = None


def mounts_of(
    container: ContainerInfo | None,
    resources: Iterable[Resource],
    place: Place,
    rules: Rules,
    resolve: Resolve,
) -> tuple[Mount, ...]:
    """What is mounted; raises ValueError naming the volume and the rule.

    Without mounts of its own a container may see folders of the one around it, by `links_of`; no others.
    """
    if not rules.isolates("filesystem/linux"):
        for volume in () if container is None else container.volumes:
            if place.around is None or _parents(volume) is None:
                raise ValueError(
                    f"container.volumes: {volume.container_path!r}: needs filesystem/linux in the agent's "
                    "--isolation"
                )
        return ()
    found = [_persistent(one, place, rules, resolve) for one in resources if is_volume(one)]
    for volume in () if container is None else container.volumes:
        try:
            found.append(_mount(volume, place, rules, resolve))
        except ValueError as error:
            raise ValueError(f"container.volumes: {volume.container_path[:128]!r}: {error}") from None
    return tuple(found)


def links_of(container: ContainerInfo | None, resources: Iterable[Resource], rules: Rules) -> Links:
    """What a nested sandbox shows of the one around it, where that cannot be mounted.

    Persistent volumes among a task's resources lie in its executor's sandbox.
    """
    links: Links = {}
    if rules.isolates("filesystem/linux"):
        return links
    for resource in resources:
        disk = resource.disk
        if disk is not None and disk.persistence is not None and disk.volume is not None:
            links[disk.volume.container_path] = disk.volume.container_path
    for volume in () if container is None else container.volumes:
        path = _parents(volume)
        if path is not None:
            links[volume.container_path] = path
    return links


def persistent_path(resource: Resource, rules: Rules) -> str:
    """Where a persistent volume is on the host; raises ValueError."""
    return posixpath.join(rules.work_dir, paths.volume(resource))


def volume_limits(resources: Iterable[Resource], rules: Rules) -> tuple[VolumeLimit, ...]:
    """How much may be in the persistent volumes among some resources; raises ValueError."""
    return tuple(
        VolumeLimit(
            path=persistent_path(one, rules),
            limit_bytes=round(one.scalar.value * _MIB),
            persistence_id=one.disk.persistence.id,
        )
        for one in resources
        if one.scalar is not None and one.disk is not None and one.disk.persistence is not None
    )


def is_volume(resource: Resource) -> bool:
    """Whether a resource is a persistent volume that is to be seen."""
    disk = resource.disk
    return disk is not None and disk.persistence is not None and disk.volume is not None


def _persistent(resource: Resource, place: Place, rules: Rules, resolve: Resolve) -> Mount:
    """Of an outermost container the sandbox has a symbolic link to it, which is made to lead there."""
    disk = resource.disk
    assert disk is not None
    assert disk.volume is not None
    path, read_only = persistent_path(resource, rules), disk.volume.mode is Volume.Mode.RO
    if place.around is None:
        return Mount(target=path, source=path, read_only=read_only)
    return Mount(target=disk.volume.container_path, source=resolve(path), read_only=read_only)


def _mount(volume: Volume, place: Place, rules: Rules, resolve: Resolve) -> Mount:
    target = volume.container_path
    if not target or "\0" in target or ".." in target.split("/") or posixpath.normpath(target) in ("/", "."):
        raise ValueError("container_path: must be a path, not lead up, and be neither / nor the sandbox")
    if volume.image is not None:
        raise ValueError("image: images are not supported by this agent")
    read_only = volume.mode is Volume.Mode.RO
    source = volume.source
    if source is None or source.type is _Type.HOST_PATH:
        return _host_path(volume, target, rules, resolve, read_only=read_only)
    if source.type is _Type.SANDBOX_PATH and source.sandbox_path is not None:
        _check_isolator(rules, "volume/sandbox_path")
        return _sandbox_path(source.sandbox_path, target, place, read_only=read_only)
    if source.type is _Type.SECRET and source.secret is not None:
        _check_isolator(rules, "volume/secret")
        if source.secret.value is None:
            raise ValueError(
                "source.secret: must have a value, since this agent has no resolver of references"
            )
        return Mount(target=target, content=source.secret.value.data, read_only=True)
    kind = "nothing" if source.type is None else source.type.value
    raise ValueError(f"source: {kind} is not supported by this agent")


def _host_path(volume: Volume, target: str, rules: Rules, resolve: Resolve, *, read_only: bool) -> Mount:
    _check_isolator(rules, "volume/host_path")
    named = volume.source.host_path if volume.source is not None else None
    path = volume.host_path if named is None else named.path
    if not path:
        raise ValueError("host_path: must be set, or a source")
    place = allowed_path(path, rules, resolve)
    propagation = None if named is None or named.mount_propagation is None else named.mount_propagation.mode
    return Mount(
        target=target,
        source=place,
        makes_source=any(is_below(place, prefix) for prefix in rules.makes_below),
        read_only=read_only,
        follows_host=propagation in (_Mode.HOST_TO_CONTAINER, _Mode.BIDIRECTIONAL),
        shared_with_host=propagation is _Mode.BIDIRECTIONAL,
    )


def _sandbox_path(path: Volume.Source.SandboxPath, target: str, place: Place, *, read_only: bool) -> Mount:
    parts = path.path.split("/")
    if not path.path or path.path.startswith("/") or ".." in parts or "\0" in path.path:
        raise ValueError(f"source.sandbox_path.path: {path.path!r}: must be relative, and not lead up")
    if path.type is _Sandbox.SELF:
        beneath: str | None = place.directory
    elif path.type is _Sandbox.PARENT:
        beneath = place.around
        if beneath is None:
            raise ValueError("source.sandbox_path.type: PARENT is for nested containers only")
    else:
        raise ValueError("source.sandbox_path.type: must be SELF or PARENT")
    return Mount(target=target, source=path.path, beneath=beneath, makes_source=True, read_only=read_only)


def _check_isolator(rules: Rules, isolator: str) -> None:
    if not rules.isolates(isolator):
        raise ValueError(f"needs {isolator} in the agent's --isolation")


def _parents(volume: Volume) -> str | None:
    """Which path of the sandbox around it a volume is; None for any other volume."""
    source = volume.source
    if source is None or source.type is not _Type.SANDBOX_PATH or source.sandbox_path is None:
        return None
    return source.sandbox_path.path if source.sandbox_path.type is _Sandbox.PARENT else None
