from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.executor.containment.isolators import LINUX
from actors.executor.containment.rules import PLAIN, Rules
from actors.executor.containment.volumes import Place, links_of, mounts_of, volume_limits
from tests.actors.executor.containment.containers import (
    SANDBOX_PATH,
    host_volume,
    mesos,
    persistent,
    sandbox_volume,
)
from transport.messages.container_spec import Mount, VolumeLimit
from transport.records.container import ContainerInfo
from transport.records.image import Image
from transport.records.resource import Resource
from transport.records.secret import Secret
from transport.records.volume import MountPropagation, Volume

ALL = Rules(isolators=LINUX, work_dir="/work", makes_below=("/srv/data",), private=("/work",))
ALONE, NESTED = Place("/work/box"), Place("/work/box/containers/a", "/work/box")
PARENT, SELF = SANDBOX_PATH.Type.PARENT, SANDBOX_PATH.Type.SELF
VOLUMES = "/work/volumes/roles/web db"


def mounts(
    *volumes: Volume, place: Place = ALONE, rules: Rules = ALL, resources: tuple[Resource, ...] = ()
) -> tuple[Mount, ...]:
    return mounts_of(mesos(volumes=volumes), resources, place, rules, lambda path: path)


def secret(**fields: object) -> Volume:
    held = Secret(**fields)  # type: ignore[arg-type]
    source = Volume.Source(type=Volume.Source.Type.SECRET, secret=held)
    return Volume(mode=Volume.Mode.RW, container_path="key", source=source)


def test_a_path_of_the_host_is_mounted_where_it_is_wanted() -> None:
    assert mounts(host_volume("/opt/a", "in", Volume.Mode.RO), host_volume("/srv/data/x", "/data")) == (
        Mount(target="in", source="/opt/a", read_only=True),
        Mount(target="/data", source="/srv/data/x", makes_source=True),
    )


@pytest.mark.parametrize(
    ("mode", "follows", "shared"),
    [
        (MountPropagation.Mode.HOST_TO_CONTAINER, True, False),
        (MountPropagation.Mode.BIDIRECTIONAL, True, True),
    ],
)
def test_mounts_made_later_are_seen_as_asked_for(
    mode: MountPropagation.Mode, follows: bool, shared: bool
) -> None:
    path = Volume.Source.HostPath(path="/opt/a", mount_propagation=MountPropagation(mode=mode))
    source = Volume.Source(type=Volume.Source.Type.HOST_PATH, host_path=path)
    (found,) = mounts(Volume(mode=Volume.Mode.RW, container_path="in", source=source))
    assert (found.follows_host, found.shared_with_host) == (follows, shared)


def test_a_path_of_a_sandbox_is_mounted_from_beneath_it() -> None:
    own, parents = sandbox_volume(SELF), sandbox_volume(PARENT)
    assert mounts(own) == (
        Mount(target="common", source="data/common", beneath="/work/box", makes_source=True),
    )
    assert mounts(parents, place=NESTED)[0].beneath == "/work/box"
    assert mounts(own, place=NESTED)[0].beneath == "/work/box/containers/a"


def test_a_secret_is_a_file_that_nobody_changes() -> None:
    given = secret(type=Secret.Type.VALUE, value=Secret.Value(data=b"s3cret"))
    assert mounts(given) == (Mount(target="key", content=b"s3cret", read_only=True),)


def test_a_persistent_volume_is_where_the_sandbox_leads_to_and_nested_in_the_sandbox() -> None:
    kept = (persistent(), persistent("ro", "seen", Volume.Mode.RO))
    assert mounts(resources=kept) == (
        Mount(target=f"{VOLUMES}/db", source=f"{VOLUMES}/db"),
        Mount(target=f"{VOLUMES}/ro", source=f"{VOLUMES}/ro", read_only=True),
    )
    assert mounts(resources=kept, place=NESTED)[0] == Mount(target="kept", source=f"{VOLUMES}/db")
    nested = mounts_of(None, kept, NESTED, ALL, lambda path: path.replace("/work", "/mnt/disk"))
    assert nested[0] == Mount(target="kept", source=f"{VOLUMES}/db".replace("/work", "/mnt/disk"))
    assert volume_limits(kept, ALL)[0] == VolumeLimit(
        path=f"{VOLUMES}/db", limit_bytes=64 * 2**20, persistence_id="db"
    )


@pytest.mark.parametrize(
    ("volume", "rule"),
    [
        (host_volume("/etc", "in"), "'in': '/etc': leads to /etc"),
        (host_volume("", "in"), "host_path: must be set"),
        (host_volume("/opt", "../up"), "container_path: must be a path, not lead up"),
        (host_volume("/opt", ""), "container_path"),
        (host_volume("/opt", "/"), "container_path"),
        (host_volume("/opt", "."), "container_path"),
        (sandbox_volume(PARENT), "PARENT is for nested containers only"),
        (sandbox_volume(SANDBOX_PATH.Type.UNKNOWN), "must be SELF or PARENT"),
        (sandbox_volume(SELF, "../other"), "must be relative, and not lead up"),
        (sandbox_volume(SELF, "/etc"), "must be relative"),
        (
            secret(type=Secret.Type.REFERENCE, reference=Secret.Reference(name="vault")),
            "source.secret: must have a value",
        ),
        (
            replace(host_volume("/opt"), image=Image(type=Image.Type.DOCKER)),
            "image: images are not supported",
        ),
        (
            replace(host_volume("/opt"), source=Volume.Source(type=Volume.Source.Type.CSI_VOLUME)),
            "CSI_VOLUME is not supported",
        ),
    ],
)
def test_what_cannot_be_mounted_is_refused_by_its_name(volume: Volume, rule: str) -> None:
    with pytest.raises(ValueError, match=f"container.volumes: .*{rule}"):
        mounts(volume)


@pytest.mark.parametrize(
    ("volume", "isolator"),
    [
        (host_volume("/opt"), "volume/host_path"),
        (sandbox_volume(SELF), "volume/sandbox_path"),
        (secret(type=Secret.Type.VALUE, value=Secret.Value(data=b"")), "volume/secret"),
    ],
)
def test_each_kind_of_volume_needs_its_isolator(volume: Volume, isolator: str) -> None:
    rules = Rules(isolators=("filesystem/linux",))
    with pytest.raises(ValueError, match=f"needs {isolator} in the agent's --isolation"):
        mounts(volume, rules=rules)


def test_without_mounts_a_nested_container_sees_folders_of_the_one_around_it_and_no_others() -> None:
    assert mounts(sandbox_volume(PARENT), place=NESTED, rules=PLAIN) == ()
    for volume, place in ((sandbox_volume(SELF), NESTED), (sandbox_volume(PARENT), ALONE)):
        with pytest.raises(ValueError, match="'common': needs filesystem/linux"):
            mounts(volume, place=place, rules=PLAIN)


def test_links_lead_to_what_cannot_be_mounted() -> None:
    container: ContainerInfo = mesos(volumes=(sandbox_volume(PARENT),))
    assert links_of(container, (persistent(),), PLAIN) == {"kept": "kept", "common": "data/common"}
    assert links_of(container, (persistent(),), ALL) == {}
    assert links_of(None, (), PLAIN) == {}
