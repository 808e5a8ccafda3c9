"""What a master answers to operators (mesos-protocol.md §4.1)."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, UInt32, UInt64, number
from transport.records.agent import AgentInfo, DrainInfo
from transport.records.daemon import FileInfo, Flag, Metric, VersionInfo
from transport.records.enumeration import Enumeration
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID
from transport.records.maintenance import ClusterStatus, Schedule
from transport.records.master import MasterInfo
from transport.records.offer import InverseOffer, Offer
from transport.records.offer_constraints import OfferConstraints
from transport.records.operation import Operation
from transport.records.quota import QuotaStatus
from transport.records.resource import Resource
from transport.records.resource_provider import ResourceProviderInfo
from transport.records.role import Role, WeightInfo
from transport.records.task import Task
from transport.records.time_info import TimeInfo

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.master"


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
        GET_AGENTS = auto(), 9
        GET_FRAMEWORKS = auto(), 10
        GET_EXECUTORS = auto(), 11
        GET_OPERATIONS = auto(), 19
        GET_TASKS = auto(), 12
        GET_ROLES = auto(), 13
        GET_WEIGHTS = auto(), 14
        GET_MASTER = auto(), 15
        GET_MAINTENANCE_STATUS = auto(), 16
        GET_MAINTENANCE_SCHEDULE = auto(), 17
        GET_QUOTA = auto(), 18

    class GetHealth(Record):
        """Whether the master is well."""

        healthy: Annotated[bool, number(1)]

    class GetFlags(Record):
        """The flags that the master was started with."""

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
        """The whole cluster."""

        get_tasks: Annotated[Response.GetTasks | None, number(1)] = None
        get_executors: Annotated[Response.GetExecutors | None, number(2)] = None
        get_frameworks: Annotated[Response.GetFrameworks | None, number(3)] = None
        get_agents: Annotated[Response.GetAgents | None, number(4)] = None

    class GetAgents(Record):
        """Agents, and those that have not come back since the master was elected."""

        class Agent(Record):
            """An agent, what it has and what of it is used."""

            class ResourceProvider(Record):
                """A provider of resources on the agent."""

                resource_provider_info: Annotated[ResourceProviderInfo, number(1)]
                total_resources: Annotated[tuple[Resource, ...], number(2)] = ()

            agent_info: Annotated[AgentInfo, number(1)]
            active: Annotated[bool, number(2)]
            deactivated: Annotated[bool | None, number(12)] = None
            version: Annotated[str, number(3)]
            pid: Annotated[str | None, number(4)] = None
            registered_time: Annotated[TimeInfo | None, number(5)] = None
            reregistered_time: Annotated[TimeInfo | None, number(6)] = None
            total_resources: Annotated[tuple[Resource, ...], number(7)] = ()
            allocated_resources: Annotated[tuple[Resource, ...], number(8)] = ()
            offered_resources: Annotated[tuple[Resource, ...], number(9)] = ()
            capabilities: Annotated[tuple[AgentInfo.Capability, ...], number(10)] = ()
            resource_providers: Annotated[tuple[ResourceProvider, ...], number(11)] = ()
            drain_info: Annotated[DrainInfo | None, number(13)] = None
            estimated_drain_start_time: Annotated[TimeInfo | None, number(14)] = None

        agents: Annotated[tuple[Agent, ...], number(1)] = ()
        recovered_agents: Annotated[tuple[AgentInfo, ...], number(2)] = ()

    class GetFrameworks(Record):
        """Frameworks, and those that are over."""

        class Framework(Record):
            """A framework, what it uses and what it is offered."""

            framework_info: Annotated[FrameworkInfo, number(1)]
            active: Annotated[bool, number(2)]
            connected: Annotated[bool, number(3)]
            recovered: Annotated[bool, number(11)]
            registered_time: Annotated[TimeInfo | None, number(4)] = None
            reregistered_time: Annotated[TimeInfo | None, number(5)] = None
            unregistered_time: Annotated[TimeInfo | None, number(6)] = None
            offers: Annotated[tuple[Offer, ...], number(7)] = ()
            inverse_offers: Annotated[tuple[InverseOffer, ...], number(8)] = ()
            allocated_resources: Annotated[tuple[Resource, ...], number(9)] = ()
            offered_resources: Annotated[tuple[Resource, ...], number(10)] = ()
            offer_constraints: Annotated[OfferConstraints | None, number(12)] = None

        frameworks: Annotated[tuple[Framework, ...], number(1)] = ()
        completed_frameworks: Annotated[tuple[Framework, ...], number(2)] = ()
        recovered_frameworks: Annotated[tuple[FrameworkInfo, ...], number(3, deprecated=True)] = ()

    class GetExecutors(Record):
        """Executors of all frameworks."""

        class Executor(Record):
            """An executor, and where it runs."""

            executor_info: Annotated[ExecutorInfo, number(1)]
            agent_id: Annotated[AgentID, number(2)]

        executors: Annotated[tuple[Executor, ...], number(1)] = ()
        orphan_executors: Annotated[tuple[Executor, ...], number(2, deprecated=True)] = ()

    class GetOperations(Record):
        """Offer operations under way."""

        operations: Annotated[tuple[Operation, ...], number(1)] = ()

    class GetTasks(Record):
        """Tasks that run, are out of reach or are over."""

        pending_tasks: Annotated[tuple[Task, ...], number(1, deprecated=True)] = ()
        tasks: Annotated[tuple[Task, ...], number(2)] = ()
        unreachable_tasks: Annotated[tuple[Task, ...], number(5)] = ()
        completed_tasks: Annotated[tuple[Task, ...], number(3)] = ()
        orphan_tasks: Annotated[tuple[Task, ...], number(4, deprecated=True)] = ()

    class GetRoles(Record):
        """Roles that are known."""

        roles: Annotated[tuple[Role, ...], number(1)] = ()

    class GetWeights(Record):
        """Roles whose weight was set."""

        weight_infos: Annotated[tuple[WeightInfo, ...], number(1)] = ()

    class GetMaster(Record):
        """The leader; `start_time` and `elected_time` in seconds since 1970."""

        master_info: Annotated[MasterInfo | None, number(1)] = None
        start_time: Annotated[float | None, number(2)] = None
        elected_time: Annotated[float | None, number(3)] = None

    class GetMaintenanceStatus(Record):
        """Machines that are being emptied, and those that are down."""

        status: Annotated[ClusterStatus, number(1)]

    class GetMaintenanceSchedule(Record):
        """All planned maintenance."""

        schedule: Annotated[Schedule, number(1)]

    class GetQuota(Record):
        """The quotas of all roles that have one."""

        status: Annotated[QuotaStatus, number(1)]

    type: Annotated[Type | None, number(1)] = None
    get_health: Annotated[GetHealth | None, number(2)] = None
    get_flags: Annotated[GetFlags | None, number(3)] = None
    get_version: Annotated[GetVersion | None, number(4)] = None
    get_metrics: Annotated[GetMetrics | None, number(5)] = None
    get_logging_level: Annotated[GetLoggingLevel | None, number(6)] = None
    list_files: Annotated[ListFiles | None, number(7)] = None
    read_file: Annotated[ReadFile | None, number(8)] = None
    get_state: Annotated[GetState | None, number(9)] = None
    get_agents: Annotated[GetAgents | None, number(10)] = None
    get_frameworks: Annotated[GetFrameworks | None, number(11)] = None
    get_executors: Annotated[GetExecutors | None, number(12)] = None
    get_operations: Annotated[GetOperations | None, number(20)] = None
    get_tasks: Annotated[GetTasks | None, number(13)] = None
    get_roles: Annotated[GetRoles | None, number(14)] = None
    get_weights: Annotated[GetWeights | None, number(15)] = None
    get_master: Annotated[GetMaster | None, number(16)] = None
    get_maintenance_status: Annotated[GetMaintenanceStatus | None, number(17)] = None
    get_maintenance_schedule: Annotated[GetMaintenanceSchedule | None, number(18)] = None
    get_quota: Annotated[GetQuota | None, number(19)] = None
