"""Many connections, and what is left of them."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.transport.http.serving import DEADLINE_SECONDS, PATIENT, Client, Log, exchange, get
from transport.http.exchange import Outlet, Request, Response, Streaming, say
from transport.http.limits import HttpLimits
from transport.http.routes import Route, Routes
from transport.http.server import HttpServer
from transport.pid import Address

HELLO = b"GET /hello HTTP/1.1\r\nHost: here\r\n\r\n"
SLOW = 1_000


async def _hello(request: Request) -> Response:
    return say(200, f"hello {request.body.decode()}")


async def _poll(request: Request) -> Response:
    request.take_time()
    await asyncio.sleep(10 * DEADLINE_SECONDS)
    return say(200, "at last")


async def _sink(request: Request) -> Response:
    assert request.pieces is not None
    return say(200, str(sum([len(piece) async for piece in request.pieces])))


async def _stream(_request: Request) -> Streaming:
    def begin(outlet: Outlet) -> None:
        outlet.write(b"one")

    return Streaming(content_type="text/plain", begin=begin, ended=lambda _reason: None)


async def _large(_request: Request) -> Response:
    return Response(200, (b"x" * 3_000_000, b"y" * 3_000_000))


ROUTES = Routes(
    [
        Route("/hello", _hello, ("GET", "POST"), 1_024),
        Route("/poll", _poll),
        Route("/sink", _sink, ("POST",), streams_body=True),
        Route("/stream", _stream),
        Route("/large", _large),
    ]
)


class Running:
    """A server whose inside can be looked at."""

    def __init__(self, limits: HttpLimits) -> None:
        self.log = Log()
        self.server = HttpServer(ROUTES, limits=limits, log=self.log)
        self.address = self.server.start(Address("127.0.0.1", 0))

    def tasks(self) -> int:
        """How many tasks run on its event loop."""
        counts: list[int] = []
        counted = threading.Event()

        def count() -> None:
            counts.append(len(asyncio.all_tasks(asyncio.get_running_loop())))
            counted.set()

        self.server.call_soon(count)
        assert counted.wait(DEADLINE_SECONDS)
        return counts[0]


@contextlib.contextmanager
def running(limits: HttpLimits = PATIENT) -> Iterator[Running]:
    one = Running(limits)
    try:
        yield one
    finally:
        one.server.stop(1.0)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture
def _many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("_many_files")
def test_a_thousand_slow_clients_delay_nobody_and_leave_nothing_behind() -> None:
    limits = msgspec.structs.replace(PATIENT, connections=2 * SLOW, head_seconds=1.0)
    with running(limits) as one:
        before = descriptors(), one.tasks()
        slow = [socket.create_connection(one.address) for _ in range(SLOW)]
        for number, each in enumerate(slow):
            each.sendall((HELLO[:-2] + b"X-Slow: ")[: 1 + number % 50])
        with Client(one.address) as quick:
            for number in range(100):
                with contextlib.suppress(ConnectionError):
                    slow[number].sendall(b"a")
                quick.send(HELLO)
                assert quick.response()[0] == 200
        for each in slow:
            each.settimeout(DEADLINE_SECONDS)
            with contextlib.suppress(ConnectionResetError):
                while each.recv(4_096):
                    pass
            each.close()
        until(lambda: descriptors() <= before[0] and one.tasks() <= before[1])
        assert one.log.lines == []


def test_slow_clients_make_room_when_there_are_too_many() -> None:
    with running() as one:
        slow = [Client(one.address) for _ in range(3 * PATIENT.connections)]
        for each in slow:
            with contextlib.suppress(ConnectionError):
                each.send(HELLO[:20])
        assert get(one.address, "/hello")[0] == 200
        for each in slow:
            each.socket.close()


def test_clients_that_were_answered_stay_when_strangers_are_too_many() -> None:
    with running() as one, Client(one.address) as known:
        known.send(HELLO)
        assert known.response()[0] == 200
        strangers = [Client(one.address) for _ in range(3 * PATIENT.connections)]
        known.send(HELLO)
        assert known.response()[0] == 200
        for each in strangers:
            each.socket.close()


def _vanish(address: Address, data: bytes, received: int) -> None:
    """Ask for something, read some of it, and be gone."""
    with Client(address) as client:
        client.send(data)
        assert client.socket.recv(received, socket.MSG_WAITALL) or not received


#: What clients do that leave before they are answered, or after the half of it.
DESERTIONS: dict[str, tuple[bytes, int]] = {
    "nothing asked": (b"", 0),
    "half a request": (HELLO[:20], 0),
    "half a body": (b"POST /hello HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nhalf", 0),
    "half a body that is read as it comes": (
        b"POST /sink HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nhalf",
        0,
    ),
    "a poll": (HELLO.replace(b"hello", b"poll"), 0),
    "a stream": (HELLO.replace(b"hello", b"stream"), 200),
    "half a large answer": (HELLO.replace(b"hello", b"large"), 100_000),
    "several requests at once": (20 * HELLO, 100),
}


@pytest.mark.parametrize("desertion", DESERTIONS)
def test_nothing_is_left_of_clients_that_are_gone(desertion: str) -> None:
    data, received = DESERTIONS[desertion]
    with running() as one:
        get(one.address, "/hello")
        until(lambda: one.tasks() == 2)
        before = descriptors()
        for _ in range(5):
            _vanish(one.address, data, received)
        # Whatever was on its way to be closed was counted before, too.
        until(lambda: one.tasks() == 2 and descriptors() <= before)
        assert one.log.lines == []


def test_an_endless_body_is_refused() -> None:
    endless = b"POST /%b HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
    with running() as one:
        with Client(one.address) as client:
            client.send(endless % b"hello")
            with contextlib.suppress(ConnectionError):
                for _ in range(1_000):
                    client.send(b"400\r\n" + bytes(1_024) + b"\r\n")
            assert client.response()[0] == 413
        assert get(one.address, "/hello")[0] == 200


def test_calls_that_come_at_once_are_answered_in_order() -> None:
    with running() as one, Client(one.address) as client:
        calls = [
            b"POST /hello HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\n%03d" % n for n in range(300)
        ]
        sending = threading.Thread(target=client.send, args=(b"".join(calls),))
        sending.start()
        answers = [client.response() for _ in calls]
        sending.join(DEADLINE_SECONDS)
        assert [body for _, _, body in answers] == [b"hello %03d\n" % n for n in range(300)]


def test_a_head_and_its_body_may_come_in_segments_of_any_size() -> None:
    call = b"POST /hello HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nworld"
    with running() as one, Client(one.address) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for parts in ([call[:-5], call[-5:]], [bytes([byte]) for byte in call]):
            for part in parts:
                client.send(part)
            assert client.response()[::2] == (200, b"hello world\n")


def test_a_client_of_http_1_0_is_answered_and_kept_if_it_wants_that() -> None:
    with running() as one:
        status, headers, body = exchange(one.address, b"GET /hello HTTP/1.0\r\n\r\n")
        assert (status, body, headers.get("connection")) == (200, b"hello \n", None)
        with Client(one.address) as client:
            for _ in range(2):
                client.send(b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                assert client.response()[1]["connection"] == "keep-alive"


def test_a_client_that_wants_to_be_left_is_told_so() -> None:
    with running() as one, Client(one.address) as client:
        client.send(HELLO.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert client.response()[1]["connection"] == "close"
        assert client.read_to_end() == b""


@pytest.mark.parametrize("pause_seconds", [0.0, 0.001])
def test_a_client_that_sends_all_it_has_and_then_no_more_gets_all_answers(pause_seconds: float) -> None:
    """As `printf … | nc -N` does; whenever the end comes among the steps of the server."""
    with running() as one:
        for _ in range(20):
            with Client(one.address) as client:
                client.send(3 * HELLO)
                time.sleep(pause_seconds)
                client.socket.shutdown(socket.SHUT_WR)
                assert [client.response()[2] for _ in range(3)] == [b"hello \n"] * 3
                assert client.read_to_end() == b""
        assert one.log.lines == []


@pytest.mark.parametrize("path", ["hello", "sink"])
def test_a_client_that_sends_half_a_body_and_then_no_more_is_told_so(path: str) -> None:
    call = b"POST /%b HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nhalf" % path.encode()
    with running() as one:
        for _ in range(20):
            with Client(one.address) as client:
                client.send(call)
                client.socket.shutdown(socket.SHUT_WR)
                assert client.response()[0] == 400
                assert client.read_to_end() == b""
        assert one.log.lines == []
