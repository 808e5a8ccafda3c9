from __future__ import annotations

import asyncio
import gzip
import threading

import pytest

from tests.transport.http.serving import PATIENT, exchange, serving
from transport.http.content import fitted, takes_gzip
from transport.http.exchange import JSON, Request, Response
from transport.http.routes import Route, Routes

LARGE = (b'{"tasks":[' + b"1," * 100_000, b"1]", b"}")
MIDDLING = b"[" + b"1," * 1_000 + b"1]"


def fit(response: Response, method: str = "GET", **headers: str) -> Response:
    return asyncio.run(fitted(response, method, {name.replace("_", "-"): headers[name] for name in headers}))


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("GZIP, deflate", True),
        ("deflate, br", False),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("*", True),
        ("*;q=0", False),
        ("identity, *;q=0.5, gzip;q=0", False),
        ("deflate," * 100 + "gzip", True),
    ],
)
def test_whether_a_client_reads_gzip(header: str | None, takes: bool) -> None:
    assert takes_gzip(header) is takes


@pytest.mark.parametrize("body", [MIDDLING, LARGE], ids=["one piece", "several"])
def test_a_large_body_is_compressed_for_a_client_that_reads_gzip(body: bytes | tuple[bytes, ...]) -> None:
    fitting = fit(Response(200, body, JSON, {"A": "b"}), accept_encoding="gzip")
    assert fitting.headers == {"A": "b", "Vary": "Accept-Encoding", "Content-Encoding": "gzip"}
    packed = fitting.body if isinstance(fitting.body, bytes) else b"".join(fitting.body)
    assert gzip.decompress(packed) == (body if isinstance(body, bytes) else b"".join(body))
    plain = fit(Response(200, body, JSON))
    assert (plain.body, plain.headers) == (body, {"Vary": "Accept-Encoding"})


def test_large_bodies_are_compressed_on_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: dict[int, threading.Thread] = {}
    original = gzip.zlib.compressobj  # type: ignore[attr-defined]

    def compressobj(*arguments: int) -> object:
        threads[len(threads)] = threading.current_thread()
        return original(*arguments)

    monkeypatch.setattr("zlib.compressobj", compressobj)
    fit(Response(200, MIDDLING, JSON), accept_encoding="gzip")
    fit(Response(200, LARGE, JSON), accept_encoding="gzip")
    assert threads[0] is threading.current_thread()
    assert threads[1] is not threading.current_thread()


@pytest.mark.parametrize(
    "response",
    [
        Response(200, b"x" * 1_000, JSON),
        Response(200, b"x" * 9_000, "application/octet-stream"),
        Response(202),
    ],
    ids=["small", "of any kind", "empty"],
)
def test_what_is_small_or_not_text_is_sent_as_it_is(response: Response) -> None:
    assert fit(response, accept_encoding="gzip") == response


def test_a_version_is_told_and_a_client_that_has_it_gets_nothing_else() -> None:
    answer = Response(200, MIDDLING, JSON, version="7-v1")
    first = fit(answer)
    assert (first.status, first.headers["ETag"], first.headers["Cache-Control"]) == (
        200,
        'W/"7-v1"',
        "no-cache",
    )
    for known in ('W/"7-v1"', '"7-v1"', '"6", W/"7-v1" , "8"', "*"):
        for method in ("GET", "HEAD"):
            again = fit(answer, method, if_none_match=known)
            assert (again.status, again.body, again.headers["ETag"]) == (304, b"", 'W/"7-v1"')
    assert fit(answer, if_none_match='"6"').status == 200
    assert fit(answer, "POST", if_none_match='"7-v1"').status == 200
    assert fit(Response(404, b"no", version="1"), if_none_match="*").status == 404


async def _state(_request: Request) -> Response:
    return Response(200, LARGE, JSON, version="1")


def test_a_server_sends_pieces_gzip_and_not_modified() -> None:
    asked = b"GET / HTTP/1.1\r\nHost: here\r\n"
    with serving(PATIENT, routes=Routes([Route("/", _state)])) as address:
        status, headers, body = exchange(address, asked + b"\r\n")
        assert (status, body, headers["cache-control"]) == (200, b"".join(LARGE), "no-cache")
        _, headers, packed = exchange(address, asked + b"Accept-Encoding: gzip\r\n\r\n")
        assert headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed) == b"".join(LARGE)
        tag = headers["etag"].encode()
        status, headers, body = exchange(address, asked + b"If-None-Match: " + tag + b"\r\n\r\n")
        assert (status, body, "content-length" in headers) == (304, b"", False)
