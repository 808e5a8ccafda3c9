"""Files and folders that are mounted into a container."""

from __future__ import annotations

from collections.abc import Mapping
from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.enumeration import Enumeration
from transport.records.image import Image
from transport.records.labels import Parameters
from transport.records.secret import Secret


class MountPropagation(Record):
    """Whether mounts made on one side of a volume are seen on the other."""

    class Mode(Enumeration):
        """Nothing passes, only towards the container, or both ways."""

        UNKNOWN = auto(), 0
        HOST_TO_CONTAINER = auto(), 1
        BIDIRECTIONAL = auto(), 2

    mode: Annotated[Mode | None, number(1)] = None


class Volume(Record):
    """Where in a container (`container_path`) to mount what, and whether it may be written."""

    class Mode(Enumeration):
        """Read and write, or read only."""

        RW = auto(), 1
        RO = auto(), 2

    class Source(Record):
        """What is mounted."""

        class Type(Enumeration):
            """Which field names the source."""

            UNKNOWN = auto(), 0
            DOCKER_VOLUME = auto(), 1
            HOST_PATH = auto(), 4
            SANDBOX_PATH = auto(), 2
            SECRET = auto(), 3
            CSI_VOLUME = auto(), 5

        class DockerVolume(Record):
            """A volume of a Docker volume driver."""

            driver: Annotated[str | None, number(1)] = None
            name: Annotated[str, number(2)]
            driver_options: Annotated[Parameters | None, number(3)] = None

        class HostPath(Record):
            """A file or folder of the host."""

            path: Annotated[str, number(1)]
            mount_propagation: Annotated[MountPropagation | None, number(2)] = None

        class SandboxPath(Record):
            """A path in the sandbox of the container itself or of its parent."""

            class Type(Enumeration):
                """Whose sandbox."""

                UNKNOWN = auto(), 0
                SELF = auto(), 1
                PARENT = auto(), 2

            type: Annotated[Type | None, number(1)] = None
            path: Annotated[str, number(2)]

        class CSIVolume(Record):
            """A volume of a CSI plugin."""

            class VolumeCapability(Record):
                """How a CSI volume is used: as a block device or mounted."""

                class BlockVolume(Record):
                    """As a block device."""

                class MountVolume(Record):
                    """Mounted with a file system."""

                    fs_type: Annotated[str | None, number(1)] = None
                    mount_flags: Annotated[tuple[str, ...], number(2)] = ()

                class AccessMode(Record):
                    """Who may use the volume at one time."""

                    class Mode(Enumeration):
                        """How many nodes may read, how many write."""

                        UNKNOWN = auto(), 0
                        SINGLE_NODE_WRITER = auto(), 1
                        SINGLE_NODE_READER_ONLY = auto(), 2
                        MULTI_NODE_READER_ONLY = auto(), 3
                        MULTI_NODE_SINGLE_WRITER = auto(), 4
                        MULTI_NODE_MULTI_WRITER = auto(), 5

                    mode: Annotated[Mode, number(1)]

                block: Annotated[BlockVolume | None, number(1, oneof="access_type")] = None
                mount: Annotated[MountVolume | None, number(2, oneof="access_type")] = None
                access_mode: Annotated[AccessMode, number(3)]

            class StaticProvisioning(Record):
                """A volume that exists already."""

                volume_id: Annotated[str, number(1)]
                volume_capability: Annotated[Volume.Source.CSIVolume.VolumeCapability, number(2)]
                node_stage_secrets: Annotated[Mapping[str, Secret], number(3)] = {}
                node_publish_secrets: Annotated[Mapping[str, Secret], number(4)] = {}
                volume_context: Annotated[Mapping[str, str], number(5)] = {}

            plugin_name: Annotated[str, number(1)]
            static_provisioning: Annotated[StaticProvisioning | None, number(2)] = None

        type: Annotated[Type | None, number(1)] = None
        docker_volume: Annotated[DockerVolume | None, number(2)] = None
        host_path: Annotated[HostPath | None, number(5)] = None
        sandbox_path: Annotated[SandboxPath | None, number(3)] = None
        secret: Annotated[Secret | None, number(4)] = None
        csi_volume: Annotated[CSIVolume | None, number(6)] = None

    mode: Annotated[Mode, number(3)]
    container_path: Annotated[str, number(1)]
    host_path: Annotated[str | None, number(2)] = None
    image: Annotated[Image | None, number(4)] = None
    source: Annotated[Source | None, number(5)] = None
