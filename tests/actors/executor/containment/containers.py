"""What frameworks ask for, made for tests of containment."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tests.actors.executor.tasks import command_task
from transport.messages.hosting import LaunchExecutor
from transport.records.command import CommandInfo
from transport.records.container import ContainerInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import ExecutorID, FrameworkID
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.value import Value
from transport.records.volume import Volume

MESOS = ContainerInfo.Type.MESOS
DOCKER = ContainerInfo.Type.DOCKER
NETWORK = ContainerInfo.DockerInfo.Network
SANDBOX_PATH = Volume.Source.SandboxPath


def mesos(**fields: Any) -> ContainerInfo:
    """A container of Mesos."""
    return ContainerInfo(type=MESOS, **fields)


def docker(
    image: str = "busybox:1", *, volumes: tuple[Volume, ...] = (), hostname: str | None = None, **fields: Any
) -> ContainerInfo:
    """A container of Docker; the fields are those of DockerInfo."""
    info = ContainerInfo.DockerInfo(image=image, **fields)
    return ContainerInfo(type=DOCKER, docker=info, volumes=volumes, hostname=hostname)


def task(
    container: ContainerInfo | None = None,
    resources: str = "cpus:1;mem:64",
    command: CommandInfo | None = None,
    *volumes: Resource,
) -> TaskInfo:
    """A task that is a command."""
    held = tuple(Resources.parse(resources))
    return replace(command_task(command=command), container=container, resources=(*held, *volumes))


def launch(
    executor: ExecutorInfo | None = None, environment: dict[str, str] | None = None, user: str | None = None
) -> LaunchExecutor:
    """The launch of an executor, by default of one that was made up for a task."""
    made_up = ExecutorInfo(
        executor_id=ExecutorID(value="executor-1"), resources=tuple(Resources.parse("cpus:0.1;mem:32"))
    )
    framework = FrameworkInfo(user="alice", name="f", id=FrameworkID(value="framework-1"))
    return LaunchExecutor(
        "container-1",
        framework,
        executor or made_up,
        "/work/sandbox",
        environment or {},
        generated=executor is None,
        user=user,
    )


def host_volume(path: str, container_path: str = "data", mode: Volume.Mode = Volume.Mode.RW) -> Volume:
    """A volume that is a path of the host."""
    return Volume(mode=mode, container_path=container_path, host_path=path)


def sandbox_volume(kind: SANDBOX_PATH.Type, path: str = "data/common") -> Volume:
    """A volume that is a path of a sandbox."""
    source = Volume.Source(
        type=Volume.Source.Type.SANDBOX_PATH, sandbox_path=SANDBOX_PATH(type=kind, path=path)
    )
    return Volume(mode=Volume.Mode.RW, container_path="common", source=source)


def persistent(name: str = "db", path: str = "kept", mode: Volume.Mode = Volume.Mode.RW) -> Resource:
    """A persistent volume of 64 MB."""
    return Resource(
        name="disk",
        type=Value.Type.SCALAR,
        scalar=Value.Scalar(value=64.0),
        reservations=(Resource.ReservationInfo(type=Resource.ReservationInfo.Type.DYNAMIC, role="web/db"),),
        disk=Resource.DiskInfo(
            persistence=Resource.DiskInfo.Persistence(id=name), volume=Volume(mode=mode, container_path=path)
        ),
    )
