"""The v1 executor API: `POST /api/v1/executor` on an agent (mesos-protocol.md §3)."""

from __future__ import annotations

import itertools
from typing import Final

from actors.agent.http.executor_calls import call_error, message_of, subscription_of
from actors.agent.http.executor_stream import ExecutorStream, ExecutorStreams
from actors.gateway.front import Front
from actors.gateway.streaming import streamed_by
from transport.http.call import take_call
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
from transport.messages.executing import ExecutorFound, FindExecutor
from transport.pid import Pid
from transport.records.executor_call import Call

#: Where it is.
PATH: Final = "/api/v1/executor"
#: The most that a call may have: all tasks and updates of an executor that subscribes again.
BODY_BYTES: Final = 16 * MIB
#: Whom the calls are for.
_AGENT: Final = "agent"
_ACCEPTED: Final = Response(202)
_Type = Call.Type


def executor_routes(front: Front) -> tuple[Route, ...]:
    """The route of the executor API; it takes every method, since an agent that recovers says 503 to all."""
    return (Route(PATH, ExecutorApi(front).handle, (), BODY_BYTES, exact=True, quiet=True),)


class ExecutorApi:
    """Has each call passed on by the stream of its executor; the order of the checks is that of §3.1."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._agent = Pid(_AGENT, *front.here)
        self._streams = ExecutorStreams()
        self._numbers = itertools.count()
        self._open = False

    async def handle(self, request: Request) -> Response | Streaming:
        """Answer a call; raises HttpError."""
        await self._check_open()
        call = await _read(request)
        if call.type is _Type.SUBSCRIBE:
            encoding = form_of_answer(request.headers).encoding
            _check_known(await self._find(call))
            return self._subscribe(call, encoding)
        if call.type is not _Type.HEARTBEAT:
            await self._pass_on(call)
        return _ACCEPTED

    async def _check_open(self) -> None:
        """Raise HttpError until the agent knows which executors there were."""
        if not self._open:
            self._open = (await self._ask(FindExecutor("", ""))).open
            if not self._open:
                raise HttpError(unavailable("Agent has not finished recovery"))

    async def _find(self, call: Call) -> ExecutorFound:
        return await self._ask(FindExecutor(call.framework_id.value, call.executor_id.value))

    async def _ask(self, question: FindExecutor) -> ExecutorFound:
        found = await self._front.ask(_AGENT, question)
        if not isinstance(found, ExecutorFound):
            raise HttpError(unavailable(f"{_AGENT} answered something else"))
        return found

    def _subscribe(self, call: Call, encoding: Encoding) -> Streaming:
        def make(outlet: PacedOutlet) -> ExecutorStream:
            return ExecutorStream(subscription_of(call), self._agent, encoding, outlet, self._streams)

        return streamed_by(self._front, f"http-executor-{next(self._numbers)}", make, encoding.value)

    async def _pass_on(self, call: Call) -> None:
        """Tell the agent, by the executor's stream unless that broke; raises HttpError."""
        framework_id, executor_id = call.framework_id.value, call.executor_id.value
        stream = self._streams.find(framework_id, executor_id)
        if stream is None:
            found = await self._find(call)
            # It may have subscribed while the agent was asked.
            stream = self._streams.find(framework_id, executor_id)
            if stream is None:
                _check_subscribed(found)
                self._front.tell(self._agent, message_of(call))
                return
        stream.tell(message_of(call))


async def _read(request: Request) -> Call:
    """Read a call, and check it by itself; raises HttpError."""
    if request.method != "POST":
        raise refusal(405, f"{request.method}: must be POST", {"Allow": "POST"})
    call = await take_call(request, Call)
    error = call_error(call)
    if error is not None:
        raise refusal(400, error)
    return call


def _check_known(found: ExecutorFound) -> None:
    if not found.framework_known:
        raise refusal(400, "Framework cannot be found")
    if not found.executor_known:
        raise refusal(400, "Executor cannot be found")


def _check_subscribed(found: ExecutorFound) -> None:
    if not found.recovered:
        raise HttpError(unavailable("Agent is recovering"))
    _check_known(found)
    if not found.subscribed:
        raise refusal(403, "Executor is not subscribed")
