"""A server of a few routes, and clients that speak plain bytes to it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Self

import msgspec

from transport.http.exchange import Request, Response, refusal, say, show
from transport.http.limits import HttpLimits
from transport.http.routes import Route, Routes
from transport.http.server import HttpServer
from transport.pid import Address

DEADLINE_SECONDS = 30.0


class Log:
    """Collects the lines of a server's log."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def __call__(self, event: str, **values: object) -> None:
        self.lines.append((event, values))


async def _echo(request: Request) -> Response:
    return show(
        request,
        {
            "method": request.method,
            "target": request.target,
            "rest": request.rest,
            "query": request.query,
            "body": request.body.decode(),
            "host": request.headers.get("host", ""),
        },
    )


async def _hello(_request: Request) -> Response:
    return say(200, "hello")


async def _large(_request: Request) -> Response:
    return Response(200, b"x" * 8_000_000)


async def _refuse(_request: Request) -> Response:
    raise refusal(409, "not now")


async def _crash(_request: Request) -> Response:
    raise RuntimeError("a bug")


async def _hang(_request: Request) -> Response:
    await asyncio.sleep(DEADLINE_SECONDS)
    return say(200, "at last")


ROUTES = Routes(
    [
        Route("/hello", _hello),
        Route("/large", _large),
        Route("/echo", _echo, methods=("GET", "POST"), body_bytes=1_024),
        Route("/bodiless", _hello, methods=("GET", "POST")),
        Route("/refuse", _refuse),
        Route("/crash", _crash),
        Route("/hang", _hang),
    ]
)
LIMITS = HttpLimits(
    connections=8,
    line_bytes=2_048,
    header_bytes=4_096,
    headers=32,
    head_seconds=0.5,
    body_seconds=0.5,
    answer_seconds=0.5,
    linger_seconds=0.2,
    unread_seconds=0.5,
)
PATIENT = msgspec.structs.replace(LIMITS, head_seconds=DEADLINE_SECONDS, body_seconds=DEADLINE_SECONDS)


@contextlib.contextmanager
def serving(
    limits: HttpLimits = PATIENT,
    log: Log | None = None,
    host: str = "127.0.0.1",
    routes: Routes = ROUTES,
) -> Iterator[Address]:
    """A running server."""
    server = HttpServer(routes, limits=limits, log=log or Log())
    address = server.start(Address(host, 0))
    try:
        yield address
    finally:
        server.stop(1.0)


class Client:
    """One connection."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, timeout=DEADLINE_SECONDS)
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read_to_end(self) -> bytes:
        """All that comes until the server closes the connection, also by a reset."""
        pieces = [self._rest]
        self._rest = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := self.socket.recv(65_536):
                pieces.append(piece)
        return b"".join(pieces)

    def response(self, *, bodiless: bool = False) -> tuple[int, dict[str, str], bytes]:
        """Status, headers by lower-case name, and body of the next response."""
        head = self._until(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        length = 0 if bodiless else int(headers.get("content-length", "0"))
        while len(self._rest) < length:
            self._receive()
        body, self._rest = self._rest[:length], self._rest[length:]
        return int(lines[0].split()[1]), headers, body

    def chunk(self) -> bytes:
        """The next chunk of a response; nothing for the last."""
        size = int(self._until(b"\r\n"), 16)
        while len(self._rest) < size + 2:
            self._receive()
        found, self._rest = self._rest[:size], self._rest[size + 2 :]
        return found

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._rest:
            self._receive()
        head, _, self._rest = self._rest.partition(mark)
        return head

    def _receive(self) -> None:
        piece = self.socket.recv(65_536)
        assert piece, f"the server closed the connection after {self._rest!r}"
        self._rest += piece


def exchange(address: Address, data: bytes) -> tuple[int, dict[str, str], bytes]:
    """What one request is answered."""
    with Client(address) as client:
        client.send(data)
        return client.response()


def get(address: Address, target: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """The same, for a path."""
    with Client(address) as client:
        client.send(f"{method} {target} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        return client.response(bodiless=method == "HEAD")
