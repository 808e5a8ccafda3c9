"""What the server does with requests, and with what is none (reliability.md §3.4)."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import random
import resource
import socket
import threading
import time

import msgspec
import pytest

from tests.transport.http.serving import (
    DEADLINE_SECONDS,
    LIMITS,
    PATIENT,
    ROUTES,
    Client,
    Log,
    exchange,
    get,
    serving,
)
from transport.http.connection import Connections
from transport.http.exchange import Request, Response, say
from transport.http.routes import Route, Routes
from transport.http.server import HttpServer, raise_descriptors
from transport.pid import Address

HOST = b"Host: here\r\n"


def asked(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join((line, b"Host: here", *headers, b"", body))


def test_a_handler_sees_the_request_and_answers_it() -> None:
    with serving() as address:
        status, headers, body = exchange(
            address,
            asked(b"POST //echo/a%2Fb/c/?x=1&y=%C3%A4&x=2 HTTP/1.1", b"Content-Length: 4", body=b"body"),
        )
    assert (status, headers["content-type"], headers["server"]) == (200, "application/json", "Pion")
    assert json.loads(body) == {
        "method": "POST",
        "target": "//echo/a%2Fb/c/?x=1&y=%C3%A4&x=2",
        "rest": ["a/b", "c"],
        "query": {"x": "2", "y": "ä"},
        "body": "body",
        "host": "here",
    }


def test_a_connection_serves_one_request_after_the_other_also_when_they_come_at_once() -> None:
    with serving() as address, Client(address) as client:
        client.send(asked(b"GET /hello HTTP/1.1"))
        assert client.response()[0] == 200
        client.send(
            asked(b"GET /hello HTTP/1.1")
            + asked(b"POST /echo HTTP/1.1", b"Content-Length: 3", body=b"one")
            + asked(b"GET /nowhere HTTP/1.1")
        )
        answers = [client.response() for _ in range(3)]
    assert [status for status, _headers, _body in answers] == [200, 200, 404]
    assert json.loads(answers[1][2])["body"] == "one"


def test_a_chunked_body_and_one_that_waits_to_be_asked_for_are_read() -> None:
    with serving() as address:
        chunked = asked(
            b"POST /echo HTTP/1.1",
            b"Transfer-Encoding: chunked",
            body=b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n",
        )
        assert json.loads(exchange(address, chunked)[2])["body"] == "abcde"
        with Client(address) as client:
            client.send(asked(b"POST /echo HTTP/1.1", b"Content-Length: 5", b"Expect: 100-continue"))
            assert client.response(bodiless=True)[0] == 100
            client.send(b"later")
            assert json.loads(client.response()[2])["body"] == "later"


def test_head_gets_the_headers_alone() -> None:
    with serving() as address:
        status, headers, body = get(address, "/hello", method="HEAD")
    assert (status, headers["content-length"], body) == (200, "6", b"")


#: What a client sends, and the status that it gets.
ATTACKS: dict[str, tuple[bytes, int]] = {
    "another method": (asked(b"PUT /hello HTTP/1.1"), 405),
    "TRACE": (asked(b"TRACE /hello HTTP/1.1"), 405),
    "no such method": (asked(b"FOO /hello HTTP/1.1"), 400),
    "OPTIONS *": (asked(b"OPTIONS * HTTP/1.1"), 404),
    "CONNECT": (asked(b"CONNECT evil:1 HTTP/1.1"), 404),
    "no host": (b"GET /hello HTTP/1.1\r\n\r\n", 400),
    "a version of the future": (asked(b"GET /hello HTTP/9.9"), 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "ZMTP": (b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00\r\n\r\n", 400),
    "zeros": (bytes(4_096), 400),
    "line feeds alone": (b"GET /hello HTTP/1.1\nHost: here\n\n", 400),
    "a folded header": (asked(b"GET /hello HTTP/1.1", b"A: b\r\n c"), 400),
    "a blank before the colon": (asked(b"GET /hello HTTP/1.1", b"A : b"), 400),
    "NUL in a header": (asked(b"GET /hello HTTP/1.1", b"A: b\0c"), 400),
    "a long request line": (asked(b"GET /" + b"a" * 1_048_576 + b" HTTP/1.1"), 414),
    "a long header": (asked(b"GET /hello HTTP/1.1", b"Authorization: Basic " + b"a" * 1_048_576), 431),
    "many headers": (asked(b"GET /hello HTTP/1.1", *(b"X%d: y" % n for n in range(10_000))), 431),
    "length and chunks": (
        asked(b"POST /echo HTTP/1.1", b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        400,
    ),
    "two lengths": (
        asked(b"POST /echo HTTP/1.1", b"Content-Length: 5", b"Content-Length: 6", body=b"hello"),
        400,
    ),
    "a negative length": (asked(b"POST /echo HTTP/1.1", b"Content-Length: -5", body=b"hello"), 400),
    "a length of 5,000 digits": (asked(b"POST /echo HTTP/1.1", b"Content-Length: " + b"9" * 2_000), 400),
    "a chunk of 2^80 bytes": (
        asked(b"POST /echo HTTP/1.1", b"Transfer-Encoding: chunked", body=b"F" * 20 + b"\r\nabc"),
        400,
    ),
    "a chunk without a size": (
        asked(b"POST /echo HTTP/1.1", b"Transfer-Encoding: chunked", body=b"xyz\r\nabc"),
        400,
    ),
    "chunks within gzip": (
        asked(b"POST /echo HTTP/1.1", b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
        501,
    ),
    "a gzip bomb": (
        asked(b"POST /echo HTTP/1.1", b"Content-Encoding: gzip", b"Content-Length: 2", body=b"\x1f\x8b"),
        415,
    ),
    "a body of 1 GiB": (asked(b"POST /echo HTTP/1.1", b"Content-Length: 1073741824", body=b"x"), 413),
    "chunks beyond the limit": (
        asked(b"POST /echo HTTP/1.1", b"Transfer-Encoding: chunked", body=b"800\r\n" + b"x" * 2_048),
        413,
    ),
    "a broken escape": (asked(b"GET /%zz HTTP/1.1"), 400),
    "a broken escape in the query": (asked(b"GET /echo?a=%4 HTTP/1.1"), 400),
    "NUL in the path": (asked(b"GET /hello%00 HTTP/1.1"), 400),
    "overlong UTF-8": (asked(b"GET /%c0%af HTTP/1.1"), 400),
    "raw bytes in the path": (asked(b"GET /\xc0\xaf HTTP/1.1"), 400),
    "a host that is none": (asked(b"GET http://[::1/hello HTTP/1.1"), 400),
    "many arguments": (asked(b"GET /echo?" + b"&".join([b"a"] * 500) + b" HTTP/1.1"), 400),
    "a script as callback": (asked(b"GET /echo?jsonp=%3Cscript%3E HTTP/1.1"), 400),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_breaks_a_rule_is_refused_and_the_service_goes_on(attack: str) -> None:
    data, expected = ATTACKS[attack]
    log = Log()
    with serving(log=log) as address:
        with Client(address) as client:
            with contextlib.suppress(ConnectionError):  # it may be answered, and closed, before all has come
                client.send(data)
            status, headers, body = client.response()
        assert (status, headers["content-type"]) == (expected, "text/plain; charset=utf-8")
        assert len(body) < 200
        assert get(address, "/hello")[0] == 200
    assert log.lines == []


@pytest.mark.parametrize("seed", range(8))
def test_garbage_of_any_kind_is_answered_or_cut_off_and_the_service_goes_on(seed: int) -> None:
    """Requests of all kinds, cut, doubled, joined, and with bytes changed at random."""
    chance = random.Random(seed)
    honest = [data for data, _status in ATTACKS.values() if len(data) < 8_192]
    honest += [
        asked(b"GET /hello HTTP/1.1"),
        asked(b"POST /echo HTTP/1.1", b"Content-Length: 3", body=b"one"),
    ]
    log = Log()
    with serving(log=log) as address:
        for _ in range(40):
            data = bytearray(b"".join(chance.choices(honest, k=chance.randint(1, 3))))
            for _ in range(chance.randint(0, 20)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            with Client(address) as client:
                with contextlib.suppress(ConnectionError):
                    client.send(bytes(data[: chance.randint(1, len(data))]))
                    client.socket.shutdown(socket.SHUT_WR)
                for answer in client.read_to_end().split(b"Server: Pion")[:-1]:
                    status = int(answer.rpartition(b"HTTP/1.")[2].split()[1])
                    assert status == 200 or 400 <= status < 500 or status == 501, answer
        assert get(address, "/hello")[0] == 200
    assert log.lines == []


def test_another_method_is_answered_with_those_that_are_allowed() -> None:
    with serving() as address:
        assert get(address, "/echo", method="DELETE")[1]["allow"] == "GET, POST"


def test_nothing_that_a_client_names_as_host_matters() -> None:
    with serving() as address:
        _, _, body = exchange(
            address, asked(b"GET http://evil.example/echo?a HTTP/1.1", b"X-Forwarded-Host: evil.example")
        )
    assert json.loads(body)["target"] == "/echo?a"


def test_a_smuggled_request_is_not_answered() -> None:
    """What follows a request that is refused is never taken for another one."""
    smuggled = asked(b"GET /hello HTTP/1.1")
    first = asked(b"POST /echo HTTP/1.1", b"Content-Length: 9999", body=smuggled)
    both = asked(
        b"POST /echo HTTP/1.1", b"Content-Length: 4", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"
    )
    with serving(LIMITS) as address:
        for data in (first, both + smuggled):
            with Client(address) as client:
                client.send(data)
                assert client.read_to_end().count(b"Server: Pion") == 1


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /hello HT",
        b"GET /hello HTTP/1.1\r\nHost: here\r\nX-Slow: ",
        asked(b"GET /hello HTTP/1.1") + b"GET /hello HTTP/1.1\r\n",
    ],
    ids=["half a line", "half a header", "half of the next request"],
)
def test_a_client_that_takes_its_time_is_disconnected(begun: bytes) -> None:
    """Byte by byte does not help either."""
    with serving(LIMITS) as address, Client(address) as client:
        client.send(begun)
        answers: list[bytes] = []
        reader = threading.Thread(target=lambda: answers.append(client.read_to_end()))
        reader.start()
        deadline = time.monotonic() + DEADLINE_SECONDS
        while reader.is_alive() and time.monotonic() < deadline:
            try:
                client.send(b"a")
            except ConnectionError:
                break
            reader.join(0.05)
        reader.join(DEADLINE_SECONDS)
        assert answers[0].count(b"HTTP/1.1 200") == begun.count(b"\r\n\r\n")


def test_connections_on_which_nothing_has_begun_stay() -> None:
    """Libraries have one for calls, for hours, before the first and between two."""
    with serving(LIMITS) as address, Client(address) as fresh, Client(address) as used:
        used.send(asked(b"GET /hello HTTP/1.1"))
        assert used.response()[0] == 200
        # Whoever began later than these, and is disconnected, tells that their time would have been over.
        with Client(address) as slow:
            slow.send(b"GET /hello HT")
            assert slow.read_to_end() == b""
        for client in (fresh, used):
            client.send(asked(b"GET /hello HTTP/1.1"))
            assert client.response()[0] == 200


def test_a_body_that_does_not_come_is_waited_for_only_so_long() -> None:
    with serving(LIMITS) as address, Client(address) as client:
        client.send(asked(b"POST /echo HTTP/1.1", b"Content-Length: 5", body=b"hel"))
        assert client.response()[0] == 408
        assert client.read_to_end() == b""


def test_a_handler_that_takes_too_long_is_given_up() -> None:
    with serving(LIMITS) as address:
        status, headers, _ = get(address, "/hang")
    assert (status, headers["retry-after"]) == (503, "2")


def test_a_bug_in_a_handler_is_logged_and_its_client_learns_no_more() -> None:
    log = Log()
    with serving(log=log) as address:
        status, _, body = get(address, "/crash")
        assert get(address, "/hello")[0] == 200
    assert (status, body) == (500, b"internal error: see the log\n")
    ((event, values),) = log.lines
    assert (event, values["target"], str(values["exc_info"])) == ("http handler failed", "/crash", "a bug")


def test_a_refusal_of_a_handler_is_its_answer() -> None:
    with serving() as address:
        assert get(address, "/refuse")[::2] == (409, b"not now\n")


def test_a_body_that_nobody_looks_at_is_not_read() -> None:
    with serving(LIMITS) as address, Client(address) as client:
        client.send(asked(b"POST /bodiless HTTP/1.1", b"Content-Length: 100000000", body=b"x"))
        assert client.response()[0] == 200
        assert client.read_to_end() == b""


def test_idle_connections_make_room_for_new_ones() -> None:
    with serving(PATIENT) as address:
        idle = [Client(address) for _ in range(PATIENT.connections)]
        for client in idle:
            client.send(asked(b"GET /hello HTTP/1.1"))
            assert client.response()[0] == 200
        for _ in range(3):
            with Client(address) as client:
                client.send(asked(b"GET /hello HTTP/1.1"))
                assert client.response()[0] == 200
        assert idle[0].read_to_end() == b""
        idle[-1].send(asked(b"GET /hello HTTP/1.1"))
        assert idle[-1].response()[0] == 200
        for client in idle:
            client.socket.close()


def test_when_all_connections_are_at_work_the_next_one_is_turned_away() -> None:
    limits = msgspec.structs.replace(PATIENT, connections=2, answer_seconds=DEADLINE_SECONDS)
    with serving(limits) as address:
        busy = [Client(address) for _ in range(limits.connections)]
        for client in busy:
            client.send(asked(b"POST /echo HTTP/1.1", b"Content-Length: 2", b"Expect: 100-continue"))
            assert client.response(bodiless=True)[0] == 100  # its handler waits for the body
        with Client(address) as late:
            status, headers, _ = late.response()
            assert (status, headers["retry-after"]) == (503, "2")
            assert late.read_to_end() == b""
        for client in busy:
            client.send(b"go")
            assert client.response()[0] == 200
            client.socket.close()


def test_a_client_that_does_not_read_its_answer_is_disconnected() -> None:
    limits = msgspec.structs.replace(LIMITS, connections=1)
    with serving(limits) as address, socket.socket() as deaf:
        deaf.settimeout(DEADLINE_SECONDS)
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.connect(address)
        deaf.sendall(asked(b"GET /large HTTP/1.1"))
        assert deaf.recv(1) == b"H"
        deadline = time.monotonic() + DEADLINE_SECONDS
        while get(address, "/hello")[0] == 503:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_port_that_is_taken_is_said_so_at_once() -> None:
    with serving() as address, pytest.raises(OSError, match="in use"):
        HttpServer(ROUTES).start(address)


def test_a_server_listens_on_ipv6_too() -> None:
    with serving(host="::1") as address:
        assert address.host == "::1"
        assert get(address, "/hello")[0] == 200


def test_stopping_ends_idle_connections_and_hanging_handlers_within_its_time() -> None:
    server = HttpServer(ROUTES, limits=PATIENT)
    address = server.start(Address("127.0.0.1", 0))
    with Client(address) as idle, Client(address) as hanging:
        hanging.send(asked(b"GET /hang HTTP/1.1"))
        idle.send(asked(b"GET /hello HTTP/1.1"))
        assert idle.response()[0] == 200
        server.stop(0.2)
        assert idle.read_to_end() == b""
        assert b" 200 " not in hanging.read_to_end()
    with pytest.raises(ConnectionRefusedError):
        Client(address)
    assert not any(thread.name == "http" for thread in threading.enumerate())


def test_a_request_that_runs_when_the_server_stops_is_finished() -> None:
    entered, go = threading.Event(), threading.Event()

    async def finish(_request: Request) -> Response:
        entered.set()
        await asyncio.to_thread(go.wait, DEADLINE_SECONDS)
        return say(200, "done")

    limits = msgspec.structs.replace(PATIENT, answer_seconds=DEADLINE_SECONDS)
    server = HttpServer(Routes([Route("/finish", finish)]), limits=limits)
    address = server.start(Address("127.0.0.1", 0))
    with Client(address) as client:
        client.send(asked(b"GET /finish HTTP/1.1"))
        assert entered.wait(DEADLINE_SECONDS)
        stopping = threading.Thread(target=server.stop, args=(DEADLINE_SECONDS,))
        stopping.start()
        while server._stop_seconds is None:
            time.sleep(0.01)
        go.set()
        assert client.response()[0] == 200
        stopping.join(DEADLINE_SECONDS)
        assert not stopping.is_alive()


def test_what_a_handler_has_called_soon_is_no_part_of_its_request() -> None:
    asked: contextvars.ContextVar[str] = contextvars.ContextVar("asked", default="nobody")
    seen: list[str] = []
    servers: list[HttpServer] = []

    async def handle(request: Request) -> Response:
        asked.set(request.target)
        servers[0].call_soon(lambda: seen.append(asked.get()))
        return say(200, asked.get())

    servers.append(HttpServer(Routes([Route("/", handle)]), limits=PATIENT))
    address = servers[0].start(Address("127.0.0.1", 0))
    assert get(address, "/a")[2] == b"/a\n"
    servers[0].stop(1.0)
    assert seen == ["nobody"]


def test_a_process_may_be_let_open_as_many_files_as_it_may() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
        raise_descriptors()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_server_that_can_give_up_nothing_any_more_says_that_it_has_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failed, log = threading.Event(), Log()
    monkeypatch.setattr(Connections, "check", lambda _self, _now: 1 / 0)
    limits = msgspec.structs.replace(LIMITS, head_seconds=0.1)
    server = HttpServer(ROUTES, limits=limits, log=log, failed=failed.set)
    server.start(Address("127.0.0.1", 0))
    assert failed.wait(DEADLINE_SECONDS)
    server.stop(1.0)
    assert [values["problem"] for _, values in log.lines] == ["nothing is given up any more"]
