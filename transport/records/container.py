"""Containers."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, UInt32, number
from transport.records.cgroup import CgroupInfo
from transport.records.enumeration import Enumeration
from transport.records.ids import ContainerID
from transport.records.image import Image
from transport.records.labels import Parameter
from transport.records.linux import LinuxInfo, RLimitInfo
from transport.records.network import NetworkInfo
from transport.records.volume import Volume


class TTYInfo(Record):
    """That a container has a terminal."""

    class WindowSize(Record):
        """How large the terminal is."""

        rows: Annotated[UInt32, number(1)]
        columns: Annotated[UInt32, number(2)]

    window_size: Annotated[WindowSize | None, number(1)] = None


class ContainerInfo(Record):
    """How a task or executor is contained: by Docker or by Mesos itself."""

    class Type(Enumeration):
        """By which containerizer."""

        DOCKER = auto(), 1
        MESOS = auto(), 2

    class DockerInfo(Record):
        """What `docker run` is told; `parameters` become options of it."""

        class Network(Enumeration):
            """Docker's network mode."""

            HOST = auto(), 1
            BRIDGE = auto(), 2
            NONE = auto(), 3
            USER = auto(), 4

        class PortMapping(Record):
            """A port of the host that leads to one of the container."""

            host_port: Annotated[UInt32, number(1)]
            container_port: Annotated[UInt32, number(2)]
            protocol: Annotated[str | None, number(3)] = None

        image: Annotated[str, number(1)]
        network: Annotated[Network | None, number(2, "HOST")] = None
        port_mappings: Annotated[tuple[PortMapping, ...], number(3)] = ()
        privileged: Annotated[bool | None, number(4, False)] = None
        parameters: Annotated[tuple[Parameter, ...], number(5)] = ()
        force_pull_image: Annotated[bool | None, number(6)] = None
        volume_driver: Annotated[str | None, number(7, deprecated=True)] = None

    class MesosInfo(Record):
        """What Mesos' own containerizer is told."""

        image: Annotated[Image | None, number(1)] = None

    type: Annotated[Type, number(1)]
    volumes: Annotated[tuple[Volume, ...], number(2)] = ()
    hostname: Annotated[str | None, number(4)] = None
    docker: Annotated[DockerInfo | None, number(3)] = None
    mesos: Annotated[MesosInfo | None, number(5)] = None
    network_infos: Annotated[tuple[NetworkInfo, ...], number(7)] = ()
    linux_info: Annotated[LinuxInfo | None, number(8)] = None
    rlimit_info: Annotated[RLimitInfo | None, number(9)] = None
    tty_info: Annotated[TTYInfo | None, number(10)] = None


class ContainerStatus(Record):
    """What is known of a running container."""

    container_id: Annotated[ContainerID | None, number(4)] = None
    network_infos: Annotated[tuple[NetworkInfo, ...], number(1)] = ()
    cgroup_info: Annotated[CgroupInfo | None, number(2)] = None
    executor_pid: Annotated[UInt32 | None, number(3)] = None
