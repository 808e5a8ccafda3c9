from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

import pytest

from containerizers.probe import ProbeError, ProbePool, connect, http_status

#: Nothing here takes so long, unless something is wrong.
DEADLINE_SECONDS = 30.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Server:
    """Answers each connection with the next of its answers, and keeps what it was asked."""

    def __init__(self, *answers: bytes, context: ssl.SSLContext | None = None, closes: bool = True) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.asked: list[bytes] = []
        self._answers = list(answers)
        self._context = context
        self._closes = closes
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone would not wake the thread.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(DEADLINE_SECONDS)
        for connection in self._open:
            connection.close()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with contextlib.suppress(ssl.SSLError):
                    if self._context is not None:
                        connection = self._context.wrap_socket(connection, server_side=True)
                self.asked.append(connection.recv(65_536))
                if self._answers:
                    connection.sendall(self._answers.pop(0))
                if self._closes:
                    connection.close()
                else:
                    self._open.append(connection)


def soon(seconds: float = DEADLINE_SECONDS) -> float:
    return time.monotonic() + seconds


def redirect(url: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {url}\r\n\r\n".encode()


def nobodys() -> ssl.SSLContext:
    """The TLS of a server whose certificate nobody vouches for; its key is no secret."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).with_name("nobody.pem"))
    return context


def test_the_status_of_the_answer_is_the_result() -> None:
    with Server(OK, b"HTTP/1.0 503 Busy\r\n\r\n") as server:
        assert http_status(server.url("/health?a=b c"), soon()) == 200
        assert http_status(server.url(), soon()) == 503
        lines = server.asked[0].split(b"\r\n")
        assert lines[0] == b"GET /health?a=b%20c HTTP/1.1"
        assert f"Host: 127.0.0.1:{server.port}".encode() in lines


def test_redirects_are_followed() -> None:
    with Server(OK) as there, Server(redirect("/next"), redirect(there.url("/end"))) as here:
        assert http_status(here.url(), soon()) == 200
        assert here.asked[1].startswith(b"GET /next ")
        assert there.asked[0].startswith(b"GET /end ")


def test_redirects_in_a_circle_end() -> None:
    with (
        Server(*[redirect("/again")] * 20) as server,
        pytest.raises(ProbeError, match="redirected more than 10 times"),
    ):
        http_status(server.url(), soon())


def test_a_redirect_without_address_is_an_answer() -> None:
    with Server(b"HTTP/1.1 301 Moved\r\n\r\n") as server:
        assert http_status(server.url(), soon()) == 301


@pytest.mark.parametrize("scheme", ["file:///etc/passwd", "gopher://127.0.0.1/"])
def test_a_redirect_leads_nowhere_but_to_http(scheme: str) -> None:
    with Server(redirect(scheme)) as server, pytest.raises(ProbeError, match="must begin with http://"):
        http_status(server.url(), soon())


def test_interim_answers_are_passed_over() -> None:
    with Server(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n") as server:
        assert http_status(server.url(), soon()) == 204


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "ended before the answer"),
        (b"HTTP/1.1 200 OK\r\n", "ended before the answer"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20_000, "larger than 65536 bytes|no answer of"),
    ],
)
def test_what_is_no_answer_is_an_error(answer: bytes, reason: str) -> None:
    with Server(answer) as server, pytest.raises(ProbeError, match=reason):
        http_status(server.url(), soon())


def test_a_server_that_says_nothing_is_given_up_at_the_deadline() -> None:
    with Server(closes=False) as server, pytest.raises(ProbeError, match=r"no answer of .*timed out"):
        http_status(server.url(), soon(0.2))


def test_a_server_that_speaks_ever_so_slowly_is_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                while not over.wait(0.02):
                    connection.sendall(b"H")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(ProbeError, match="timed out"):
                http_status(f"http://127.0.0.1:{server.getsockname()[1]}/", soon(0.3))
        finally:
            over.set()
            thread.join(DEADLINE_SECONDS)


def test_nobody_there_is_an_error() -> None:
    with Server() as server:
        pass
    with pytest.raises(ProbeError, match=f"no connection with .* port {server.port}: "):
        connect("127.0.0.1", server.port, soon())
    with pytest.raises(ProbeError, match=r"no connection with 127\.0\.0\.1 port 70000"):
        connect("127.0.0.1", 70_000, soon())


def test_https_is_spoken_with_whoever_it_is() -> None:
    with Server(OK, context=nobodys()) as server:
        assert http_status(server.url().replace("http:", "https:"), soon()) == 200


def test_https_with_a_server_that_does_not_speak_it_is_an_error() -> None:
    with Server(b"HTTP/1.1 400 Bad\r\n\r\n") as server, pytest.raises(ProbeError, match="no answer of"):
        http_status(server.url().replace("http:", "https:"), soon())


def test_a_pool_answers_every_probe_once_by_whatever_thread() -> None:
    before = threading.active_count()
    pool, answers = ProbePool(), queue.Queue[tuple[str, int | None, str | None]]()
    with Server(*[OK] * 41) as server:
        for number in range(40):
            pool.http(server.url(f"/{number}"), 20.0, lambda status, error: answers.put(("h", status, error)))
        pool.tcp("127.0.0.1", server.port, 20.0, lambda status, error: answers.put(("t", status, error)))
        got = [answers.get(timeout=DEADLINE_SECONDS) for _ in range(41)]
    pool.tcp("127.0.0.1", server.port, 20.0, lambda status, error: answers.put(("gone", status, error)))
    kind, status, error = answers.get(timeout=DEADLINE_SECONDS)
    pool.close()
    assert sorted(got, key=str) == sorted([("h", 200, None)] * 40 + [("t", None, None)], key=str)
    assert (kind, status) == ("gone", None)
    assert threading.active_count() < before + 40
    assert error is not None and "no connection" in error


def test_a_closed_pool_begins_nothing_more_and_its_threads_end() -> None:
    pool, answers = ProbePool(), queue.Queue[int | None]()
    with Server(OK) as server:
        pool.http(server.url(), 20.0, lambda status, error: answers.put(status))
        assert answers.get(timeout=DEADLINE_SECONDS) == 200
    threads = [thread for thread in threading.enumerate() if thread.name == "probe"]
    pool.close()
    for thread in threads:
        thread.join(DEADLINE_SECONDS)
        assert not thread.is_alive()


def test_a_process_ends_without_waiting_for_its_probes() -> None:
    program = """
import socket
from containerizers.probe import ProbePool
server = socket.create_server(("127.0.0.1", 0))
pool = ProbePool()
pool.http(f"http://127.0.0.1:{server.getsockname()[1]}/", 3600.0, print)
server.accept()
pool.close()
"""
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", program], cwd=root, check=True, timeout=DEADLINE_SECONDS)
