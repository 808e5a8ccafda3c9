"""The older endpoints that change something, or read what only they change (mesos-protocol.md §5.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from actors.gateway.front import Front
from actors.master.http.form import Form, read_record, read_records
from actors.master.http.operator import Operator
from transport import json_v1
from transport.http.exchange import Request, Response, show
from transport.http.routes import Route
from transport.limits import MIB
from transport.record import Record
from transport.records.machine import MachineID
from transport.records.maintenance import Schedule
from transport.records.quota import QuotaRequest
from transport.records.resource import Resource
from transport.records.role import WeightInfo

_READ: Final = ("GET", "HEAD")
_BODY_BYTES: Final = MIB


def operator_endpoints(front: Front) -> Iterable[Route]:
    """Where the handlers are found."""
    desk = _OperatorEndpoints(Operator(front))
    yield Route("/maintenance/schedule", desk.schedule, (*_READ, "POST"), _BODY_BYTES)
    yield Route("/maintenance/status", desk.status)
    yield Route("/machine/down", desk.machine_down, ("POST",), _BODY_BYTES)
    yield Route("/machine/up", desk.machine_up, ("POST",), _BODY_BYTES)
    yield Route("/quota", desk.quota, (*_READ, "POST", "DELETE"), _BODY_BYTES)
    yield Route("/weights", desk.weights, (*_READ, "PUT"), _BODY_BYTES)
    yield Route("/reserve", desk.reserve, ("POST",), _BODY_BYTES)
    yield Route("/unreserve", desk.unreserve, ("POST",), _BODY_BYTES)
    yield Route("/create-volumes", desk.create_volumes, ("POST",), _BODY_BYTES)
    yield Route("/destroy-volumes", desk.destroy_volumes, ("POST",), _BODY_BYTES)
    yield Route("/teardown", desk.teardown, ("POST",), _BODY_BYTES)


class _OperatorEndpoints:
    """One method for each path."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    # --- maintenance ---

    async def schedule(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._operator.schedule_maintenance(read_record(request.body, Schedule))
        return _shown(request, (await self._operator.maintenance()).schedule)

    async def status(self, request: Request) -> Response:
        return _shown(request, (await self._operator.maintenance()).status)

    async def machine_down(self, request: Request) -> Response:
        return await self._operator.start_maintenance(read_records(request.body, MachineID))

    async def machine_up(self, request: Request) -> Response:
        return await self._operator.stop_maintenance(read_records(request.body, MachineID))

    # --- roles ---

    async def quota(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._operator.set_quota(read_record(request.body, QuotaRequest))
        if request.method == "DELETE":
            return await self._operator.remove_quota("/".join(request.rest))
        return _shown(request, await self._operator.quotas())

    async def weights(self, request: Request) -> Response:
        if request.method == "PUT":
            return await self._operator.update_weights(read_records(request.body, WeightInfo))
        infos = await self._operator.weights()
        return show(request, [msgspec.Raw(json_v1.encode(info)) for info in infos])

    # --- resources of an agent ---

    async def reserve(self, request: Request) -> Response:
        form = Form(request.body)
        return await self._operator.reserve(
            form.text("slaveId"), form.records("resources", Resource), form.records_if_any("source", Resource)
        )

    async def unreserve(self, request: Request) -> Response:
        form = Form(request.body)
        return await self._operator.unreserve(form.text("slaveId"), form.records("resources", Resource))

    async def create_volumes(self, request: Request) -> Response:
        form = Form(request.body)
        return await self._operator.create_volumes(form.text("slaveId"), form.records("volumes", Resource))

    async def destroy_volumes(self, request: Request) -> Response:
        form = Form(request.body)
        return await self._operator.destroy_volumes(form.text("slaveId"), form.records("volumes", Resource))

    # --- frameworks ---

    async def teardown(self, request: Request) -> Response:
        return await self._operator.tear_down(Form(request.body).text("frameworkId"))


def _shown(request: Request, record: Record) -> Response:
    return show(request, msgspec.Raw(json_v1.encode(record)))
