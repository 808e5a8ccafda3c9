"""The calls of operators that show the cluster, and the stream of its events (mesos-protocol.md §4)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Final

from actors.gateway.front import Front
from actors.gateway.operator import Answer, CallHandler
from actors.gateway.streaming import streamed_by
from actors.master.http.event_stream import EventStream
from actors.master.http.reading import read
from actors.master.view.forms import Form
from transport.http.exchange import PacedOutlet, Response
from transport.http.media_type import Encoding, MediaType
from transport.records.enumeration import Enumeration
from transport.records.master_call import Call

_Type: Final = Call.Type
_READS: Final = (
    _Type.GET_STATE,
    _Type.GET_AGENTS,
    _Type.GET_FRAMEWORKS,
    _Type.GET_EXECUTORS,
    _Type.GET_OPERATIONS,
    _Type.GET_TASKS,
    _Type.GET_ROLES,
    _Type.GET_MASTER,
)


def view_calls(front: Front) -> Mapping[Enumeration, CallHandler[Call]]:
    """Who answers which call; for the leading master."""
    numbers = count(1)

    async def show(call: Call, form: MediaType) -> Response:
        assert call.type is not None
        return await read(front, call.type.value, _form(form), form.content_type)

    async def subscribe(_call: Call, form: MediaType) -> Answer:
        def make(outlet: PacedOutlet) -> EventStream:
            return EventStream(front.here, _form(form), outlet)

        name = f"operator-stream-{next(numbers)}"
        return streamed_by(front, name, make, form.content_type, begun=EventStream.watch)

    return {**dict.fromkeys(_READS, show), _Type.SUBSCRIBE: subscribe}


def _form(form: MediaType) -> Form:
    return Form.JSON if form.encoding is Encoding.JSON else Form.PROTOBUF
