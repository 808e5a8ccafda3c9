"""What an agent answers to operators (mesos-protocol.md §4.3)."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Int32, Record, UInt32, UInt64, number
from transport.records.agent import AgentInfo, DrainConfig
from transport.records.container import ContainerStatus
from transport.records.daemon import FileInfo, Flag, Metric, VersionInfo
from transport.records.enumeration import Enumeration
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import ContainerID, ExecutorID, FrameworkID
from transport.records.operation import Operation
from transport.records.resource import Resource
from transport.records.resource_provider import ResourceProviderInfo
from transport.records.statistics import ResourceStatistics
from transport.records.task import Task
from transport.records.task_status import TaskResourceLimitation, TaskState, TaskStatus
from transport.records.time_info import TimeInfo

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.agent"


class Response(Record):
    """One answer; the field of its `type` has it."""

    class Type(Enumeration):
        """Which call was answered."""

        UNKNOWN = auto(), 0
        GET_HEALTH = auto(), 1
        GET_FLAGS = auto(), 2
        GET_VERSION = auto(), 3
        GET_METRICS = auto(), 4
        GET_LOGGING_LEVEL = auto(), 5
        LIST_FILES = auto(), 6
        READ_FILE = auto(), 7
        GET_STATE = auto(), 8
        GET_CONTAINERS = auto(), 9
        GET_FRAMEWORKS = auto(), 10
        GET_EXECUTORS = auto(), 11
        GET_OPERATIONS = auto(), 17
        GET_TASKS = auto(), 12
        GET_AGENT = auto(), 14
        GET_RESOURCE_PROVIDERS = auto(), 16
        WAIT_NESTED_CONTAINER = auto(), 13
        WAIT_CONTAINER = auto(), 15

    class GetHealth(Record):
        """Whether the agent is well."""

        healthy: Annotated[bool, number(1)]

    class GetFlags(Record):
        """The flags that the agent was started with."""

        flags: Annotated[tuple[Flag, ...], number(1)] = ()

    class GetVersion(Record):
        """What was built, and when."""

        version_info: Annotated[VersionInfo, number(1)]

    class GetMetrics(Record):
        """All metrics."""

        metrics: Annotated[tuple[Metric, ...], number(1)] = ()

    class GetLoggingLevel(Record):
        """How much is logged."""

        level: Annotated[UInt32, number(1)]

    class ListFiles(Record):
        """What is in the folder."""

        file_infos: Annotated[tuple[FileInfo, ...], number(1)] = ()

    class ReadFile(Record):
        """Bytes of a file, and the size of all of it."""

        size: Annotated[UInt64, number(1)]
        data: Annotated[bytes, number(2)]

    class GetState(Record):
        """The whole agent."""

        get_tasks: Annotated[Response.GetTasks | None, number(1)] = None
        get_executors: Annotated[Response.GetExecutors | None, number(2)] = None
        get_frameworks: Annotated[Response.GetFrameworks | None, number(3)] = None

    class GetContainers(Record):
        """Containers on the agent."""

        class Container(Record):
            """A container, and what it uses."""

            framework_id: Annotated[FrameworkID | None, number(1)] = None
            executor_id: Annotated[ExecutorID | None, number(2)] = None
            executor_name: Annotated[str | None, number(3)] = None
            container_id: Annotated[ContainerID, number(4)]
            container_status: Annotated[ContainerStatus | None, number(5)] = None
            resource_statistics: Annotated[ResourceStatistics | None, number(6)] = None

        containers: Annotated[tuple[Container, ...], number(1)] = ()

    class GetFrameworks(Record):
        """Frameworks that have executors here, and those that are over."""

        class Framework(Record):
            """A framework."""

            framework_info: Annotated[FrameworkInfo, number(1)]

        frameworks: Annotated[tuple[Framework, ...], number(1)] = ()
        completed_frameworks: Annotated[tuple[Framework, ...], number(2)] = ()

    class GetExecutors(Record):
        """Executors, and those that are over."""

        class Executor(Record):
            """An executor."""

            executor_info: Annotated[ExecutorInfo, number(1)]

        executors: Annotated[tuple[Executor, ...], number(1)] = ()
        completed_executors: Annotated[tuple[Executor, ...], number(2)] = ()

    class GetOperations(Record):
        """Offer operations under way."""

        operations: Annotated[tuple[Operation, ...], number(1)] = ()

    class GetTasks(Record):
        """Tasks by how far they are: `pending` until authorized, `queued` until their executor is there."""

        pending_tasks: Annotated[tuple[Task, ...], number(1)] = ()
        queued_tasks: Annotated[tuple[Task, ...], number(2)] = ()
        launched_tasks: Annotated[tuple[Task, ...], number(3)] = ()
        terminated_tasks: Annotated[tuple[Task, ...], number(4)] = ()
        completed_tasks: Annotated[tuple[Task, ...], number(5)] = ()

    class GetAgent(Record):
        """The agent, and whether it is being emptied."""

        agent_info: Annotated[AgentInfo | None, number(1)] = None
        drain_config: Annotated[DrainConfig | None, number(2)] = None
        estimated_drain_start_time: Annotated[TimeInfo | None, number(3)] = None

    class GetResourceProviders(Record):
        """Providers of resources on the agent."""

        class ResourceProvider(Record):
            """A provider of resources, and what it has."""

            resource_provider_info: Annotated[ResourceProviderInfo, number(1)]
            total_resources: Annotated[tuple[Resource, ...], number(2)] = ()

        resource_providers: Annotated[tuple[ResourceProvider, ...], number(1)] = ()

    class WaitNestedContainer(Record):
        """How the nested container ended; `exit_status` as `wait` tells it."""

        exit_status: Annotated[Int32 | None, number(1)] = None
        state: Annotated[TaskState | None, number(2)] = None
        reason: Annotated[TaskStatus.Reason | None, number(3)] = None
        limitation: Annotated[TaskResourceLimitation | None, number(4)] = None
        message: Annotated[str | None, number(5)] = None

    class WaitContainer(Record):
        """How the container ended; `exit_status` as `wait` tells it."""

        exit_status: Annotated[Int32 | None, number(1)] = None
        state: Annotated[TaskState | None, number(2)] = None
        reason: Annotated[TaskStatus.Reason | None, number(3)] = None
        limitation: Annotated[TaskResourceLimitation | None, number(4)] = None
        message: Annotated[str | None, number(5)] = None

    type: Annotated[Type | None, number(1)] = None
    get_health: Annotated[GetHealth | None, number(2)] = None
    get_flags: Annotated[GetFlags | None, number(3)] = None
    get_version: Annotated[GetVersion | None, number(4)] = None
    get_metrics: Annotated[GetMetrics | None, number(5)] = None
    get_logging_level: Annotated[GetLoggingLevel | None, number(6)] = None
    list_files: Annotated[ListFiles | None, number(7)] = None
    read_file: Annotated[ReadFile | None, number(8)] = None
    get_state: Annotated[GetState | None, number(9)] = None
    get_containers: Annotated[GetContainers | None, number(10)] = None
    get_frameworks: Annotated[GetFrameworks | None, number(11)] = None
    get_executors: Annotated[GetExecutors | None, number(12)] = None
    get_operations: Annotated[GetOperations | None, number(18)] = None
    get_tasks: Annotated[GetTasks | None, number(13)] = None
    get_agent: Annotated[GetAgent | None, number(15)] = None
    get_resource_providers: Annotated[GetResourceProviders | None, number(17)] = None
    wait_nested_container: Annotated[WaitNestedContainer | None, number(14)] = None
    wait_container: Annotated[WaitContainer | None, number(16)] = None
