"""Responses whose body goes on, over a real server."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import msgspec
import pytest

from tests.transport.http.serving import DEADLINE_SECONDS, LIMITS, PATIENT, Client, Log
from transport.http.exchange import Outlet, Request, Response, Streaming, say
from transport.http.limits import HttpLimits
from transport.http.routes import Route, Routes
from transport.http.server import HttpServer
from transport.pid import Address

STREAM = b"GET /stream HTTP/1.1\r\nHost: here\r\n\r\n"
HELLO = b"GET /hello HTTP/1.1\r\nHost: here\r\n\r\n"


class Tap:
    """A server with one stream at a time, written to by a test."""

    def __init__(self, limits: HttpLimits, begin: Callable[[Outlet], None] | None = None) -> None:
        self.log = Log()
        self.reasons: list[str] = []
        self.ended = threading.Event()
        self._began = threading.Event()
        self._outlet: Outlet | None = None
        self._begin = begin or self._take
        routes = Routes([Route("/stream", self._stream, ("GET", "HEAD")), Route("/hello", _hello)])
        self.server = HttpServer(routes, limits=limits, log=self.log)
        self.address = self.server.start(Address("127.0.0.1", 0))

    def do(self, action: Callable[[Outlet], object]) -> None:
        """Have the server's thread do something with the outlet, and wait for that."""
        assert self._began.wait(DEADLINE_SECONDS)
        outlet, done = self._outlet, threading.Event()
        assert outlet is not None

        def act() -> None:
            action(outlet)
            done.set()

        self.server.call_soon(act)
        assert done.wait(DEADLINE_SECONDS)

    def _take(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._began.set()

    def _end(self, reason: str) -> None:
        self.reasons.append(reason)
        self.ended.set()

    async def _stream(self, _request: Request) -> Streaming:
        return Streaming(
            content_type="application/json", headers={"X-Id": "7"}, begin=self._begin, ended=self._end
        )


async def _hello(_request: Request) -> Response:
    return say(200, "hello")


@contextlib.contextmanager
def tapping(limits: HttpLimits = PATIENT, begin: Callable[[Outlet], None] | None = None) -> Iterator[Tap]:
    tap = Tap(limits, begin)
    try:
        yield tap
    finally:
        tap.server.stop(1.0)


def write(*pieces: bytes) -> Callable[[Outlet], None]:
    def act(outlet: Outlet) -> None:
        for piece in pieces:
            outlet.write(piece)

    return act


def test_each_piece_is_sent_at_once_as_a_chunk_of_its_own() -> None:
    with tapping() as tap, Client(tap.address) as client:
        client.send(STREAM)
        status, headers, _ = client.response()
        assert (status, headers["transfer-encoding"], headers["x-id"]) == (200, "chunked", "7")
        for round_ in (b"1", b"2"):
            tap.do(write(b"5\nfirst" + round_, b"", b"6\nsecond" + round_))
            assert [client.chunk(), client.chunk()] == [b"5\nfirst" + round_, b"6\nsecond" + round_]
        assert tap.reasons == []


def test_a_stream_that_is_ended_is_complete_and_its_connection_goes_on() -> None:
    with tapping() as tap, Client(tap.address) as client:
        client.send(STREAM)
        client.response()
        tap.do(write(b"last"))
        tap.do(lambda outlet: outlet.end())
        assert [client.chunk(), client.chunk()] == [b"last", b""]
        tap.do(write(b"late"))
        client.send(HELLO)
        assert client.response()[::2] == (200, b"hello\n")
        assert tap.reasons == ["the stream was ended"]


def test_a_call_that_follows_a_stream_on_its_connection_is_answered_behind_it() -> None:
    with tapping() as tap, Client(tap.address) as client:
        client.send(STREAM + HELLO)
        client.response()
        tap.do(lambda outlet: outlet.end())
        assert client.chunk() == b""
        assert client.response()[::2] == (200, b"hello\n")


def test_a_client_of_http_1_0_gets_bare_pieces_and_the_end_of_the_connection() -> None:
    with tapping() as tap, Client(tap.address) as client:
        client.send(b"GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        _, headers, _ = client.response()
        assert "transfer-encoding" not in headers
        tap.do(write(b"one", b"two"))
        tap.do(lambda outlet: outlet.end())
        assert client.read_to_end() == b"onetwo"


def test_head_gets_the_head_alone() -> None:
    with tapping() as tap, Client(tap.address) as client:
        client.send(STREAM.replace(b"GET", b"HEAD") + HELLO)
        assert client.response(bodiless=True)[0] == 200
        assert client.response()[::2] == (200, b"hello\n")
        assert tap.reasons == ["only its head was asked for"]


@pytest.mark.parametrize("end", ["close", "reset", "half"])
def test_a_client_that_leaves_is_noticed_without_anything_being_written(end: str) -> None:
    with tapping() as tap, Client(tap.address) as client:
        client.send(STREAM)
        client.response()
        tap.do(write(b"one"))
        if end == "reset":
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if end == "half":
            client.socket.shutdown(socket.SHUT_WR)
        else:
            client.socket.close()
        assert tap.ended.wait(DEADLINE_SECONDS)
        tap.do(write(b"late"))
        assert tap.reasons == ["the client is gone"]
        assert tap.log.lines == []


def test_a_client_that_reads_too_slowly_loses_its_connection_and_what_is_kept_for_it_is_bounded() -> None:
    limits = msgspec.structs.replace(PATIENT, unread_bytes=1_000_000)
    with tapping(limits) as tap, Client(tap.address) as client:
        client.send(STREAM)
        client.response()
        written = 0
        while not tap.ended.is_set():
            tap.do(write(bytes(10_000)))
            written += 10_000
            assert written < 100_000_000
        for _ in range(10):
            tap.do(write(bytes(10_000)))
        assert tap.reasons == ["the client left more than 1000000 bytes unread"]
        assert len(client.read_to_end()) < written
        assert tap.log.lines == []


def test_what_waits_for_a_client_is_known() -> None:
    with tapping() as tap, Client(tap.address) as client:
        client.send(STREAM)
        client.response()
        unread: list[int] = []

        def fill(outlet: Outlet) -> None:
            while not (waiting := getattr(outlet, "unread_bytes")):  # noqa: B009  only of the server's
                outlet.write(bytes(100_000))
            unread.append(waiting)

        tap.do(fill)
        assert 0 < unread[0] <= 100_000 + 10


def test_a_beginning_that_fails_is_an_end_and_no_complete_response() -> None:
    def fail(outlet: Outlet) -> None:
        outlet.write(b"one")
        raise RuntimeError("a bug")

    with tapping(begin=fail) as tap, Client(tap.address) as client:
        client.send(STREAM)
        received = client.read_to_end()
        assert received.endswith(b"3\r\none\r\n")
        assert tap.ended.wait(DEADLINE_SECONDS)
        assert tap.reasons == ["the handler failed"]
        ((event, values),) = tap.log.lines
        assert (event, str(values["exc_info"])) == ("http response failed", "a bug")


def test_a_stream_lasts_longer_than_handlers_may_take() -> None:
    with tapping(LIMITS) as tap, Client(tap.address) as client:
        client.send(STREAM)
        client.response()
        deadline = time.monotonic() + 3 * LIMITS.answer_seconds
        while time.monotonic() < deadline:
            tap.do(write(b"beat"))
            assert client.chunk() == b"beat"
        assert tap.reasons == []


def test_streams_are_complete_when_the_server_stops() -> None:
    with tapping() as tap, Client(tap.address) as client:
        client.send(STREAM)
        client.response()
        tap.do(write(b"one"))
        tap.server.stop(DEADLINE_SECONDS)
        assert client.read_to_end() == b"3\r\none\r\n0\r\n\r\n"
        assert tap.reasons == ["the server stops"]
        assert tap.log.lines == []
