"""A web server in the hand of a test: it says whatever bytes it is told, however slowly."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Self, TypeAlias

DEADLINE_SECONDS = 60.0
#: Bytes, or what sends them.
Answer: TypeAlias = bytes | Callable[[socket.socket], None]


def ok(body: bytes = b"content", *headers: str) -> bytes:
    return answer("200 OK", f"Content-Length: {len(body)}", *headers) + body


def answer(status: str, *headers: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "", "")).encode()


def redirect(url: str) -> bytes:
    return answer("302 Found", f"Location: {url}", "Content-Length: 0")


class WebServer:
    """Answers by path, on loopback; `asked` are the heads of requests."""

    def __init__(self, answers: dict[str, Answer], context: ssl.SSLContext | None = None) -> None:
        self.answers = answers
        self.asked: list[bytes] = []
        #: Set when the test is over: what answers slowly should look at it.
        self.over = threading.Event()
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(DEADLINE_SECONDS)
        for connection in self._open:
            connection.close()

    def url(self, path: str = "/file") -> str:
        return f"{'http' if self._context is None else 'https'}://127.0.0.1:{self.port}{path}"

    def count(self, path: str) -> int:
        return sum(head.startswith(f"GET {path} ".encode()) for head in self.asked)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._open.append(connection)
                self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            head = b""
            while b"\r\n\r\n" not in head:
                more = connection.recv(65_536)
                if not more:
                    return
                head += more
            self.asked.append(head)
            path = head.split(b" ", 2)[1].decode()
            said = self.answers.get(path, answer("404 Not Found", "Content-Length: 0"))
            if isinstance(said, bytes):
                connection.sendall(said)
            else:
                said(connection)
            if self._context is not None:
                connection = connection.unwrap() if isinstance(connection, ssl.SSLSocket) else connection
            connection.shutdown(socket.SHUT_RDWR)
