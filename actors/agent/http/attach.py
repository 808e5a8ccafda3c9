"""Calls that attach to the input or output of containers: streams of ProcessIO records (§4.3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack

from actors.agent.http.containers import Containers, actor_of, id_text
from actors.agent.http.input_stream import InputRecords, InputStream
from actors.agent.http.nested import GuestCalls
from actors.agent.http.output_stream import OutputStream
from actors.executor.consoles import CONSOLES
from actors.executor.guests import GUESTS
from transport.http.exchange import Response, Streaming, refusal
from transport.http.media_type import Encoding, MediaType
from transport.messages.lodging import EndSession
from transport.records.agent_call import Call

_Input = Call.AttachContainerInput


class AttachCalls:
    """Handlers of these calls; `heartbeat_seconds` is between two heartbeats in a stream of output."""

    def __init__(self, containers: Containers, guests: GuestCalls, heartbeat_seconds: float) -> None:
        self._containers = containers
        self._guests = guests
        self._heartbeat_seconds = heartbeat_seconds

    async def launch_session(self, call: Call, form: MediaType) -> Streaming:
        """Start a container, and stream its output; it ends with the stream."""
        container_id, found = await self._guests.launch_session(call)
        guests, porter = actor_of(found.node, GUESTS), self._containers.porter

        def ended() -> None:
            porter.send(guests, EndSession(container_id))

        stream = OutputStream(porter, form, self._heartbeat_seconds)
        with ExitStack() as failed:
            failed.callback(ended)
            await stream.attach(actor_of(found.node, CONSOLES), container_id)
            failed.pop_all()
        return stream.response(ended)

    async def attach_output(self, call: Call, form: MediaType) -> Streaming:
        """Stream what a container writes."""
        assert call.attach_container_output is not None
        container_id = id_text("attach_container_output", call.attach_container_output.container_id)
        found = await self._containers.find(container_id)
        stream = OutputStream(self._containers.porter, form, self._heartbeat_seconds)
        await stream.attach(actor_of(found.node, CONSOLES), container_id)
        return stream.response()

    async def attach_input(self, pieces: AsyncIterator[bytes], encoding: Encoding) -> Response:
        """Have a container read what the client sends: answered when that ends, or the container does."""
        records = InputRecords(pieces, encoding)
        first = await records.next()
        if first is None or first.type is not _Input.Type.CONTAINER_ID or first.container_id is None:
            raise refusal(400, "attach_container_input: the first type must be CONTAINER_ID")
        container_id = id_text("attach_container_input", first.container_id)
        found = await self._containers.find(container_id)
        stream = InputStream(self._containers.porter)
        try:
            await stream.attach(actor_of(found.node, CONSOLES), container_id)
            await stream.pass_on(records)
        finally:
            stream.detach()
        return Response()
