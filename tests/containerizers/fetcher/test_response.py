from __future__ import annotations

import socket
import threading

import pytest

from containerizers.fetcher.budget import Pace
from containerizers.fetcher.failure import FetchError
from containerizers.fetcher.response import Response, Wire


def read(said: bytes, pieces: int = 1 << 20) -> tuple[Response, bytes]:
    """What is made of an answer, after which the server hangs up."""
    ours, theirs = socket.socketpair()

    def say() -> None:
        for start in range(0, len(said), pieces):
            theirs.sendall(said[start : start + pieces])
        theirs.close()

    thread = threading.Thread(target=say)
    thread.start()
    try:
        response = Response(Wire(ours, Pace(30.0)))
        body = b""
        while more := response.read():
            body += more
        return response, body
    finally:
        ours.close()
        thread.join()


BODY = b"x" * 5000


@pytest.mark.parametrize("pieces", [1 << 20, 7])
@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + BODY + b"more",
        b"HTTP/1.1 200 OK\r\ncontent-length:5000\r\nContent-Length: 5000\r\n\r\n" + BODY,
        b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
        b"HTTP/1.1 200\nA: b\n\n" + BODY,
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8;a=b\r\n"
        + BODY[:1000]
        + b"\r\nFA0 \r\n"
        + BODY[1000:]
        + b"\r\n0\r\nTrailer: a\r\n\r\nmore",
        # Whoever names both means the chunks (RFC 9112 §6.3).
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n1388\r\n"
        + BODY
        + b"\r\n0\r\n\r\n",
    ],
)
def test_the_body_is_what_was_sent(said: bytes, pieces: int) -> None:
    response, body = read(said, pieces)
    assert (response.status, body) == (200, BODY)


def test_a_body_may_be_empty() -> None:
    for said in (b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n", b""):
        end = b"0\r\n\r\n" if said.startswith(b"T") else b""
        assert read(b"HTTP/1.1 200 OK\r\n" + said + b"\r\n" + end)[1] == b""


def test_the_size_is_told_where_it_is_known() -> None:
    assert read(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")[0].size == 3
    assert read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")[0].size is None
    assert read(b"HTTP/1.1 200 OK\r\n\r\nabc")[0].size is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", "ends before it is complete"),
        (b"HTTP/1.1 200 OK\r\n", "ends before it is complete"),
        (b"SSH-2.0-OpenSSH\r\n", "no HTTP"),
        (b"HTTP/2 200\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "ends 6 bytes before it should"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "no single length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n", "no single length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n", "no single length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "no single length"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "coding that is not known"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "not made of chunks"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\n", "not made of chunks"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "not made of chunks"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "ends before it is complete"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", "ends 6 bytes before"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "without a colon"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 40_000 + b"\r\n\r\n", "line longer than 16384"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300, "more than 200 lines"),
        (b"HTTP/1.1 200 OK\r\n" + (b"A: " + b"b" * 10_000 + b"\r\n") * 10, "65536 bytes"),
        (b"HTTP/1.1 200 " + b"x" * 40_000, "line longer than 16384"),
        (b"HTTP/1.1 100 Go\r\n\r\n" * 3, "ends before it is complete"),
    ],
)
def test_what_is_no_answer_is_refused(said: bytes, reason: str) -> None:
    with pytest.raises(FetchError, match=reason):
        read(said)
