"""What operators ask of a master: the calls of its v1 operator API (mesos-protocol.md §4.1)."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, UInt32, UInt64, number
from transport.records.duration import Duration
from transport.records.enumeration import Enumeration
from transport.records.ids import AgentID, FrameworkID
from transport.records.machine import MachineID
from transport.records.maintenance import Schedule
from transport.records.quota import QuotaConfig, QuotaRequest
from transport.records.resource import Resource
from transport.records.role import WeightInfo
from transport.records.time_info import DurationInfo
from transport.records.value import Value

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.master"


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
        GET_AGENTS = auto(), 10
        GET_FRAMEWORKS = auto(), 11
        GET_EXECUTORS = auto(), 12
        GET_OPERATIONS = auto(), 33
        GET_TASKS = auto(), 13
        GET_ROLES = auto(), 14
        GET_WEIGHTS = auto(), 15
        UPDATE_WEIGHTS = auto(), 16
        GET_MASTER = auto(), 17
        SUBSCRIBE = auto(), 18
        RESERVE_RESOURCES = auto(), 19
        UNRESERVE_RESOURCES = auto(), 20
        CREATE_VOLUMES = auto(), 21
        DESTROY_VOLUMES = auto(), 22
        GROW_VOLUME = auto(), 34
        SHRINK_VOLUME = auto(), 35
        GET_MAINTENANCE_STATUS = auto(), 23
        GET_MAINTENANCE_SCHEDULE = auto(), 24
        UPDATE_MAINTENANCE_SCHEDULE = auto(), 25
        START_MAINTENANCE = auto(), 26
        STOP_MAINTENANCE = auto(), 27
        DRAIN_AGENT = auto(), 37
        DEACTIVATE_AGENT = auto(), 38
        REACTIVATE_AGENT = auto(), 39
        GET_QUOTA = auto(), 28
        UPDATE_QUOTA = auto(), 36
        SET_QUOTA = auto(), 29
        REMOVE_QUOTA = auto(), 30
        TEARDOWN = auto(), 31
        MARK_AGENT_GONE = auto(), 32

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

    class UpdateWeights(Record):
        """Change the weights of these roles."""

        weight_infos: Annotated[tuple[WeightInfo, ...], number(1)] = ()

    class ReserveResources(Record):
        """Reserve an agent's resources, one level deeper than they are or than `source` is."""

        agent_id: Annotated[AgentID, number(1)]
        source: Annotated[tuple[Resource, ...], number(3)] = ()
        resources: Annotated[tuple[Resource, ...], number(2)] = ()

    class UnreserveResources(Record):
        """Take the last level of reservation off."""

        agent_id: Annotated[AgentID, number(1)]
        resources: Annotated[tuple[Resource, ...], number(2)] = ()

    class CreateVolumes(Record):
        """Make persistent volumes on reserved disk."""

        agent_id: Annotated[AgentID, number(1)]
        volumes: Annotated[tuple[Resource, ...], number(2)] = ()

    class DestroyVolumes(Record):
        """Delete persistent volumes and what is in them."""

        agent_id: Annotated[AgentID, number(1)]
        volumes: Annotated[tuple[Resource, ...], number(2)] = ()

    class GrowVolume(Record):
        """Make a persistent volume larger by `addition`."""

        agent_id: Annotated[AgentID | None, number(1)] = None
        volume: Annotated[Resource, number(2)]
        addition: Annotated[Resource, number(3)]

    class ShrinkVolume(Record):
        """Make a persistent volume smaller by `subtract`."""

        agent_id: Annotated[AgentID | None, number(1)] = None
        volume: Annotated[Resource, number(2)]
        subtract: Annotated[Value.Scalar, number(3)]

    class UpdateMaintenanceSchedule(Record):
        """Replace all planned maintenance."""

        schedule: Annotated[Schedule, number(1)]

    class StartMaintenance(Record):
        """Take machines down that are being emptied."""

        machines: Annotated[tuple[MachineID, ...], number(1)] = ()

    class StopMaintenance(Record):
        """Bring machines up again."""

        machines: Annotated[tuple[MachineID, ...], number(1)] = ()

    class DrainAgent(Record):
        """Empty an agent; tasks get at most `max_grace_period` to end by themselves."""

        agent_id: Annotated[AgentID, number(1)]
        max_grace_period: Annotated[Duration | None, number(2)] = None
        mark_gone: Annotated[bool | None, number(3, False)] = None

    class DeactivateAgent(Record):
        """Offer nothing of an agent's."""

        agent_id: Annotated[AgentID, number(1)]

    class ReactivateAgent(Record):
        """Offer an agent's resources again."""

        agent_id: Annotated[AgentID, number(1)]

    class UpdateQuota(Record):
        """Replace the quotas of these roles, all or none; `force` skips checks of capacity and use."""

        force: Annotated[bool | None, number(1)] = None
        quota_configs: Annotated[tuple[QuotaConfig, ...], number(2)] = ()

    class SetQuota(Record):
        """Guarantee resources to a role that has no quota; UPDATE_QUOTA took its place."""

        quota_request: Annotated[QuotaRequest, number(1)]

    class RemoveQuota(Record):
        """Guarantee a role nothing; UPDATE_QUOTA took its place."""

        role: Annotated[str, number(1)]

    class Teardown(Record):
        """Remove a framework with all its tasks."""

        framework_id: Annotated[FrameworkID, number(1)]

    class MarkAgentGone(Record):
        """Give up on an agent; it may never come back."""

        agent_id: Annotated[AgentID, number(1)]

    type: Annotated[Type | None, number(1)] = None
    get_metrics: Annotated[GetMetrics | None, number(2)] = None
    set_logging_level: Annotated[SetLoggingLevel | None, number(3)] = None
    list_files: Annotated[ListFiles | None, number(4)] = None
    read_file: Annotated[ReadFile | None, number(5)] = None
    update_weights: Annotated[UpdateWeights | None, number(6)] = None
    reserve_resources: Annotated[ReserveResources | None, number(7)] = None
    unreserve_resources: Annotated[UnreserveResources | None, number(8)] = None
    create_volumes: Annotated[CreateVolumes | None, number(9)] = None
    destroy_volumes: Annotated[DestroyVolumes | None, number(10)] = None
    grow_volume: Annotated[GrowVolume | None, number(18)] = None
    shrink_volume: Annotated[ShrinkVolume | None, number(19)] = None
    update_maintenance_schedule: Annotated[UpdateMaintenanceSchedule | None, number(11)] = None
    start_maintenance: Annotated[StartMaintenance | None, number(12)] = None
    stop_maintenance: Annotated[StopMaintenance | None, number(13)] = None
    drain_agent: Annotated[DrainAgent | None, number(21)] = None
    deactivate_agent: Annotated[DeactivateAgent | None, number(22)] = None
    reactivate_agent: Annotated[ReactivateAgent | None, number(23)] = None
    update_quota: Annotated[UpdateQuota | None, number(20)] = None
    teardown: Annotated[Teardown | None, number(16)] = None
    mark_agent_gone: Annotated[MarkAgentGone | None, number(17)] = None
    set_quota: Annotated[SetQuota | None, number(14, deprecated=True)] = None
    remove_quota: Annotated[RemoveQuota | None, number(15, deprecated=True)] = None
