"""A proxy between a client and a ZooKeeper that a test can cut at a chosen moment."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from types import TracebackType
from typing import Self

from transport.pid import Address


class Proxy:
    """Passes connections on to `target` until its `with` block ends.

    With `lose_answer_to(text)` the next request that contains it reaches ZooKeeper, and the connection breaks
    before the answer; with `refuse` nobody gets through.
    """

    def __init__(self, target: Address) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        host, port = self._listener.getsockname()
        #: Where clients connect.
        self.address = Address(host, port)
        #: Set when an answer was lost.
        self.lost = threading.Event()
        self.refuses = False
        self._lose: bytes | None = None
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wake.send(b"\0")
        self._thread.join()

    def lose_answer_to(self, text: bytes) -> None:
        """Cut the connection between the next such request and its answer."""
        self.lost.clear()
        self._lose = text

    def _run(self) -> None:
        with contextlib.ExitStack() as stack:
            for thing in (self._listener, self._wake, self._woken, self._selector):
                stack.callback(thing.close)
            stack.callback(self._cut_all)
            while True:
                for key, _ in self._selector.select():
                    source = key.fileobj
                    if source is self._woken:
                        return
                    if source is self._listener:
                        self._accept()
                    elif isinstance(source, socket.socket) and source in self._pairs:
                        self._pass_on(source)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            if self.refuses:
                raise ConnectionRefusedError
            server = socket.create_connection(self._target, 5.0)
        except OSError:
            client.close()
            return
        for one, other in ((client, server), (server, client)):
            self._pairs[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, source: socket.socket) -> None:
        other = self._pairs[source]
        try:
            data = source.recv(65536)
            other.sendall(data)
        except OSError:
            data = b""
        if not data:
            self._cut(source)
        elif self._lose is not None and self._lose in data:
            self._lose = None
            self._read_the_answer(other)
            # The client may hear of its loss before the next line here.
            self.lost.set()
            self._cut(source)

    @staticmethod
    def _read_the_answer(server: socket.socket) -> None:
        """Once it answered, the request was carried out; one that hangs may do so later."""
        server.settimeout(5.0)
        with contextlib.suppress(OSError):
            server.recv(65536)

    def _cut(self, one: socket.socket) -> None:
        for end in (one, self._pairs[one]):
            del self._pairs[end]
            self._selector.unregister(end)
            end.close()

    def _cut_all(self) -> None:
        while self._pairs:
            self._cut(next(iter(self._pairs)))
