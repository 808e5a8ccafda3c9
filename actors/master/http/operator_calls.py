"""The calls of the v1 operator API that change something, or read what only they change.

The facts are in mesos-protocol.md §4.1. What was done is answered by a status and no body.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from actors.gateway.front import Front
from actors.gateway.operator import Answer, CallHandler
from actors.master.http.operator import Operator
from transport.http.exchange import Response, refusal
from transport.http.media_type import MediaType
from transport.records.enumeration import Enumeration
from transport.records.ids import AgentID
from transport.records.master_call import Call
from transport.records.master_response import Response as Told
from transport.records.offer import Offer

_Type = Call.Type
_Operation = Offer.Operation
_Handler = Callable[[Call], Awaitable[Told | Response]]
_Body = TypeVar("_Body")


def operator_calls(front: Front) -> Mapping[Enumeration, CallHandler[Call]]:
    """The handlers, by the type of call."""
    desk = _OperatorCalls(Operator(front))
    handlers: Mapping[Enumeration, _Handler] = {
        _Type.GET_WEIGHTS: desk.get_weights,
        _Type.UPDATE_WEIGHTS: desk.update_weights,
        _Type.RESERVE_RESOURCES: desk.reserve_resources,
        _Type.UNRESERVE_RESOURCES: desk.unreserve_resources,
        _Type.CREATE_VOLUMES: desk.create_volumes,
        _Type.DESTROY_VOLUMES: desk.destroy_volumes,
        _Type.GROW_VOLUME: desk.grow_volume,
        _Type.SHRINK_VOLUME: desk.shrink_volume,
        _Type.GET_MAINTENANCE_STATUS: desk.get_maintenance_status,
        _Type.GET_MAINTENANCE_SCHEDULE: desk.get_maintenance_schedule,
        _Type.UPDATE_MAINTENANCE_SCHEDULE: desk.update_maintenance_schedule,
        _Type.START_MAINTENANCE: desk.start_maintenance,
        _Type.STOP_MAINTENANCE: desk.stop_maintenance,
        _Type.DRAIN_AGENT: desk.drain_agent,
        _Type.DEACTIVATE_AGENT: desk.deactivate_agent,
        _Type.REACTIVATE_AGENT: desk.reactivate_agent,
        _Type.MARK_AGENT_GONE: desk.mark_agent_gone,
        _Type.GET_QUOTA: desk.get_quota,
        _Type.UPDATE_QUOTA: desk.update_quota,
        _Type.SET_QUOTA: desk.set_quota,
        _Type.REMOVE_QUOTA: desk.remove_quota,
        _Type.TEARDOWN: desk.teardown,
    }
    return {kind: _form_free(handler) for kind, handler in handlers.items()}


def _form_free(handler: _Handler) -> CallHandler[Call]:
    """A handler that leaves it to others to write its answer in the client's form."""

    async def handle(call: Call, _form: MediaType) -> Answer:
        return await handler(call)

    return handle


class _OperatorCalls:
    """One method for each type of call; that the call has the field of its type has been checked."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    # --- roles ---

    async def get_weights(self, _call: Call) -> Told:
        infos = await self._operator.weights()
        # As Mesos does: where there are none, the field is missing.
        return Told(
            type=Told.Type.GET_WEIGHTS, get_weights=Told.GetWeights(weight_infos=infos) if infos else None
        )

    async def update_weights(self, call: Call) -> Response:
        return await self._operator.update_weights(_given(call.update_weights).weight_infos)

    async def get_quota(self, _call: Call) -> Told:
        status = await self._operator.quotas()
        return Told(type=Told.Type.GET_QUOTA, get_quota=Told.GetQuota(status=status))

    async def update_quota(self, call: Call) -> Response:
        body = _given(call.update_quota)
        return await self._operator.update_quotas(body.quota_configs, force=bool(body.force))

    async def set_quota(self, call: Call) -> Response:
        return await self._operator.set_quota(_given(call.set_quota).quota_request)

    async def remove_quota(self, call: Call) -> Response:
        return await self._operator.remove_quota(_given(call.remove_quota).role)

    # --- resources of an agent ---

    async def reserve_resources(self, call: Call) -> Response:
        body = _given(call.reserve_resources)
        return await self._operator.reserve(body.agent_id.value, body.resources, body.source)

    async def unreserve_resources(self, call: Call) -> Response:
        body = _given(call.unreserve_resources)
        return await self._operator.unreserve(body.agent_id.value, body.resources)

    async def create_volumes(self, call: Call) -> Response:
        body = _given(call.create_volumes)
        return await self._operator.create_volumes(body.agent_id.value, body.volumes)

    async def destroy_volumes(self, call: Call) -> Response:
        body = _given(call.destroy_volumes)
        return await self._operator.destroy_volumes(body.agent_id.value, body.volumes)

    async def grow_volume(self, call: Call) -> Response:
        body = _given(call.grow_volume)
        grow = _Operation.GrowVolume(volume=body.volume, addition=body.addition)
        return await self._operator.grow_volume(_agent(body.agent_id, "grow_volume"), grow)

    async def shrink_volume(self, call: Call) -> Response:
        body = _given(call.shrink_volume)
        shrink = _Operation.ShrinkVolume(volume=body.volume, subtract=body.subtract)
        return await self._operator.shrink_volume(_agent(body.agent_id, "shrink_volume"), shrink)

    # --- maintenance ---

    async def get_maintenance_status(self, _call: Call) -> Told:
        status = (await self._operator.maintenance()).status
        return Told(
            type=Told.Type.GET_MAINTENANCE_STATUS,
            get_maintenance_status=Told.GetMaintenanceStatus(status=status),
        )

    async def get_maintenance_schedule(self, _call: Call) -> Told:
        schedule = (await self._operator.maintenance()).schedule
        return Told(
            type=Told.Type.GET_MAINTENANCE_SCHEDULE,
            get_maintenance_schedule=Told.GetMaintenanceSchedule(schedule=schedule),
        )

    async def update_maintenance_schedule(self, call: Call) -> Response:
        return await self._operator.schedule_maintenance(_given(call.update_maintenance_schedule).schedule)

    async def start_maintenance(self, call: Call) -> Response:
        return await self._operator.start_maintenance(_given(call.start_maintenance).machines)

    async def stop_maintenance(self, call: Call) -> Response:
        return await self._operator.stop_maintenance(_given(call.stop_maintenance).machines)

    # --- agents and frameworks ---

    async def drain_agent(self, call: Call) -> Response:
        body = _given(call.drain_agent)
        return await self._operator.drain(body.agent_id.value, body.max_grace_period, body.mark_gone)

    async def deactivate_agent(self, call: Call) -> Response:
        return await self._operator.deactivate(_given(call.deactivate_agent).agent_id.value)

    async def reactivate_agent(self, call: Call) -> Response:
        return await self._operator.reactivate(_given(call.reactivate_agent).agent_id.value)

    async def mark_agent_gone(self, call: Call) -> Response:
        return await self._operator.mark_gone(_given(call.mark_agent_gone).agent_id.value)

    async def teardown(self, call: Call) -> Response:
        return await self._operator.tear_down(_given(call.teardown).framework_id.value)


def _given(body: _Body | None) -> _Body:
    """The field of a call's type, which `transport.http.call` has made sure of."""
    assert body is not None
    return body


def _agent(agent_id: AgentID | None, field: str) -> str:
    """The agent of a call that may name a resource provider instead, in Mesos: there are none here."""
    if agent_id is None:
        raise refusal(400, f"{field}.agent_id: must be given")
    return agent_id.value
