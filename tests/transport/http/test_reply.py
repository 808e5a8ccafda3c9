"""Bodies in pieces, and those that are read while they are sent."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

import pytest

from tests.transport.http.serving import DEADLINE_SECONDS, PATIENT, Client, Log, get
from transport.http.exchange import Request, Response, Transfer
from transport.http.reply import Terms, send_response
from transport.http.routes import Route, Routes
from transport.http.server import HttpServer
from transport.pid import Address


class Pieces:
    """A source of so many pieces of 100 kB."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.closed = threading.Event()

    async def read(self) -> bytes:
        self.left -= 1
        return b"x" * 100_000 if self.left >= 0 else b""

    def close(self) -> None:
        self.closed.set()


@contextlib.contextmanager
def serving(source: Pieces, length_bytes: int, log: Log) -> Iterator[Address]:
    async def send(_request: Request) -> Transfer:
        return Transfer(content_type="application/octet-stream", length_bytes=length_bytes, source=source)

    server = HttpServer(Routes([Route("/", send)]), limits=PATIENT, log=log)
    address = server.start(Address("127.0.0.1", 0))
    try:
        yield address
    finally:
        server.stop(1.0)


class Paper:
    """A wire that keeps what is written, and how often somebody waited."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.waits = 0

    def write(self, data: bytes | memoryview) -> None:
        self.written.append(bytes(data))

    write_soon = write

    async def drained(self) -> None:
        self.waits += 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x" * 1_000,
        b"x" * 1_000_000,
        (b"x" * 10,) * 1_000,
        (b"a" * 200_000, b"b", b"c" * 131_072, b"d" * 131_073, b"e" * 100_000, b"f" * 100_000),
    ],
    ids=["nothing", "small", "large", "many", "of all sizes"],
)
def test_a_body_is_written_whole_in_portions_of_a_bounded_size(body: bytes | tuple[bytes, ...]) -> None:
    paper = Paper()
    asyncio.run(send_response(paper, Terms(), Response(200, body)))
    head, _, first = paper.written[0].partition(b"\r\n\r\n")
    whole = body if isinstance(body, bytes) else b"".join(body)
    assert b"Content-Length: %d" % len(whole) in head
    assert b"".join((first, *paper.written[1:])) == whole
    assert max(map(len, paper.written)) <= 128 * 1_024 + len(head)
    assert paper.waits == len(paper.written) - 1


@pytest.mark.parametrize(
    ("method", "length_bytes", "received"),
    [("GET", 300_000, 300_000), ("GET", 250_000, 250_000), ("GET", 0, 0), ("HEAD", 300_000, 0)],
)
def test_a_client_gets_as_much_as_was_said(method: str, length_bytes: int, received: int) -> None:
    source, log = Pieces(3), Log()
    with serving(source, length_bytes, log) as address:
        status, headers, body = get(address, "/", method)
    assert (status, headers["content-length"], len(body)) == (200, str(length_bytes), received)
    assert source.closed.is_set()
    assert log.lines == []


def test_a_body_that_turns_out_to_be_shorter_ends_its_connection() -> None:
    source, log = Pieces(1), Log()
    with serving(source, 150_000, log) as address, Client(address) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        received = client.read_to_end()
    assert received.count(b"x") >= 100_000
    assert source.closed.wait(DEADLINE_SECONDS)
    assert log.lines == []


def test_nothing_more_is_read_for_a_client_that_is_gone() -> None:
    source, log = Pieces(10**6), Log()
    with serving(source, 10**11, log) as address:
        with Client(address) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            assert client.socket.recv(10_000)
        assert source.closed.wait(DEADLINE_SECONDS)
    assert source.left > 0
    assert log.lines == []
