"""The client of commands, against the real server and against peers that break the rules."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.transport.http.serving import DEADLINE_SECONDS, serving
from transport.http.client import HttpClient, HttpFailureError
from transport.http.exchange import Outlet, Request, Response, Streaming, say
from transport.http.routes import Route, Routes
from transport.http.server import HttpServer
from transport.pid import Address


@contextlib.contextmanager
def asking(address: Address, timeout_seconds: float = DEADLINE_SECONDS) -> Iterator[HttpClient]:
    client = HttpClient(address, timeout_seconds)
    try:
        yield client
    finally:
        client.close()


@contextlib.contextmanager
def answering(*answers: bytes) -> Iterator[Address]:
    """A peer that gives each connection the next answer, whatever it is asked, and closes it."""

    def run() -> None:
        for answer in answers:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=run)
        thread.start()
        yield Address(*listener.getsockname())
        thread.join(DEADLINE_SECONDS)


@contextlib.contextmanager
def server(route: Route) -> Iterator[Address]:
    one = HttpServer(Routes([route]))
    address = one.start(Address("127.0.0.1", 0))
    try:
        yield address
    finally:
        one.stop(1.0)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_an_answer_that_breaks_off_on_the_kept_connection_is_a_failure_that_names_who_was_asked() -> None:
    def run() -> None:
        connection, _ = listener.accept()
        with connection:
            for answer in (OK, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"):
                connection.recv(65_536)
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=run)
        thread.start()
        address = Address(*listener.getsockname())
        with asking(address) as client:
            assert client.ask("GET", "/").body == b"ok"
            with pytest.raises(HttpFailureError, match=f"{address}: the connection broke off"):
                client.ask("GET", "/")
        thread.join(DEADLINE_SECONDS)


def test_requests_are_answered_on_one_connection() -> None:
    with serving() as address, asking(address) as client:
        assert client.ask("GET", "/hello").text == "hello"
        reply = client.ask("POST", "/echo?x=1", b"body", {"Content-Type": "text/plain"})
        assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
        assert client.ask("GET", "/refuse").status == 409


def test_a_request_is_sent_again_when_the_kept_connection_was_closed() -> None:
    with answering(OK, OK) as address, asking(address) as client:
        assert client.ask("GET", "/").text == "ok"
        assert client.ask("GET", "/").text == "ok"


def test_a_server_that_leads_elsewhere_is_followed_and_not_asked_again() -> None:
    with serving() as leader:
        location = b"Location: //%b/hello\r\n" % str(leader).encode()
        answer = b"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\n%b\r\n" % location
        with answering(answer) as address, asking(address) as client:
            for _ in range(2):
                assert client.ask("GET", "/hello").text == "hello"
            assert client.address == leader


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        (b"//%b/", "leads elsewhere again and again"),
        (b"https://h/", "leads to 'https://h/', which is no address of HTTP"),
        (b"/path", "leads to '/path', which is no address of HTTP"),
        (b"//h:99999/", "leads to '//h:99999/', which is no address of HTTP"),
        (b"//[h/", "leads to '//[h/', which is no address of HTTP"),
    ],
)
def test_a_server_that_leads_nowhere_is_named(location: bytes, reason: str) -> None:
    async def elsewhere(request: Request) -> Response:
        own = request.headers["host"].encode()
        where = location % own if b"%b" in location else location
        return say(307, "elsewhere", {"Location": where.decode()})

    with server(Route("/", elsewhere)) as address, asking(address) as client:
        with pytest.raises(HttpFailureError) as failed:
            client.ask("GET", "/")
        assert str(failed.value) == f"{address}: {reason}"


def test_who_does_not_answer_is_named_with_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = Address(*silent.getsockname())
        with asking(address, 0.05) as client, pytest.raises(HttpFailureError) as failed:
            client.ask("GET", "/")
        assert str(failed.value) == f"{address}: does not answer in time"
    with asking(address) as client, pytest.raises(HttpFailureError, match="Connection refused"):
        client.ask("GET", "/")
    for answer, reason in (
        (b"what?\r\n", "does not speak HTTP as it should: BadStatusLine"),
        (b"", "closed connection without response"),
    ):
        with (
            answering(answer) as address,
            asking(address) as client,
            pytest.raises(HttpFailureError, match=reason),
        ):
            client.ask("GET", "/")


def test_a_body_that_goes_on_is_read_as_it_comes_and_can_be_ended_from_elsewhere() -> None:
    outlets: list[Outlet] = []
    ended = threading.Event()

    def begin(outlet: Outlet) -> None:
        outlets.append(outlet)
        outlet.write(b"first")

    async def stream(_request: Request) -> Streaming:
        return Streaming(content_type="text/plain", begin=begin, ended=lambda _reason: ended.set())

    with server(Route("/", stream, ("POST",), body_bytes=10)) as address, asking(address) as client:
        going = client.stream("/", b"body", {}, DEADLINE_SECONDS)
        assert going.status() == 200
        assert going.read() == b"first"
        failures: list[HttpFailureError | bytes] = []

        def read() -> None:
            try:
                failures.append(going.read())
            except HttpFailureError as error:
                failures.append(error)

        reader = threading.Thread(target=read)
        reader.start()
        going.cut()
        reader.join(DEADLINE_SECONDS)
        going.close()
        assert len(failures) == 1
        assert ended.wait(DEADLINE_SECONDS)


def test_a_refusal_instead_of_a_stream_is_read_whole() -> None:
    async def refuse(_request: Request) -> Response:
        return say(404, "no such container")

    with server(Route("/", refuse, ("POST",), body_bytes=10)) as address, asking(address) as client:
        going = client.stream("/", b"", {}, DEADLINE_SECONDS)
        assert (going.status(), going.rest().text) == (404, "no such container")
        going.close()


def test_a_request_that_goes_on_is_sent_piece_by_piece() -> None:
    pieces: list[bytes] = []

    async def take(request: Request) -> Response:
        assert request.pieces is not None
        async for piece in request.pieces:
            pieces.append(piece)  # noqa: PERF401
        return say(200, "thanks")

    route = Route("/", take, ("POST",), streams_body=True)
    with server(route) as address, asking(address) as client:
        upload = client.upload("/", {"Content-Type": "text/plain"})
        for piece in (b"one", b"two" * 10_000):
            upload.write(piece)
        upload.end()
        assert upload.answer().text == "thanks"
        upload.close()
    assert b"".join(pieces) == b"one" + b"two" * 10_000
