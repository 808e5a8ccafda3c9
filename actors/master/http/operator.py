"""What an operator may want of the master, whatever API the wish came by: one message for each.

A wish that is refused raises HttpError with the status of the refusal (mesos-protocol.md §4.1). One whose
answer does not come, as when the master ends its reign meanwhile, is a 503 that says so: it may be done.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from actors.election.address import MASTER
from actors.gateway.front import Front
from transport.http.exchange import HttpError, Response, refusal, unavailable
from transport.message import Message
from transport.messages import operating
from transport.records.agent import DrainConfig
from transport.records.duration import Duration
from transport.records.machine import MachineID
from transport.records.maintenance import Schedule
from transport.records.offer import Offer
from transport.records.quota import QuotaConfig, QuotaInfo, QuotaRequest, QuotaStatus
from transport.records.resource import Resource
from transport.records.role import WeightInfo
from transport.records.time_info import DurationInfo
from transport.records.value import Value

M = TypeVar("M", bound=Message)

_Operation = Offer.Operation
_Type = Offer.Operation.Type

_NANOSECONDS: Final = 10**9
_INT64: Final = 2**63
_MOST_ID_LENGTH: Final = 255
#: What is refused may be told at length, by the resources that are there: nobody reads it all.
_MOST_TEXT_LENGTH: Final = 4_000


class Operator:
    """Asks the master that leads, on this node."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._numbers = itertools.count(1)

    # --- agents ---

    async def drain(
        self, agent_id: str, max_grace_period: Duration | None, mark_gone: bool | None
    ) -> Response:
        """DRAIN_AGENT."""
        grace = None if max_grace_period is None else _duration_info(max_grace_period)
        config = DrainConfig(max_grace_period=grace, mark_gone=bool(mark_gone))
        return await self._change(
            lambda number: operating.DrainAgentRequest(number, _id(agent_id, "agent_id"), config)
        )

    async def deactivate(self, agent_id: str) -> Response:
        """DEACTIVATE_AGENT."""
        return await self._change(
            lambda number: operating.DeactivateAgentRequest(number, _id(agent_id, "agent_id"))
        )

    async def reactivate(self, agent_id: str) -> Response:
        """REACTIVATE_AGENT."""
        return await self._change(
            lambda number: operating.ReactivateAgentRequest(number, _id(agent_id, "agent_id"))
        )

    async def mark_gone(self, agent_id: str) -> Response:
        """MARK_AGENT_GONE."""
        return await self._change(
            lambda number: operating.MarkAgentGoneRequest(number, _id(agent_id, "agent_id"))
        )

    # --- resources of an agent ---

    async def reserve(
        self, agent_id: str, resources: tuple[Resource, ...], source: tuple[Resource, ...] = ()
    ) -> Response:
        """RESERVE_RESOURCES."""
        body = _Operation.Reserve(resources=resources, source=source)
        return await self._operate(agent_id, _Operation(type=_Type.RESERVE, reserve=body))

    async def unreserve(self, agent_id: str, resources: tuple[Resource, ...]) -> Response:
        """UNRESERVE_RESOURCES."""
        body = _Operation.Unreserve(resources=resources)
        return await self._operate(agent_id, _Operation(type=_Type.UNRESERVE, unreserve=body))

    async def create_volumes(self, agent_id: str, volumes: tuple[Resource, ...]) -> Response:
        """CREATE_VOLUMES."""
        body = _Operation.Create(volumes=volumes)
        return await self._operate(agent_id, _Operation(type=_Type.CREATE, create=body))

    async def destroy_volumes(self, agent_id: str, volumes: tuple[Resource, ...]) -> Response:
        """DESTROY_VOLUMES."""
        body = _Operation.Destroy(volumes=volumes)
        return await self._operate(agent_id, _Operation(type=_Type.DESTROY, destroy=body))

    async def grow_volume(self, agent_id: str, body: _Operation.GrowVolume) -> Response:
        """GROW_VOLUME."""
        return await self._operate(agent_id, _Operation(type=_Type.GROW_VOLUME, grow_volume=body))

    async def shrink_volume(self, agent_id: str, body: _Operation.ShrinkVolume) -> Response:
        """SHRINK_VOLUME."""
        return await self._operate(agent_id, _Operation(type=_Type.SHRINK_VOLUME, shrink_volume=body))

    async def _operate(self, agent_id: str, operation: _Operation) -> Response:
        return await self._change(
            lambda number: operating.OperateOnAgent(number, _id(agent_id, "agent_id"), operation)
        )

    # --- frameworks ---

    async def tear_down(self, framework_id: str) -> Response:
        """TEARDOWN."""
        return await self._change(
            lambda number: operating.TeardownRequest(number, _id(framework_id, "framework_id"))
        )

    # --- maintenance ---

    async def maintenance(self) -> operating.MaintenanceRead:
        """GET_MAINTENANCE_SCHEDULE and GET_MAINTENANCE_STATUS."""
        return await self._read(operating.ReadMaintenance, operating.MaintenanceRead)

    async def schedule_maintenance(self, schedule: Schedule) -> Response:
        """UPDATE_MAINTENANCE_SCHEDULE."""
        return await self._change(lambda number: operating.UpdateMaintenanceRequest(number, schedule))

    async def start_maintenance(self, machines: tuple[MachineID, ...]) -> Response:
        """START_MAINTENANCE."""
        return await self._change(lambda number: operating.StartMaintenanceRequest(number, machines))

    async def stop_maintenance(self, machines: tuple[MachineID, ...]) -> Response:
        """STOP_MAINTENANCE."""
        return await self._change(lambda number: operating.StopMaintenanceRequest(number, machines))

    # --- roles ---

    async def quotas(self) -> QuotaStatus:
        """GET_QUOTA, in the form that there is now and in the one that knew guarantees alone."""
        configs = (await self._read(operating.ReadQuotas, operating.QuotasRead)).configs
        return QuotaStatus(infos=tuple(map(_older, configs)), configs=configs)

    async def update_quotas(self, configs: tuple[QuotaConfig, ...], *, force: bool) -> Response:
        """UPDATE_QUOTA."""
        return await self._change(lambda number: operating.UpdateQuotasRequest(number, configs, force))

    async def set_quota(self, request: QuotaRequest) -> Response:
        """SET_QUOTA."""
        return await self._change(lambda number: operating.SetQuotaRequest(number, request))

    async def remove_quota(self, role: str) -> Response:
        """REMOVE_QUOTA."""
        return await self._change(lambda number: operating.RemoveQuotaRequest(number, role))

    async def weights(self) -> tuple[WeightInfo, ...]:
        """GET_WEIGHTS."""
        read = await self._read(operating.ReadWeights, operating.WeightsRead)
        return tuple(WeightInfo(role=role, weight=weight) for role, weight in read.weights.items())

    async def update_weights(self, infos: Iterable[WeightInfo]) -> Response:
        """UPDATE_WEIGHTS."""
        weights: dict[str, float] = {}
        for index, info in enumerate(infos):
            # Mesos trims them, too.
            role = (info.role or "").strip()
            if role in weights:
                raise refusal(400, f"weight_infos[{index}].role: {role!r} must not be given more than once")
            weights[role] = info.weight
        return await self._change(lambda number: operating.UpdateWeightsRequest(number, weights))

    # --- asking ---

    async def _change(self, make: Callable[[int], Message]) -> Response:
        """Have something done; what is done, or begun, has no more to tell than its status."""
        message = make(next(self._numbers))
        try:
            answer = await self._ask(message, operating.OperatorAnswer)
        except HttpError as error:
            raise HttpError(unavailable(f"{error}: whether the request was granted is not known")) from error
        if answer.status == 503:
            raise HttpError(unavailable(answer.message))
        if answer.status >= 300:
            raise refusal(answer.status, answer.message[:_MOST_TEXT_LENGTH])
        return Response(answer.status)

    async def _read(self, make: Callable[[int], Message], expected: type[M]) -> M:
        return await self._ask(make(next(self._numbers)), expected)

    async def _ask(self, message: Message, expected: type[M]) -> M:
        answer = await self._front.ask(MASTER, message)
        if not isinstance(answer, expected):
            raise HttpError(unavailable(f"{MASTER} answered something else"))
        return answer


def _id(value: str, name: str) -> str:
    """An id that is not endless; whether there is something of that id, the master knows."""
    if len(value) > _MOST_ID_LENGTH:
        raise refusal(400, f"{name}: must not be longer than {_MOST_ID_LENGTH}")
    return value


def _older(config: QuotaConfig) -> QuotaInfo:
    guarantee = tuple(
        Resource(name=name, type=Value.Type.SCALAR, scalar=scalar)
        for name, scalar in config.guarantees.items()
    )
    return QuotaInfo(role=config.role, guarantee=guarantee)


def _duration_info(duration: Duration) -> DurationInfo:
    """In nanoseconds, as Mesos' own record has it; raises HttpError."""
    seconds, nanos = duration.seconds or 0, duration.nanos or 0
    if abs(nanos) >= _NANOSECONDS or seconds * nanos < 0:
        raise refusal(400, "max_grace_period: nanos must be less than a second, and have the sign of seconds")
    nanoseconds = seconds * _NANOSECONDS + nanos
    if not -_INT64 <= nanoseconds < _INT64:
        raise refusal(400, f"max_grace_period: must be less than {_INT64 // _NANOSECONDS} seconds")
    return DurationInfo(nanoseconds=nanoseconds)
