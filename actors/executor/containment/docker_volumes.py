"""From a Volume to what Docker mounts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Final

from actors.executor.containment.host_paths import Resolve, allowed_path, path_inside
from actors.executor.containment.rules import Rules
from actors.executor.containment.volumes import is_volume, persistent_path
from transport.messages.container_spec import DockerVolume
from transport.records.resource import Resource
from transport.records.volume import Volume

_Type = Volume.Source.Type
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")


def docker_volume(
    volume: Volume, driver: str | None, rules: Rules, resolve: Resolve, directory: str
) -> DockerVolume:
    """What Docker mounts; raises ValueError naming the volume and the rule.

    With a `driver` (DockerInfo.volume_driver) a host path is the name of a volume. Paths that are not
    absolute are those of the sandbox, which is `directory`.
    """
    try:
        if volume.image is not None:
            raise ValueError("an image cannot be a volume of Docker")  # noqa: TRY301  said with its field below
        target = _target(volume.container_path, rules)
        read_only = volume.mode is Volume.Mode.RO
        source = volume.source
        if source is not None and source.type is _Type.DOCKER_VOLUME and source.docker_volume is not None:
            wanted = source.docker_volume
            options = wanted.driver_options.parameter if wanted.driver_options is not None else ()
            given = {one.key: one.value for one in options}
            return _named(wanted.name, target, wanted.driver or driver, given, rules, read_only=read_only)
        path = _host_path(volume)
        if driver is not None and source is None:
            return _named(path, target, driver, {}, rules, read_only=read_only)
        inside = not path.startswith("/")
        place = path_inside(path, directory, resolve) if inside else allowed_path(path, rules, resolve)
        return DockerVolume(source=place, target=target, read_only=read_only)
    except ValueError as error:
        raise ValueError(f"container.volumes: {volume.container_path[:128]!r}: {error}") from None


def persistent_volumes(resources: Iterable[Resource], rules: Rules) -> tuple[DockerVolume, ...]:
    """The persistent volumes among some resources; raises ValueError.

    Where they are on the host, they are in the container: there the links lead that the sandbox has to them.
    """
    found = []
    for resource in resources:
        if is_volume(resource):
            assert resource.disk is not None
            assert resource.disk.volume is not None
            place = persistent_path(resource, rules)
            read_only = resource.disk.volume.mode is Volume.Mode.RO
            found.append(DockerVolume(source=place, target=place, read_only=read_only))
    return tuple(found)


def _target(path: str, rules: Rules) -> str:
    if not path or "\0" in path or ":" in path:
        raise ValueError("container_path: must be a path without NUL and ':'")
    target = posixpath.normpath(posixpath.join(rules.sandbox_directory, path))
    if target == "/" or target == rules.sandbox_directory:
        raise ValueError("container_path: must be neither all of the container nor its sandbox")
    return target


def _host_path(volume: Volume) -> str:
    path, source = volume.host_path, volume.source
    if source is not None:
        if source.type is not _Type.HOST_PATH or source.host_path is None:
            kind = "nothing" if source.type is None else source.type.value
            raise ValueError(f"source: {kind} cannot be a volume of Docker")
        path = source.host_path.path
    if not path:
        raise ValueError("host_path: must be set, or a source")
    return path


def _named(
    name: str,
    target: str,
    driver: str | None,
    options: Mapping[str, str],
    rules: Rules,
    *,
    read_only: bool,
) -> DockerVolume:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name[:80]!r}: must be a volume's name: letters, digits, '_', '.' and '-'")
    if options and not rules.grants("volume"):
        # The driver `local` mounts by them whatever is on the host.
        raise ValueError("driver_options: `volume` is not granted by the agent's --docker_grants")
    return DockerVolume(source=name, target=target, read_only=read_only, driver=driver, options=options)
