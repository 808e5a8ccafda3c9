"""The server: a thread of its own, with an event loop that serves connections."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import resource
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

from transport.http.connection import Connections
from transport.http.limits import HttpLimits
from transport.http.routes import Routes
from transport.http.service import Service
from transport.http.witness import Blind, Witness
from transport.pid import Address

_BACKLOG: Final = 1_024
#: Looked for that many times within the time that handlers have, is whether theirs is over.
_LOOKS: Final = 20


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
        witness: Witness | None = None,
        ended: Callable[[], None] = lambda: None,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._routes = routes
        self._limits = (limits or HttpLimits()).within(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        self._log = log
        self._witness = witness or Blind()
        self._ended = ended
        self._failed = failed
        self._started: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context = contextvars.Context()
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
        with contextlib.suppress(RuntimeError):  # it has ended already
            self._stop()
        self._thread.join(2 * timeout_seconds)

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call something on the server's thread; raises RuntimeError when it does not run."""
        if self._loop is None:
            raise RuntimeError("the server has not started")
        # Not as part of the request whose handler may be the caller.
        self._loop.call_soon_threadsafe(callback, context=self._context)

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
        service = Service(self._routes, self._limits, self._witness, loop.time)
        connections = Connections(service, self._limits, self._log)
        listening = await loop.create_server(connections, sock=listener, backlog=_BACKLOG)
        watching = asyncio.create_task(self._watch(connections))
        # A server that gives up nothing any more would fill up: it fails, and says so.
        watching.add_done_callback(lambda _task: stopping.set())
        self._stop = lambda: loop.call_soon_threadsafe(stopping.set)
        self._started.set_result(None)
        await stopping.wait()
        # asyncio cannot take in what it has accepted once its server is closed, and leaves it open.
        loop.remove_reader(listener)
        await asyncio.sleep(0)
        listening.close()
        connections.pre_shutdown()
        await connections.shutdown((self._stop_seconds or 0.0) / 2)
        if watching.done():
            self._log("http server", problem="nothing is given up any more", exc_info=watching.exception())
        watching.cancel()

    async def _watch(self, connections: Connections) -> None:
        """Give up what takes too long; all in one look rather than each by a timer."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(self._limits.answer_seconds, self._limits.head_seconds) / _LOOKS)
            connections.check(loop.time())

    def _complain(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._log("http server", problem=context.get("message"), exc_info=context.get("exception"))


def raise_descriptors() -> None:
    """Let this process open as many files as it may: for one with thousands of clients, and no children."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # more than the system has for any process
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _listen(address: Address, unread_seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.create_server(address, family=family, backlog=_BACKLOG)
    # Whoever does not read an answer loses the connection, which would linger for ever when we close it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(unread_seconds * 1_000))
    return listener
