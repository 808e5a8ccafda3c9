"""The v1 operator API of an agent, `POST /api/v1`: some calls are streams (mesos-protocol.md §4.3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

from actors.agent.http.attach import AttachCalls
from actors.agent.http.containers import Containers
from actors.gateway.operator import CallHandler, names_of
from transport.http.call import take_call
from transport.http.exchange import Request, Response, Streaming, refusal
from transport.http.media_type import RECORDIO, MediaType
from transport.http.negotiation import form_of_answer, form_of_call
from transport.http.routes import Route
from transport.limits import MIB
from transport.record import Record
from transport.records.agent_call import Call
from transport.records.endpoint_format import shown
from transport.records.enumeration import Enumeration

_Type = Call.Type
_PATHS: Final = ("/api/v1", "/api/v1/operator")
#: The most that a call may have, but for streams.
_BODY_BYTES: Final = 16 * MIB
#: Calls whose answers may be large, and are written on another thread, too.
_LARGE: Final = (_Type.GET_STATE, _Type.GET_TASKS, _Type.GET_EXECUTORS, _Type.GET_CONTAINERS)
#: Calls that wait for as long as their client does, and those that are answered by streams.
_PATIENT: Final = (_Type.WAIT_CONTAINER, _Type.WAIT_NESTED_CONTAINER)
_STREAMED: Final = (_Type.ATTACH_CONTAINER_OUTPUT, _Type.LAUNCH_NESTED_CONTAINER_SESSION)
#: What calls are about that are not there.
_MISSING: Final = {
    _Type.ADD_RESOURCE_PROVIDER_CONFIG: "resource providers",
    _Type.UPDATE_RESOURCE_PROVIDER_CONFIG: "resource providers",
    _Type.REMOVE_RESOURCE_PROVIDER_CONFIG: "resource providers",
    _Type.MARK_RESOURCE_PROVIDER_GONE: "resource providers",
    _Type.PRUNE_IMAGES: "images of containers",
}


class AgentOperatorApi:
    """Reads calls, and has each answered by its handler; `attach` answers those that are streams."""

    def __init__(
        self, containers: Containers, attach: AttachCalls, handlers: Mapping[Enumeration, CallHandler[Call]]
    ) -> None:
        self._containers = containers
        self._attach = attach
        self._handlers = {
            **handlers,
            _Type.LAUNCH_NESTED_CONTAINER_SESSION: attach.launch_session,
            _Type.ATTACH_CONTAINER_OUTPUT: attach.attach_output,
        }

    @property
    def types(self) -> tuple[str, ...]:
        """See `AnswersCalls`."""
        return names_of((*self._handlers, _Type.ATTACH_CONTAINER_INPUT))

    def routes(self) -> tuple[Route, ...]:
        """Where it is."""
        return tuple(
            Route(path, self.handle, ("POST",), _BODY_BYTES, streamed_type=RECORDIO) for path in _PATHS
        )

    async def handle(self, request: Request) -> Response | Streaming:
        """Answer a call; raises HttpError."""
        await self._containers.check_recovered()
        form = form_of_call(request.headers, streams=True)
        if form.is_stream:
            form_of_answer(request.headers, streams=True)
            request.take_time()
            return await self._attach.attach_input(_pieces(request), form.encoding)
        call = await take_call(request, Call)
        assert call.type is not None
        request.notes["type"] = call.type.value
        answer_form = _answer_form(request, call.type)
        handler = self._handlers.get(call.type)
        if handler is None:
            what = _MISSING.get(call.type)
            reason = f": this agent has no {what}" if what else ""
            raise refusal(501, f"type: {call.type.value} is not implemented{reason}")
        if call.type in _PATIENT:
            request.take_time()
        answer = await handler(call, answer_form)
        if not isinstance(answer, Record):
            return answer
        if call.type in _LARGE:
            return await asyncio.to_thread(_written, answer, answer_form)
        return _written(answer, answer_form)


def _written(answer: Record, form: MediaType) -> Response:
    return Response(200, form.encoding.encode(shown(answer)), form.content_type)


def _answer_form(request: Request, kind: Call.Type) -> MediaType:
    if kind is _Type.ATTACH_CONTAINER_INPUT:
        raise refusal(415, f"Content-Type: must be {RECORDIO} if type is {kind.value}")
    form = form_of_answer(request.headers, streams=True)
    if form.is_stream and kind not in _STREAMED:
        raise refusal(406, f"Accept: must not be {RECORDIO} alone if type is {kind.value}")
    return form


def _pieces(request: Request) -> AsyncIterator[bytes]:
    assert request.pieces is not None, "the route takes bodies of that type as they come"
    return request.pieces
