"""Rules for containers, and the volumes mounted into them."""

from __future__ import annotations

from actors.master.validation.command import secret_error
from transport.records.container import ContainerInfo
from transport.records.linux import LinuxInfo, RLimitInfo
from transport.records.volume import Volume

_SourceType = Volume.Source.Type


def container_error(container: ContainerInfo) -> str | None:
    """Which rule a container breaks, or None."""
    for volume in container.volumes:
        error = _volume_error(volume)
        if error is not None:
            return f"container.volumes: {volume.container_path!r}: {error}"
    if container.type is ContainerInfo.Type.DOCKER and container.docker is None:
        return "container.docker: must be set for a container of type DOCKER"
    if container.linux_info is not None and (error := _linux_error(container.linux_info)) is not None:
        return f"container.linux_info.{error}"
    if container.rlimit_info is not None:
        return _rlimits_error(container.rlimit_info)
    return None


def shares_cgroups(container: ContainerInfo | None) -> bool:
    """Whether a container lies in its parent's cgroups, as it does unless told otherwise."""
    return (
        container is None
        or container.linux_info is None
        or container.linux_info.share_cgroups is None
        or container.linux_info.share_cgroups
    )


def _volume_error(volume: Volume) -> str | None:
    given = (volume.host_path, volume.image, volume.source)
    if sum(one is not None for one in given) > 1:
        return "at most one of host_path, image and source may be set"
    source = volume.source
    if source is None:
        return None
    bodies = {
        _SourceType.DOCKER_VOLUME: source.docker_volume,
        _SourceType.HOST_PATH: source.host_path,
        _SourceType.SANDBOX_PATH: source.sandbox_path,
        _SourceType.SECRET: source.secret,
        _SourceType.CSI_VOLUME: source.csi_volume,
    }
    if source.type not in bodies:
        return "source.type must be known"
    if bodies[source.type] is None:
        return f"source.{source.type.value.lower()} must be set for a source of type {source.type.value}"
    if source.type is _SourceType.SECRET and source.secret is not None:
        return secret_error(source.secret)
    return None


def _linux_error(linux: LinuxInfo) -> str | None:
    if linux.capability_info is not None and linux.effective_capabilities is not None:
        return "capability_info: must not be set beside effective_capabilities"
    effective = linux.effective_capabilities
    if effective is not None and linux.bounding_capabilities is not None:
        bounding = linux.bounding_capabilities.capabilities
        beyond = [one.value for one in effective.capabilities if one not in bounding]
        if beyond:
            return f"effective_capabilities: {beyond[0]} is not among bounding_capabilities"
    seccomp = linux.seccomp
    if seccomp is not None and seccomp.unconfined and seccomp.profile_name is not None:
        return "seccomp: must not be unconfined and have a profile"
    if linux.ipc_mode is LinuxInfo.IpcMode.SHARE_PARENT and linux.shm_size is not None:
        return "shm_size: must not be set where ipc_mode is SHARE_PARENT"
    return None


def _rlimits_error(limits: RLimitInfo) -> str | None:
    seen: set[RLimitInfo.RLimit.Type] = set()
    for limit in limits.rlimits:
        if limit.type in (None, RLimitInfo.RLimit.Type.UNKNOWN):
            return "container.rlimit_info: each limit must have a known type"
        if limit.type in seen:
            return f"container.rlimit_info: {limit.type.value} is there twice"
        seen.add(limit.type)
        if (limit.hard is None) != (limit.soft is None):
            return f"container.rlimit_info: {limit.type.value} must have both hard and soft, or neither"
        if limit.hard is not None and limit.soft is not None and limit.soft > limit.hard:
            return f"container.rlimit_info: {limit.type.value}: soft must not be above hard"
    return None
