"""Containers, and the volumes mounted into them."""

from __future__ import annotations

import pytest

from actors.master.validation.container import container_error, shares_cgroups
from transport.records.container import ContainerInfo
from transport.records.image import Image
from transport.records.linux import CapabilityInfo, LinuxInfo, RLimitInfo, SeccompInfo
from transport.records.secret import Secret
from transport.records.volume import Volume

DOCKER, MESOS = ContainerInfo.Type.DOCKER, ContainerInfo.Type.MESOS
Source = Volume.Source
Limit = RLimitInfo.RLimit
Capability = CapabilityInfo.Capability


def mesos(linux: LinuxInfo | None = None, *limits: RLimitInfo.RLimit) -> ContainerInfo:
    return ContainerInfo(type=MESOS, linux_info=linux, rlimit_info=RLimitInfo(rlimits=limits))


def with_volume(
    host_path: str | None = None, image: Image | None = None, source: Source | None = None
) -> ContainerInfo:
    mounted = Volume(
        mode=Volume.Mode.RW, container_path="data", host_path=host_path, image=image, source=source
    )
    return ContainerInfo(type=MESOS, volumes=(mounted,))


def capabilities(*names: CapabilityInfo.Capability) -> CapabilityInfo:
    return CapabilityInfo(capabilities=names)


GOOD = [
    ContainerInfo(type=DOCKER, docker=ContainerInfo.DockerInfo(image="alpine")),
    ContainerInfo(type=MESOS),
    with_volume(host_path="/var/data"),
    with_volume(source=Source(type=Source.Type.HOST_PATH, host_path=Source.HostPath(path="/x"))),
    mesos(
        LinuxInfo(
            effective_capabilities=capabilities(Capability.KILL),
            bounding_capabilities=capabilities(Capability.KILL, Capability.CHOWN),
        )
    ),
    mesos(None, Limit(type=Limit.Type.RLMT_CORE), Limit(type=Limit.Type.RLMT_CPU, soft=1, hard=2)),
]


@pytest.mark.parametrize("container", GOOD)
def test_a_sound_container_breaks_no_rule(container: ContainerInfo) -> None:
    assert container_error(container) is None


@pytest.mark.parametrize(
    ("container", "told"),
    [
        (ContainerInfo(type=DOCKER), "container.docker: must be set"),
        (
            with_volume(host_path="/x", image=Image(type=Image.Type.DOCKER)),
            "container.volumes: 'data': at most one of host_path, image and source",
        ),
        (with_volume(source=Source()), "source.type must be known"),
        (with_volume(source=Source(type=Source.Type.UNKNOWN)), "source.type must be known"),
        (
            with_volume(source=Source(type=Source.Type.SANDBOX_PATH)),
            "source.sandbox_path must be set for a source of type SANDBOX_PATH",
        ),
        (
            with_volume(source=Source(type=Source.Type.SECRET, secret=Secret())),
            "a secret must have type REFERENCE or VALUE",
        ),
        (
            mesos(
                LinuxInfo(
                    capability_info=capabilities(Capability.KILL),
                    effective_capabilities=capabilities(Capability.KILL),
                )
            ),
            "container.linux_info.capability_info: must not be set beside effective_capabilities",
        ),
        (
            mesos(
                LinuxInfo(
                    effective_capabilities=capabilities(Capability.KILL),
                    bounding_capabilities=capabilities(Capability.CHOWN),
                )
            ),
            "KILL is not among bounding_capabilities",
        ),
        (
            mesos(LinuxInfo(seccomp=SeccompInfo(profile_name="p", unconfined=True))),
            "container.linux_info.seccomp: must not be unconfined and have a profile",
        ),
        (
            mesos(LinuxInfo(ipc_mode=LinuxInfo.IpcMode.SHARE_PARENT, shm_size=1)),
            "shm_size: must not be set where ipc_mode is SHARE_PARENT",
        ),
        (mesos(None, Limit()), "each limit must have a known type"),
        (
            mesos(None, Limit(type=Limit.Type.RLMT_CPU), Limit(type=Limit.Type.RLMT_CPU)),
            "RLMT_CPU is there twice",
        ),
        (mesos(None, Limit(type=Limit.Type.RLMT_CPU, soft=1)), "must have both hard and soft, or neither"),
        (mesos(None, Limit(type=Limit.Type.RLMT_CPU, soft=2, hard=1)), "soft must not be above hard"),
    ],
)
def test_the_rule_that_a_container_breaks_is_told(container: ContainerInfo, told: str) -> None:
    error = container_error(container)
    assert error is not None
    assert told in error


def test_a_container_shares_cgroups_unless_told_otherwise() -> None:
    assert shares_cgroups(None)
    assert shares_cgroups(mesos())
    assert shares_cgroups(mesos(LinuxInfo()))
    assert shares_cgroups(mesos(LinuxInfo(share_cgroups=True)))
    assert not shares_cgroups(mesos(LinuxInfo(share_cgroups=False)))
