"""The calls of the v1 operator API that write."""

from __future__ import annotations

from typing import Final

from transport.records.duration import Duration
from transport.records.ids import AgentID, FrameworkID
from transport.records.machine import MachineID
from transport.records.maintenance import Schedule, Window
from transport.records.master_call import Call
from transport.records.quota import QuotaConfig, QuotaRequest
from transport.records.resource import Resource
from transport.records.role import WeightInfo
from transport.records.time_info import DurationInfo, TimeInfo, Unavailability
from transport.records.value import Value

Type = Call.Type
LATER: Final = Unavailability(start=TimeInfo(nanoseconds=10**18), duration=DurationInfo(nanoseconds=10**12))


def drain(agent_id: AgentID, grace: Duration | None = None) -> Call:
    return Call(type=Type.DRAIN_AGENT, drain_agent=Call.DrainAgent(agent_id=agent_id, max_grace_period=grace))


def deactivate(agent_id: AgentID) -> Call:
    return Call(type=Type.DEACTIVATE_AGENT, deactivate_agent=Call.DeactivateAgent(agent_id=agent_id))


def reactivate(agent_id: AgentID) -> Call:
    return Call(type=Type.REACTIVATE_AGENT, reactivate_agent=Call.ReactivateAgent(agent_id=agent_id))


def mark_gone(agent_id: AgentID) -> Call:
    return Call(type=Type.MARK_AGENT_GONE, mark_agent_gone=Call.MarkAgentGone(agent_id=agent_id))


def tear_down(framework_id: str) -> Call:
    body = Call.Teardown(framework_id=FrameworkID(value=framework_id))
    return Call(type=Type.TEARDOWN, teardown=body)


def reserve(agent_id: AgentID, *resources: Resource, source: tuple[Resource, ...] = ()) -> Call:
    body = Call.ReserveResources(agent_id=agent_id, resources=resources, source=source)
    return Call(type=Type.RESERVE_RESOURCES, reserve_resources=body)


def unreserve(agent_id: AgentID, *resources: Resource) -> Call:
    body = Call.UnreserveResources(agent_id=agent_id, resources=resources)
    return Call(type=Type.UNRESERVE_RESOURCES, unreserve_resources=body)


def create(agent_id: AgentID, *volumes: Resource) -> Call:
    body = Call.CreateVolumes(agent_id=agent_id, volumes=volumes)
    return Call(type=Type.CREATE_VOLUMES, create_volumes=body)


def destroy(agent_id: AgentID, *volumes: Resource) -> Call:
    body = Call.DestroyVolumes(agent_id=agent_id, volumes=volumes)
    return Call(type=Type.DESTROY_VOLUMES, destroy_volumes=body)


def grow(agent_id: AgentID | None, target: Resource, addition: Resource) -> Call:
    body = Call.GrowVolume(agent_id=agent_id, volume=target, addition=addition)
    return Call(type=Type.GROW_VOLUME, grow_volume=body)


def shrink(agent_id: AgentID | None, target: Resource, less: float) -> Call:
    body = Call.ShrinkVolume(agent_id=agent_id, volume=target, subtract=Value.Scalar(value=less))
    return Call(type=Type.SHRINK_VOLUME, shrink_volume=body)


def plan(*hostnames: str, unavailability: Unavailability = LATER) -> Call:
    machines = tuple(MachineID(hostname=hostname) for hostname in hostnames)
    windows = (Window(machine_ids=machines, unavailability=unavailability),) if machines else ()
    body = Call.UpdateMaintenanceSchedule(schedule=Schedule(windows=windows))
    return Call(type=Type.UPDATE_MAINTENANCE_SCHEDULE, update_maintenance_schedule=body)


def start(*hostnames: str) -> Call:
    machines = tuple(MachineID(hostname=hostname) for hostname in hostnames)
    return Call(type=Type.START_MAINTENANCE, start_maintenance=Call.StartMaintenance(machines=machines))


def stop(*hostnames: str) -> Call:
    machines = tuple(MachineID(hostname=hostname) for hostname in hostnames)
    return Call(type=Type.STOP_MAINTENANCE, stop_maintenance=Call.StopMaintenance(machines=machines))


def update_quota(*configs: QuotaConfig, force: bool | None = None) -> Call:
    body = Call.UpdateQuota(quota_configs=configs, force=force)
    return Call(type=Type.UPDATE_QUOTA, update_quota=body)


def set_quota(role: str | None, *guarantee: Resource, force: bool | None = None) -> Call:
    request = QuotaRequest(role=role, guarantee=guarantee, force=force)
    return Call(type=Type.SET_QUOTA, set_quota=Call.SetQuota(quota_request=request))


def remove_quota(role: str) -> Call:
    return Call(type=Type.REMOVE_QUOTA, remove_quota=Call.RemoveQuota(role=role))


def weigh(*weights: tuple[str | None, float]) -> Call:
    infos = tuple(WeightInfo(role=role, weight=weight) for role, weight in weights)
    return Call(type=Type.UPDATE_WEIGHTS, update_weights=Call.UpdateWeights(weight_infos=infos))
