"""The v1 scheduler API: `POST /api/v1/scheduler` on the leading master (mesos-protocol.md §2)."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Callable
from typing import Final

import msgspec

from actors.election.address import MASTER
from actors.gateway.front import Front
from actors.gateway.streaming import streamed_by
from actors.master.http.scheduler_calls import call_error, message_of
from actors.master.http.scheduler_stream import NOT_SUBSCRIBED, SchedulerStream, SchedulerStreams
from transport.http.call import LARGE_BYTES, read_call
from transport.http.exchange import (
    HttpError,
    PacedOutlet,
    Request,
    Response,
    Streaming,
    refusal,
    unavailable,
)
from transport.http.media_type import Encoding
from transport.http.negotiation import form_of_answer
from transport.http.routes import Route
from transport.limits import MIB
from transport.messages.scheduling import FindFramework, FrameworkFound
from transport.pid import Pid
from transport.records.scheduler_call import Call

#: Where it is.
PATH: Final = "/api/v1/scheduler"
#: The most that a call may have.
BODY_BYTES: Final = 8 * MIB
#: The same for what it says, as a message between nodes. Those of native schedulers have such a limit, too;
#: and what goes on to an agent must leave room for what else is said there.
MESSAGE_BYTES: Final = 4 * MIB
#: All: who does not lead leads on whatever comes, and a call is checked after that (§2.2).
_METHODS: Final = ("POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")
_STREAM_ID: Final = "Mesos-Stream-Id"
_ACCEPTED: Final = Response(202)
_Type = Call.Type
#: Calls whose answer has a form that the client may not take.
_ANSWERED: Final = (_Type.SUBSCRIBE, _Type.RECONCILE_OPERATIONS)


class SchedulerApi:
    """Has each call passed on by the stream of its framework; the order of the checks is that of §2.2."""

    def __init__(self, front: Front, make_stream_id: Callable[[], object] = uuid.uuid4) -> None:
        self._front = front
        self._make_stream_id = make_stream_id
        self._master = Pid(MASTER, *front.here)
        self._streams = SchedulerStreams()
        self._numbers = itertools.count()

    async def handle(self, request: Request) -> Response | Streaming:
        """Answer a call, of a master that leads and has recovered; raises HttpError."""
        call = await _read(request)
        request.notes["type"] = "" if call.type is None else call.type.value
        if call.type in _ANSWERED:
            encoding = form_of_answer(request.headers).encoding
            if call.type is _Type.SUBSCRIBE:
                return self._subscribe(call, encoding, request)
        stream = await self._stream(call)
        _check_stream_id(request, stream)
        if call.type is _Type.UPDATE_FRAMEWORK:
            return await _updated(stream, call)
        stream.call(call)
        return _ACCEPTED

    def _subscribe(self, call: Call, encoding: Encoding, request: Request) -> Streaming:
        if _STREAM_ID.lower() in request.headers:
            raise refusal(400, f"{_STREAM_ID}: must not be given if type is SUBSCRIBE")
        stream_id = str(self._make_stream_id())

        def make(outlet: PacedOutlet) -> SchedulerStream:
            return SchedulerStream(call, stream_id, self._master, encoding, outlet, self._streams)

        return streamed_by(
            self._front,
            f"http-scheduler-{next(self._numbers)}",
            make,
            encoding.value,
            headers={_STREAM_ID: stream_id},
            begun=SchedulerStream.subscribe,
        )

    async def _stream(self, call: Call) -> SchedulerStream:
        """The stream of the framework that a call is for; raises HttpError when it has none."""
        assert call.framework_id is not None
        framework_id = call.framework_id.value
        stream = self._streams.find(framework_id)
        if stream is None:
            found = await self._front.ask(MASTER, FindFramework(framework_id))
            # It may have subscribed while the master was asked.
            stream = self._streams.find(framework_id)
            if stream is None:
                raise _strange(found)
        return stream


def scheduler_routes(front: Front) -> tuple[Route, ...]:
    """Where the API is served, on a master that leads."""
    return (Route(PATH, SchedulerApi(front).handle, _METHODS, BODY_BYTES, quiet=True),)


async def _read(request: Request) -> Call:
    """Read a call, and check it by itself; raises HttpError."""
    if request.method != "POST":
        raise refusal(405, f"{request.method}: must be POST", {"Allow": "POST"})
    if len(request.body) > LARGE_BYTES:
        return await asyncio.to_thread(_read_large, request)
    return _read_small(request)


def _read_small(request: Request) -> Call:
    call = read_call(request, Call)
    error = call_error(call)
    if error is not None:
        raise refusal(400, error)
    return call


def _read_large(request: Request) -> Call:
    call = _read_small(request)
    size = len(msgspec.msgpack.encode(message_of(call)))
    if size > MESSAGE_BYTES:
        raise refusal(413, f"body: must have at most {MESSAGE_BYTES} bytes as a message, not {size}")
    return call


def _strange(found: object) -> HttpError:
    """Why there is no stream of a framework, by what the master knows of it."""
    if not isinstance(found, FrameworkFound):
        return HttpError(unavailable(f"{MASTER} answered something else"))
    if not found.known:
        return refusal(400, "Framework cannot be found")
    if not found.connected:
        return refusal(403, NOT_SUBSCRIBED)
    return refusal(403, "Framework is not connected via HTTP")


def _check_stream_id(request: Request, stream: SchedulerStream) -> None:
    given = request.headers.get(_STREAM_ID.lower())
    if given is None:
        raise refusal(400, f"{_STREAM_ID}: must be given unless type is SUBSCRIBE")
    if given != stream.stream_id:
        raise refusal(400, f"{_STREAM_ID}: must be that of the framework's present stream")


async def _updated(stream: SchedulerStream, call: Call) -> Response:
    answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    def answered(error: str | None) -> None:
        # The client may be gone, and nobody wait any more.
        if not answer.done():
            answer.set_result(error)

    stream.update_framework(call, answered)
    error = await answer
    if error is None:
        return Response()
    raise refusal(403 if error == NOT_SUBSCRIBED else 400, error)
