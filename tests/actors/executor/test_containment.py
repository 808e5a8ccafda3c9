from __future__ import annotations

import pytest

from actors.executor.containment import check_container, shared_paths
from tests.actors.executor.tasks import command_task
from transport.records.container import ContainerInfo
from transport.records.image import Image
from transport.records.network import NetworkInfo
from transport.records.resource import Resource
from transport.records.task import TaskInfo
from transport.records.value import Value
from transport.records.volume import Volume

MESOS = ContainerInfo.Type.MESOS
_Path = Volume.Source.SandboxPath


def sandbox_volume(kind: _Path.Type = _Path.Type.PARENT) -> Volume:
    path = _Path(type=kind, path="data/common")
    source = Volume.Source(type=Volume.Source.Type.SANDBOX_PATH, sandbox_path=path)
    return Volume(mode=Volume.Mode.RW, container_path="common", source=source)


def with_container(container: ContainerInfo, *resources: Resource) -> TaskInfo:
    task = command_task()
    return TaskInfo(
        name="t",
        task_id=task.task_id,
        agent_id=task.agent_id,
        resources=resources,
        command=task.command,
        container=container,
    )


@pytest.mark.parametrize(
    "container",
    [
        None,
        ContainerInfo(type=MESOS),
        ContainerInfo(type=MESOS, mesos=ContainerInfo.MesosInfo()),
        ContainerInfo(type=MESOS, network_infos=(NetworkInfo(),)),
    ],
)
def test_a_container_that_asks_for_nothing_can_be_had(container: ContainerInfo | None) -> None:
    check_container(container)


@pytest.mark.parametrize(
    ("container", "rule"),
    [
        (ContainerInfo(type=ContainerInfo.Type.DOCKER), "container.type: .* makes DOCKER ones"),
        (
            ContainerInfo(type=MESOS, mesos=ContainerInfo.MesosInfo(image=Image(type=Image.Type.DOCKER))),
            "container.mesos.image",
        ),
        (
            ContainerInfo(type=MESOS, network_infos=(NetworkInfo(name="calico"),)),
            "container.network_infos",
        ),
        (
            ContainerInfo(
                type=MESOS, volumes=(Volume(mode=Volume.Mode.RO, container_path="etc", host_path="/etc"),)
            ),
            "container.volumes: 'etc'",
        ),
        (ContainerInfo(type=MESOS, volumes=(sandbox_volume(),)), "container.volumes: 'common'"),
    ],
)
def test_what_cannot_be_had_is_refused_with_its_field(container: ContainerInfo, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        check_container(container)


def test_a_nested_container_may_see_a_folder_of_the_one_around_it_but_none_of_its_own() -> None:
    check_container(ContainerInfo(type=MESOS, volumes=(sandbox_volume(),)), nested=True)
    with pytest.raises(ValueError, match="'common' is not supported"):
        own = sandbox_volume(_Path.Type.SELF)
        check_container(ContainerInfo(type=MESOS, volumes=(own,)), nested=True)


def test_volumes_of_the_parent_and_persistent_ones_are_shared() -> None:
    volume = Volume(mode=Volume.Mode.RW, container_path="kept")
    disk = Resource(
        name="disk",
        type=Value.Type.SCALAR,
        scalar=Value.Scalar(value=64.0),
        disk=Resource.DiskInfo(persistence=Resource.DiskInfo.Persistence(id="p"), volume=volume),
    )
    container = ContainerInfo(type=MESOS, volumes=(sandbox_volume(),))
    assert shared_paths(with_container(container, disk)) == {"kept": "kept", "common": "data/common"}
    assert shared_paths(command_task()) == {}
