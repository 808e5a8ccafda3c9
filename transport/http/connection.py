"""The connections of a server. The only file that imports aiohttp, which reads the requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from aiohttp.web_protocol import RequestPayloadError

from transport.http.exchange import Response, Streaming, Transfer, say
from transport.http.limits import HttpLimits
from transport.http.patience import Patience
from transport.http.reply import Terms, send_response, send_transfer
from transport.http.service import BodyError, Service
from transport.http.stream import Stream
from transport.pid import Address

_TURNED_AWAY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)
_NOBODY: Final = Address("", 0)
_STOPS: Final = "the server stops"
#: A hundred years.
_EVER_SECONDS: Final = 3.2e9


class Connections(web.Server):
    """All connections of a server; when they are too many, idle ones make room."""

    def __init__(self, service: Service, limits: HttpLimits, log: Callable[..., object]) -> None:
        super().__init__(_answer, request_factory=Incoming)  # type: ignore[arg-type]  # of which it needs little
        self.service = service
        self.limits = limits
        self.log = log
        self._ending = False
        #: Small responses that are written in this turn of the event loop, and are sent at its end.
        self._outbox: list[tuple[asyncio.Transport, bytes]] = []

    def send_soon(self, transport: asyncio.Transport, data: bytes) -> None:
        """Send something once the requests that are here now are handled.

        Each send lets other threads run Python, so actors would be woken for one message at a time.
        """
        if not self._outbox:
            asyncio.get_running_loop().call_soon(self.send)
        self._outbox.append((transport, data))

    def send(self) -> None:
        """Send what was to be sent soon."""
        outbox, self._outbox = self._outbox, []
        for transport, data in outbox:
            if not transport.is_closing():
                transport.write(data)

    def __call__(self) -> web.RequestHandler:
        """Make one, for a client that comes."""
        return Connection(self)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Take it in, or turn it away."""
        if self._ending:
            handler.force_close()
        elif len(self._connections) >= self.limits.connections:
            self.send()
            spare = self._spare()
            if spare is None:
                transport.write(_TURNED_AWAY)
            (spare or handler).force_close()
        super().connection_made(handler, transport)

    def _spare(self) -> Connection | None:
        """An idle connection, the oldest; if possible one on which nothing was asked yet."""
        idle = [one for one in self._each() if one.idle]
        return next((one for one in idle if one.is_new), idle[0] if idle else None)

    def check(self, now: float) -> None:
        """Give up handlers whose time is over, and clients that do not get to the end of their headers."""
        for connection in self._each():
            connection.patience.check(now)
            if connection.lags(now):
                connection.force_close()

    async def shutdown(self, timeout: float | None = None) -> None:
        """End streams, and what waits for as long as its client does; let others finish within that time."""
        self._ending = True
        self.send()
        for connection in self._each():
            connection.stop()
        transports = list(self._connections.values())
        await super().shutdown(timeout)
        for transport in transports:
            transport.abort()  # it would wait for as long as its client reads nothing

    def _each(self) -> list[Connection]:
        return [one for one in self._connections if isinstance(one, Connection)]


class Connection(web.RequestHandler):
    """One connection: says what is wrong with a request in our words, and logs only our own mistakes."""

    def __init__(self, connections: Connections) -> None:
        limits = connections.limits
        super().__init__(
            connections,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=_EVER_SECONDS,
            access_log=None,  # type: ignore[arg-type]  # aiohttp's sign that there is none
            max_line_size=limits.line_bytes,
            max_headers=limits.headers,
            max_field_size=limits.header_bytes,
            lingering_time=limits.linger_seconds,
            auto_decompress=False,
        )
        self.connections = connections
        self.service = connections.service
        self.limits = limits
        self.patience = Patience()
        self.client = _NOBODY
        #: When something came that is not all of a request's headers.
        self.begun: float | None = None
        #: The response that goes on just now, if one does.
        self.stream: Stream | None = None
        self._log = connections.log
        #: The body of the newest request.
        self._newest: Any = None
        self._answered = 0
        #: The client sends no more, or what it sends cannot be read.
        self.input_is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        super().connection_made(transport)
        name = transport.get_extra_info("peername")
        self.client = Address(*name[:2]) if name else _NOBODY

    @property
    def idle(self) -> bool:
        """Whether it waits for a request, or for the rest of one's headers."""
        return not (self._request_in_progress or self._force_close)

    @property
    def is_new(self) -> bool:
        """Whether no request has come on it."""
        return self._request_count == 0

    def lags(self, now: float) -> bool:
        """Whether its client has begun a request too long ago."""
        return self.idle and self.begun is not None and now - self.begun > self.limits.head_seconds

    @property
    def ends(self) -> bool:
        """Whether the present request is its last."""
        return self._close or self._force_close or (self.input_is_over and self._waiting <= 1)

    @property
    def _waiting(self) -> int:
        """Requests that are not answered."""
        return self._request_count - self._answered

    def answered(self) -> bool:
        """A request is answered; returns whether the connection goes on."""
        self._answered += 1
        return not self.input_is_over or self._waiting > 0

    def stop(self) -> None:
        """Take no further request, and end what may go on for ever."""
        self._close = True
        if self.stream is not None:
            self.stream.finish(_STOPS)
        if self.patience.ends_with_client:
            self.patience.lose()

    def eof_received(self) -> bool | None:  # type: ignore[override]  # as asyncio has it
        """The client sends no more: what it waits for is sent first, unless that could go on for ever."""
        self.connections.send()
        self.input_is_over = self.patience.is_deserted = True
        _break_off(self._newest)
        return self._waiting > 0 and self.stream is None and not self.patience.ends_with_client

    def data_received(self, data: bytes) -> None:
        """Take what the client sends; what cannot be read ends the body that it is in, and the connection."""
        known = len(self._messages)
        super().data_received(data)
        if len(self._messages) == known and self.begun is None and self.idle:
            self.begun = asyncio.get_running_loop().time()
        if len(self._messages) == known:
            return
        spoiled = getattr(self._messages[-1][0], "exc", None) is not None
        if len(self._messages) - known > spoiled:
            self._newest = self._messages[-1 - spoiled][1]
        if spoiled and _break_off(self._newest):
            # Who reads the body is told, and answers.
            self._messages.pop()
            self._request_count -= 1
            self.input_is_over = True

    def connection_lost(self, exc: BaseException | None) -> None:
        """The client is gone."""
        if self.stream is not None:
            self.stream.over("the client is gone")
        self.patience.leave()
        super().connection_lost(exc)

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Go on after a pause; aiohttp asks for it with each small body, though there was none."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def write(self, data: bytes | memoryview) -> None:
        """See `reply.Wire`."""
        transport = self.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client is gone")
        transport.write(data)

    def write_soon(self, data: bytes) -> None:
        """See `reply.Wire`."""
        transport = self.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client is gone")
        self.connections.send_soon(transport, data)

    async def drained(self) -> None:
        """See `reply.Wire`."""
        if self.writing_paused:
            await self._drain_helper()

    def handle_error(  # type: ignore[override]  # what is answered is no response of aiohttp's
        self,
        request: Incoming,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> Reply:
        """Answer a request that cannot be read, or one whose handler has failed; the connection ends."""
        if isinstance(exc, BadHttpMessage):
            response = _unreadable(exc, self.limits.line_bytes)
        else:
            self._log("http handler failed", target=request.raw_path, exc_info=exc)
            response = say(500, "internal error: see the log")
        self._close = True
        return Reply(request, response)

    def log_exception(self, *_args: Any, **values: Any) -> None:
        """Log what a response raised that had begun."""
        self._log("http response failed", exc_info=values.get("exc_info"))


class Incoming:
    """A request: what aiohttp's protocol and `service` need to know of it."""

    __slots__ = ("_connection", "_expects", "_message", "_payload", "_task", "headers", "method", "raw_path")

    def __init__(
        self, message: Any, payload: Any, connection: Connection, _writer: object, task: object
    ) -> None:
        self._message = message
        self._payload = payload
        self._connection = connection
        self._task = task
        self.method: str = message.method
        self.raw_path: str = message.path
        self.headers: Mapping[str, str] = message.headers
        self._expects = "Expect" in message.headers

    @property
    def connection(self) -> Connection:
        """What it came on."""
        return self._connection

    @property
    def patience(self) -> Patience:
        """See `service.Incoming`."""
        return self._connection.patience

    @property
    def client(self) -> Address:
        """See `service.Incoming`."""
        return self._connection.client

    @property
    def terms(self) -> Terms:
        """How its response is to be written."""
        minor: int = self._message.version[1]
        keep_alive = not (self._message.should_close or self._connection.ends)
        return Terms(self.method == "HEAD", min(minor, 1), keep_alive)

    def at_hand(self) -> bytes | None:
        """See `service.Incoming`."""
        payload = self._payload
        if not payload.is_eof() or payload.exception() is not None:
            return None
        body: bytes = payload.read_nowait()
        return body

    def go_on(self) -> None:
        """See `service.Incoming`."""
        if self._expects and self._message.version[1] and self.headers["Expect"].lower() == "100-continue":
            self._expects = False
            self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def more(self) -> bytes:
        """See `service.Incoming`."""
        try:
            piece: bytes = await self._payload.readany()
        except (RequestPayloadError, ConnectionError) as error:
            raise BodyError from error
        if not piece and self._payload.exception() is not None:
            raise BodyError
        return piece

    # What aiohttp's protocol calls.

    def _finish(self) -> None:
        """Nothing is kept for longer than this."""

    def _cancel(self, error: BaseException) -> None:
        self._payload.set_exception(error)


class Reply:
    """A response: what aiohttp's protocol needs to know of it."""

    def __init__(self, request: Incoming, response: Response | Streaming | Transfer) -> None:
        self._request = request
        self._response = response
        self._terms = request.terms
        self.keep_alive = self._terms.keep_alive

    async def prepare(self, _request: object) -> None:
        """Send all of it."""
        connection, response = self._request.connection, self._response
        try:
            if isinstance(response, Response):
                await send_response(connection, self._terms, response)
            elif isinstance(response, Transfer):
                await send_transfer(connection, self._terms, response)
            else:
                await self._stream(connection, response)
        finally:
            self.keep_alive = connection.answered() and self.keep_alive

    async def write_eof(self) -> None:
        """Everything was sent."""

    async def _stream(self, connection: Connection, streaming: Streaming) -> None:
        transport = connection.transport
        if transport is None or connection.input_is_over:
            self.keep_alive = False
            streaming.ended("the client is gone")
            return
        connection.stream = stream = Stream(transport, self._terms, connection.limits.unread_bytes)
        try:
            await stream.serve(streaming)
        finally:
            connection.stream = None
        # The client of HTTP/1.0 waits for the end of the connection.
        self.keep_alive = self.keep_alive and self._terms.version_minor > 0


async def _answer(request: Incoming) -> Reply:
    request.connection.begun = None
    return Reply(request, await request.connection.service.answer(request))


def _break_off(payload: Any) -> bool:
    """The rest of a body cannot be read; returns whether there was to be any."""
    if payload is None or payload.is_eof():
        return False
    # In this order: who waits for more of it, only to throw it away, sees its end.
    payload.feed_eof()
    payload.set_exception(RequestPayloadError("what follows is no body"))
    return True


def _unreadable(error: BadHttpMessage, line_bytes: int) -> Response:
    """What to say of a request that breaks HTTP's rules; it is not quoted, and may be anything."""
    if isinstance(error, LineTooLong):
        if error.args[1] == line_bytes:
            return say(414, f"request line: must have at most {line_bytes} bytes")
        return say(431, "a header is too long")
    if "Too many headers" in error.message:
        return say(431, "there are too many headers")
    return say(400, "this is no request of HTTP/1.1")
