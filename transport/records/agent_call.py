"""What operators ask of an agent: the calls of its v1 operator API (mesos-protocol.md §4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import auto
from typing import Annotated

from transport.record import Int32, Record, UInt32, UInt64, number
from transport.records.command import CommandInfo
from transport.records.container import ContainerInfo
from transport.records.enumeration import Enumeration
from transport.records.ids import ContainerID, ResourceProviderID
from transport.records.image import Image
from transport.records.process_io import ProcessIO
from transport.records.resource import Resource
from transport.records.resource_provider import ResourceProviderInfo
from transport.records.time_info import DurationInfo
from transport.records.value import Value

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.agent"


class Call(Record):
    """One call; the field of its `type` says the rest."""

    class Type(Enumeration):
        """What is asked."""

        UNKNOWN = auto(), 0
        GET_HEALTH = auto(), 1
        GET_FLAGS = auto(), 2
        GET_VERSION = auto(), 3
        GET_METRICS = auto(), 4
        GET_LOGGING_LEVEL = auto(), 5
        SET_LOGGING_LEVEL = auto(), 6
        LIST_FILES = auto(), 7
        READ_FILE = auto(), 8
        GET_STATE = auto(), 9
        GET_CONTAINERS = auto(), 10
        GET_FRAMEWORKS = auto(), 11
        GET_EXECUTORS = auto(), 12
        GET_OPERATIONS = auto(), 31
        GET_TASKS = auto(), 13
        GET_AGENT = auto(), 20
        GET_RESOURCE_PROVIDERS = auto(), 26
        LAUNCH_NESTED_CONTAINER = auto(), 14
        WAIT_NESTED_CONTAINER = auto(), 15
        KILL_NESTED_CONTAINER = auto(), 16
        REMOVE_NESTED_CONTAINER = auto(), 21
        LAUNCH_NESTED_CONTAINER_SESSION = auto(), 17
        ATTACH_CONTAINER_INPUT = auto(), 18
        ATTACH_CONTAINER_OUTPUT = auto(), 19
        LAUNCH_CONTAINER = auto(), 22
        WAIT_CONTAINER = auto(), 23
        KILL_CONTAINER = auto(), 24
        REMOVE_CONTAINER = auto(), 25
        ADD_RESOURCE_PROVIDER_CONFIG = auto(), 27
        UPDATE_RESOURCE_PROVIDER_CONFIG = auto(), 28
        REMOVE_RESOURCE_PROVIDER_CONFIG = auto(), 29
        MARK_RESOURCE_PROVIDER_GONE = auto(), 32
        PRUNE_IMAGES = auto(), 30

    class GetMetrics(Record):
        """Metrics; those that take longer than `timeout` are left out."""

        timeout: Annotated[DurationInfo | None, number(1)] = None

    class SetLoggingLevel(Record):
        """Log more or less for a while."""

        level: Annotated[UInt32, number(1)]
        duration: Annotated[DurationInfo, number(2)]

    class ListFiles(Record):
        """What is in a folder."""

        path: Annotated[str, number(1)]

    class ReadFile(Record):
        """Bytes of a file; without `length` up to its end."""

        path: Annotated[str, number(1)]
        offset: Annotated[UInt64, number(2)]
        length: Annotated[UInt64 | None, number(3)] = None

    class GetContainers(Record):
        """Containers of executors, and if asked for, those nested in them and those of nobody."""

        show_nested: Annotated[bool | None, number(1)] = None
        show_standalone: Annotated[bool | None, number(2)] = None

    class LaunchNestedContainer(Record):
        """Start a container within another; LAUNCH_CONTAINER took its place."""

        container_id: Annotated[ContainerID, number(1)]
        command: Annotated[CommandInfo | None, number(2)] = None
        container: Annotated[ContainerInfo | None, number(3)] = None

    class WaitNestedContainer(Record):
        """Wait until a nested container ends; WAIT_CONTAINER took its place."""

        container_id: Annotated[ContainerID, number(1)]

    class KillNestedContainer(Record):
        """Send a signal to a nested container; KILL_CONTAINER took its place."""

        container_id: Annotated[ContainerID, number(1)]
        signal: Annotated[Int32 | None, number(2)] = None

    class RemoveNestedContainer(Record):
        """Delete what a nested container left; REMOVE_CONTAINER took its place."""

        container_id: Annotated[ContainerID, number(1)]

    class LaunchNestedContainerSession(Record):
        """Start a nested container that lives as long as the stream of its output."""

        container_id: Annotated[ContainerID, number(1)]
        command: Annotated[CommandInfo | None, number(2)] = None
        container: Annotated[ContainerInfo | None, number(3)] = None

    class AttachContainerInput(Record):
        """One piece of a stream into a container: which one it is, then its input."""

        class Type(Enumeration):
            """Which piece it is."""

            UNKNOWN = auto(), 0
            CONTAINER_ID = auto(), 1
            PROCESS_IO = auto(), 2

        type: Annotated[Type | None, number(1)] = None
        container_id: Annotated[ContainerID | None, number(2)] = None
        process_io: Annotated[ProcessIO | None, number(3)] = None

    class AttachContainerOutput(Record):
        """Stream the output of a container."""

        container_id: Annotated[ContainerID, number(1)]

    class LaunchContainer(Record):
        """Start a container, within another or on its own."""

        container_id: Annotated[ContainerID, number(1)]
        command: Annotated[CommandInfo | None, number(2)] = None
        resources: Annotated[tuple[Resource, ...], number(3)] = ()
        container: Annotated[ContainerInfo | None, number(4)] = None
        limits: Annotated[Mapping[str, Value.Scalar], number(5)] = {}

    class WaitContainer(Record):
        """Wait until a container ends."""

        container_id: Annotated[ContainerID, number(1)]

    class KillContainer(Record):
        """Send a signal to a container, SIGKILL if none is given."""

        container_id: Annotated[ContainerID, number(1)]
        signal: Annotated[Int32 | None, number(2)] = None

    class RemoveContainer(Record):
        """Delete what a container left."""

        container_id: Annotated[ContainerID, number(1)]

    class AddResourceProviderConfig(Record):
        """Start a provider of resources."""

        info: Annotated[ResourceProviderInfo, number(1)]

    class UpdateResourceProviderConfig(Record):
        """Start a provider of resources anew with another configuration."""

        info: Annotated[ResourceProviderInfo, number(1)]

    class RemoveResourceProviderConfig(Record):
        """Stop a provider of resources."""

        type: Annotated[str, number(1)]
        name: Annotated[str, number(2)]

    class MarkResourceProviderGone(Record):
        """Give up on a provider of resources; it may never come back."""

        resource_provider_id: Annotated[ResourceProviderID, number(1)]

    class PruneImages(Record):
        """Delete images that nobody uses, but for these."""

        excluded_images: Annotated[tuple[Image, ...], number(1)] = ()

    type: Annotated[Type | None, number(1)] = None
    get_metrics: Annotated[GetMetrics | None, number(2)] = None
    set_logging_level: Annotated[SetLoggingLevel | None, number(3)] = None
    list_files: Annotated[ListFiles | None, number(4)] = None
    read_file: Annotated[ReadFile | None, number(5)] = None
    get_containers: Annotated[GetContainers | None, number(20)] = None
    launch_nested_container: Annotated[LaunchNestedContainer | None, number(6, deprecated=True)] = None
    wait_nested_container: Annotated[WaitNestedContainer | None, number(7, deprecated=True)] = None
    kill_nested_container: Annotated[KillNestedContainer | None, number(8, deprecated=True)] = None
    remove_nested_container: Annotated[RemoveNestedContainer | None, number(12, deprecated=True)] = None
    launch_nested_container_session: Annotated[LaunchNestedContainerSession | None, number(9)] = None
    attach_container_input: Annotated[AttachContainerInput | None, number(10)] = None
    attach_container_output: Annotated[AttachContainerOutput | None, number(11)] = None
    launch_container: Annotated[LaunchContainer | None, number(13)] = None
    wait_container: Annotated[WaitContainer | None, number(14)] = None
    kill_container: Annotated[KillContainer | None, number(15)] = None
    remove_container: Annotated[RemoveContainer | None, number(16)] = None
    add_resource_provider_config: Annotated[AddResourceProviderConfig | None, number(17)] = None
    update_resource_provider_config: Annotated[UpdateResourceProviderConfig | None, number(18)] = None
    remove_resource_provider_config: Annotated[RemoveResourceProviderConfig | None, number(19)] = None
    mark_resource_provider_gone: Annotated[MarkResourceProviderGone | None, number(22)] = None
    prune_images: Annotated[PruneImages | None, number(21)] = None
