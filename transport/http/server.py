"""The server: a thread of its own, with aiohttp on it. The only file that imports aiohttp."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from aiohttp.web_protocol import RequestPayloadError

from transport.http.exchange import (
    HttpError,
    Request,
    Response,
    Streaming,
    Transfer,
    refusal,
    say,
    unavailable,
)
from transport.http.limits import HttpLimits
from transport.http.routes import Routes
from transport.http.target import origin_form, path_parts, query_arguments
from transport.pid import Address

_BACKLOG: Final = 1_024
#: What every response says: no browser may guess its type, nobody keeps it, and no version is given away.
_HEADERS: Final = {"Server": "Pion", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_TURNED_AWAY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


class HttpServer:
    """Serves routes at one address.

    `log` takes the lines of its log: an event, and values by name. `ended` is called when no handler will run
    any more, and then `failed` if a bug brought that about. All are called on the server's thread, as are the
    handlers.
    """

    def __init__(
        self,
        routes: Routes,
        *,
        limits: HttpLimits | None = None,
        log: Callable[..., object] = lambda *_event, **_values: None,
        ended: Callable[[], None] = lambda: None,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._routes = routes
        self._limits = (limits or HttpLimits()).within(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        self._log = log
        self._ended = ended
        self._failed = failed
        self._started: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: Callable[[], object] = lambda: None
        self._stop_seconds: float | None = None

    # For any thread.

    def start(self, address: Address) -> Address:
        """Listen there, port 0 for a free one; returns the address. Raises OSError when it cannot be had."""
        listener = _listen(address, self._limits.unread_seconds)
        host, port = listener.getsockname()[:2]
        self._thread = threading.Thread(target=self._run, args=(listener,), name="http", daemon=True)
        self._thread.start()
        self._started.result()
        return Address(host, port)

    def stop(self, timeout_seconds: float) -> None:
        """Take no more requests, let those that run finish within that time, and close all connections."""
        self._stop_seconds = timeout_seconds
        self._stop()
        self._thread.join(2 * timeout_seconds)

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call something on the server's thread; raises RuntimeError when it does not run."""
        if self._loop is None:
            raise RuntimeError("the server has not started")
        self._loop.call_soon_threadsafe(callback)

    # For its own thread.

    def _run(self, listener: socket.socket) -> None:
        try:
            asyncio.run(self._serve(listener))
        finally:
            if not self._started.done():
                self._started.set_exception(OSError("the server ended while it started: see the log"))
            self._ended()
            if self._stop_seconds is None:
                self._failed()

    async def _serve(self, listener: socket.socket) -> None:
        loop = self._loop = asyncio.get_running_loop()
        stopping = asyncio.Event()
        loop.set_exception_handler(self._complain)
        server = _Connections(self._answer, self._limits, self._log)
        listening = await loop.create_server(server, sock=listener, backlog=_BACKLOG)
        self._stop = lambda: loop.call_soon_threadsafe(stopping.set)
        self._started.set_result(None)
        await stopping.wait()
        listening.close()
        server.pre_shutdown()
        await server.shutdown((self._stop_seconds or 0.0) / 2)

    def _complain(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._log("http server", problem=context.get("message"), exc_info=context.get("exception"))

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            response = await self._respond(request)
        except HttpError as error:
            response = error.response
        if isinstance(response, Streaming):
            return await self._stream(request, response)
        if isinstance(response, Transfer):
            return await _transfer(request, response)
        return _written(response)

    async def _stream(self, request: web.BaseRequest, streaming: Streaming) -> web.StreamResponse:
        headers = {**_HEADERS, **streaming.headers, "Content-Type": streaming.content_type}
        response = web.StreamResponse(headers=headers)
        reason = "the client is gone"
        try:
            response.enable_chunked_encoding()
            await response.prepare(request)
            outlet = _Outlet()
            streaming.begin(outlet)
            while (piece := await outlet.pieces.get()) is not None:
                await response.write(piece)
            await response.write_eof()
            reason = "the stream was ended"
        except ConnectionError:
            pass
        finally:
            streaming.ended(reason)
        return response

    async def _respond(self, request: web.BaseRequest) -> Response | Streaming | Transfer:
        target = origin_form(request.raw_path)
        route, rest = self._routes.find(path_parts(target))
        route.check_method(request.method)
        query = query_arguments(target)
        body = b"" if route.body_bytes is None else await self._body(request, route.body_bytes)
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Request(
            method=request.method, target=target, rest=rest, query=query, headers=headers, body=body
        )
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                return await route.handler(asked)
        except TimeoutError:
            return unavailable(f"no answer within {self._limits.answer_seconds:g} s")

    async def _body(self, request: web.BaseRequest, most_bytes: int) -> bytes:
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise refusal(415, "Content-Encoding: must be identity")
        if request.headers.get("Transfer-Encoding", "chunked").lower() != "chunked":
            raise refusal(501, "Transfer-Encoding: must be chunked")
        if (request.content_length or 0) > most_bytes:
            raise refusal(413, f"body: must have at most {most_bytes} bytes")
        if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # aiohttp's sign that the response itself has not begun
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while piece := await request.content.readany():
                    body += piece
                    if len(body) > most_bytes:
                        raise refusal(413, f"body: must have at most {most_bytes} bytes")
        except TimeoutError:
            raise refusal(408, f"body: must come within {self._limits.body_seconds:g} s") from None
        except (RequestPayloadError, ConnectionError) as error:  # or its sender is gone, and reads no answer
            raise refusal(400, "body: its length or its chunks cannot be read") from error
        return bytes(body)


class _Outlet:
    """Where the body of one streaming response goes."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes | None] = asyncio.Queue()

    def write(self, piece: bytes) -> None:
        self.pieces.put_nowait(piece)

    def end(self) -> None:
        self.pieces.put_nowait(None)


class _Connections(web.Server):
    """All connections of a server; when they are too many, idle ones make room."""

    def __init__(
        self,
        answer: Callable[[web.BaseRequest], Any],
        limits: HttpLimits,
        log: Callable[..., object],
    ) -> None:
        super().__init__(answer)
        self.limits = limits
        self.log = log
        self._ending = False

    def __call__(self) -> web.RequestHandler:
        return _Connection(self)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        if self._ending:
            handler.force_close()
        elif len(self.connections) >= self.limits.connections:
            idle: list[web.RequestHandler] = [
                one for one in self.connections if isinstance(one, _Connection) and one.idle
            ]
            if not idle:
                transport.write(_TURNED_AWAY)
            (idle or [handler])[0].force_close()
        super().connection_made(handler, transport)

    async def shutdown(self, timeout: float | None = None) -> None:
        self._ending = True
        transports = list(self._connections.values())
        await super().shutdown(timeout)
        for transport in transports:
            transport.abort()  # it would wait for as long as its client reads nothing


class _Connection(web.RequestHandler):
    """One connection: says what is wrong with a request in our words, and logs only our own mistakes."""

    def __init__(self, connections: _Connections) -> None:
        limits = connections.limits
        super().__init__(
            connections,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=limits.idle_seconds,
            access_log=None,  # type: ignore[arg-type]  # aiohttp's sign that there is none
            max_line_size=limits.line_bytes,
            max_headers=limits.headers,
            max_field_size=limits.header_bytes,
            lingering_time=limits.linger_seconds,
            auto_decompress=False,
        )
        self._line_bytes = limits.line_bytes
        self._log = connections.log

    @property
    def idle(self) -> bool:
        """Whether it waits for a request, or for the rest of one's headers."""
        return not (self._request_in_progress or self._force_close)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that cannot be read, or one whose handler has failed; the connection ends."""
        if isinstance(exc, BadHttpMessage):
            response = _unreadable(exc, self._line_bytes)
        else:
            self._log("http handler failed", target=request.raw_path, exc_info=exc)
            response = say(500, "internal error: see the log")
        if request.writer.output_size > 0:
            raise ConnectionError("the response has begun already")
        written = _written(response)
        written.force_close()
        return written


def _unreadable(error: BadHttpMessage, line_bytes: int) -> Response:
    """What to say of a request that breaks HTTP's rules; it is not quoted, and may be anything."""
    if isinstance(error, LineTooLong):
        if error.args[1] == line_bytes:
            return say(414, f"request line: must have at most {line_bytes} bytes")
        return say(431, "a header is too long")
    if "Too many headers" in error.message:
        return say(431, "there are too many headers")
    return say(400, "this is no request of HTTP/1.1")


def _written(response: Response) -> web.Response:
    headers = {**_HEADERS, **response.headers, "Content-Type": response.content_type}
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    return web.Response(status=response.status, body=body, headers=headers)


async def _transfer(request: web.BaseRequest, transfer: Transfer) -> web.StreamResponse:
    response = web.StreamResponse(headers={**_HEADERS, **transfer.headers})
    response.content_type, response.content_length = transfer.content_type, transfer.length_bytes
    left = 0 if request.method == "HEAD" else transfer.length_bytes
    with contextlib.closing(transfer.source):
        try:
            await response.prepare(request)
            while left and (piece := (await transfer.source.read())[:left]):
                await response.write(piece)
                left -= len(piece)
        except ConnectionError:  # the client is gone
            left = 0
    if left:
        response.force_close()
    return response


def _listen(address: Address, unread_seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.create_server(address, family=family, backlog=_BACKLOG)
    # Whoever does not read an answer loses the connection, which would linger for ever when we close it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(unread_seconds * 1_000))
    return listener
