"""Bodies and the time of handlers, over a real server."""

from __future__ import annotations

import asyncio
import threading
import time

import msgspec
import pytest

from tests.transport.http.serving import DEADLINE_SECONDS, LIMITS, PATIENT, Client, Log, get, serving
from transport.http.exchange import HttpError, Request, Response, refusal, say
from transport.http.routes import Route, Routes
from transport.http.server import HttpServer
from transport.pid import Address


def post(path: str, *headers: str) -> bytes:
    return "\r\n".join((f"POST {path} HTTP/1.1", "Host: here", *headers, "", "")).encode()


class Reader:
    """Reads bodies as they come, one piece whenever it is told to."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.failure: HttpError | None = None
        self.go_on = threading.Semaphore(0)
        self.ended = threading.Event()

    async def read(self, request: Request) -> Response:
        if request.pieces is None:
            return say(200, f"whole: {request.body.decode()}")
        try:
            await asyncio.to_thread(self.go_on.acquire)
            async for piece in request.pieces:
                self.pieces.append(piece)
                await asyncio.to_thread(self.go_on.acquire)
        except HttpError as error:
            self.failure = error
            raise
        finally:
            self.go_on.release()  # a thread may wait for it yet
            self.ended.set()
        return say(200, str(sum(map(len, self.pieces))))

    def until(self, count: int) -> None:
        """Wait for that much to have been read."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while sum(map(len, self.pieces)) < count:
            self.go_on.release()
            assert time.monotonic() < deadline
            time.sleep(0.001)


def reading(reader: Reader) -> Routes:
    return Routes(
        [
            Route("/all", reader.read, ("POST",), streams_body=True),
            Route("/some", reader.read, ("POST",), 100, streamed_type="application/recordio"),
        ]
    )


UNHURRIED = msgspec.structs.replace(PATIENT, answer_seconds=DEADLINE_SECONDS)


@pytest.mark.parametrize(
    ("path", "header"), [("/all", "X: y"), ("/some", "Content-Type: application/recordio")]
)
def test_a_body_is_read_as_it_comes(path: str, header: str) -> None:
    reader = Reader()
    with serving(UNHURRIED, routes=reading(reader)) as address, Client(address) as client:
        client.send(post(path, header, "Transfer-Encoding: chunked", "Expect: 100-continue"))
        reader.go_on.release()
        assert client.response(bodiless=True)[0] == 100
        for chunk, count in ((b"3\r\none\r\n", 3), (b"6\r\ntwo", 6)):
            client.send(chunk)
            reader.until(count)
        client.send(b"two\r\n0\r\n\r\n")
        for _ in range(10):
            reader.go_on.release()
        assert client.response()[::2] == (200, b"9\n")
        assert b"".join(reader.pieces) == b"onetwotwo"


def test_other_bodies_at_the_same_path_are_read_first() -> None:
    with serving(routes=reading(Reader())) as address, Client(address) as client:
        client.send(post("/some", "Content-Type: text/plain", "Content-Length: 4") + b"body")
        assert client.response()[::2] == (200, b"whole: body\n")
        client.send(post("/some", "Content-Type: text/plain", "Content-Length: 101"))
        assert client.response()[0] == 413


def test_a_client_is_held_back_while_nobody_reads_what_it_sends() -> None:
    reader = Reader()
    with serving(UNHURRIED, routes=reading(reader)) as address, Client(address) as client:
        total = 50_000_000
        client.send(post("/all", f"Content-Length: {total}"))
        client.socket.settimeout(0.2)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < total:
                sent += client.socket.send(bytes(65_536))
        reader.until(1)
        client.socket.settimeout(DEADLINE_SECONDS)
        sent += client.socket.send(bytes(65_536))
        assert sent < total


def test_a_body_that_breaks_off_is_told_to_who_reads_it() -> None:
    reader, log = Reader(), Log()
    with serving(UNHURRIED, log, routes=reading(reader)) as address:
        with Client(address) as client:
            client.send(post("/all", "Content-Length: 100") + b"some")
            reader.until(4)
        reader.go_on.release()
        assert reader.ended.wait(DEADLINE_SECONDS)
    assert reader.failure is not None
    assert reader.failure.response.status == 400
    assert log.lines == []


def test_a_body_whose_chunks_cannot_be_read_is_refused_while_it_is_read() -> None:
    reader = Reader()
    with serving(UNHURRIED, routes=reading(reader)) as address, Client(address) as client:
        client.send(post("/all", "Transfer-Encoding: chunked") + b"3\r\none\r\n")
        reader.until(3)
        client.send(b"no size\r\n")
        reader.go_on.release()
        status, _, body = client.response()
        assert (status, body) == (400, b"body: its length or its chunks cannot be read\n")


def test_bodies_that_are_too_much_at_a_time_are_refused_and_others_are_read_then() -> None:
    limits = msgspec.structs.replace(PATIENT, bodies_bytes=500)
    routes = Routes([Route("/some", Reader().read, ("POST",), 1_024)])
    with serving(limits, routes=routes) as address:
        for _ in range(3):
            with Client(address) as client:
                client.send(post("/some", "Content-Length: 1000") + b"a" * 900)
                status, headers, body = client.response()
            assert (status, headers["retry-after"], body) == (503, "2", b"too much is being sent at a time\n")
        with Client(address) as client:
            for part in (post("/some", "Content-Length: 450") + b"a" * 440, b"a" * 10):
                client.send(part)
            assert client.response()[0] == 200


class Waiter:
    """Handlers that wait until they are cancelled."""

    def __init__(self) -> None:
        self.waits = threading.Event()
        self.cancelled = threading.Event()

    async def poll(self, request: Request) -> Response:
        request.take_time()
        return await self.hang(request)

    async def hang(self, _request: Request) -> Response:
        self.waits.set()
        try:
            await asyncio.sleep(10 * DEADLINE_SECONDS)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return say(200, "at last")

    def routes(self) -> Routes:
        return Routes([Route("/poll", self.poll), Route("/hang", self.hang)])


GET_POLL = b"GET /poll HTTP/1.1\r\nHost: here\r\n\r\n"


def test_a_handler_that_takes_its_time_is_not_given_up_and_ends_with_its_client() -> None:
    waiter = Waiter()
    with serving(LIMITS, routes=waiter.routes()) as address:
        with Client(address) as client:
            client.send(GET_POLL)
            assert waiter.waits.wait(DEADLINE_SECONDS)
            assert not waiter.cancelled.wait(3 * LIMITS.answer_seconds)
        assert waiter.cancelled.wait(DEADLINE_SECONDS)


def test_a_handler_that_takes_its_time_ends_with_the_server_and_its_client_is_told_to_try_again() -> None:
    waiter = Waiter()
    server = HttpServer(waiter.routes(), limits=PATIENT)
    with Client(server.start(Address("127.0.0.1", 0))) as client:
        client.send(GET_POLL)
        assert waiter.waits.wait(DEADLINE_SECONDS)
        server.stop(DEADLINE_SECONDS)
        status, headers, body = client.response()
        assert (status, headers["retry-after"], body) == (503, "2", b"this server stops\n")


def test_other_handlers_are_given_up_also_those_of_the_next_request_on_the_same_connection() -> None:
    waiter = Waiter()
    with serving(LIMITS, routes=waiter.routes()) as address, Client(address) as client:
        for _ in range(2):
            client.send(GET_POLL.replace(b"poll", b"hang"))
            assert client.response()[::2] == (503, b"no answer within 0.5 s\n")
        assert waiter.cancelled.is_set()


def test_a_client_that_sends_no_more_still_gets_its_answer() -> None:
    entered, go = threading.Event(), threading.Event()

    async def finish(_request: Request) -> Response:
        entered.set()
        await asyncio.to_thread(go.wait, DEADLINE_SECONDS)
        return say(200, "done")

    with serving(UNHURRIED, routes=Routes([Route("/", finish)])) as address, Client(address) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert entered.wait(DEADLINE_SECONDS)
        client.socket.shutdown(1)
        go.set()
        assert client.response()[::2] == (200, b"done\n")
        assert client.read_to_end() == b""


class Witness:
    """Keeps what it sees."""

    def __init__(self) -> None:
        self.seen: list[tuple[object, int, dict[str, str], bool]] = []

    def began(self, method: str, target: str, client: Address) -> object:
        return (method, target, client.host)

    def ended(self, seen: object, status: int, notes: object, *, quiet: bool) -> None:
        assert isinstance(notes, dict)
        self.seen.append((seen, status, notes, quiet))


def test_every_request_is_seen_with_what_became_of_it() -> None:
    async def noted(request: Request) -> Response:
        request.notes["type"] = "GET_STATE"
        return say(200, "well")

    async def refused(_request: Request) -> Response:
        raise refusal(409, "not now")

    async def crash(_request: Request) -> Response:
        raise RuntimeError

    witness = Witness()
    routes = Routes([Route("/noted", noted), Route("/refused", refused, quiet=True), Route("/crash", crash)])
    server = HttpServer(routes, limits=PATIENT, witness=witness)
    address = server.start(Address("127.0.0.1", 0))
    for path in ("/noted?a", "/refused", "/crash", "/nowhere"):
        get(address, path)
    server.stop(1.0)
    assert witness.seen == [
        (("GET", "/noted?a", "127.0.0.1"), 200, {"type": "GET_STATE"}, False),
        (("GET", "/refused", "127.0.0.1"), 409, {}, True),
        (("GET", "/crash", "127.0.0.1"), 500, {}, False),
        (("GET", "/nowhere", "127.0.0.1"), 404, {}, False),
    ]
