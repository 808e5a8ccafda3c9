"""curl, and what a socket can say that curl cannot: one connection, many ways to send a request."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.integration.clients.daemons import Local
from tests.integration.clients.installed import program
from tests.integration.clients.speech import exchange
from transport.pid import Address

_CALL = b'{"type":"GET_HEALTH"}'
_HEAD = (
    b"POST /api/v1 HTTP/1.1\r\nHost: mesos\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
)
_LAST = b"Connection: close\r\n"
_HEALTHY = {"type": "GET_HEALTH", "get_health": {"healthy": True}}
_BODY = re.compile(rb"\r\n\r\n(\{[^\r]*\})")


def curl(*words: str, stdin: bytes = b"") -> bytes:
    command = (program("curl", "curl"), "--silent", "--show-error", "--max-time", "30", *words)
    return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, check=True).stdout


def post(address: Address, body: str, *words: str, path: str = "/api/v1") -> Any:
    kind = ("--header", "Content-Type: application/json")
    told = curl(*kind, *words, "--data", body, f"http://{address}{path}")
    return msgspec.json.decode(told)


@pytest.mark.parametrize("daemon", ["master", "agent"])
@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/", "//api//v1", "/api/v1/operator"])
def test_curl_calls_an_operator_api_at_all_its_paths(local: Local, daemon: str, path: str) -> None:
    address: Address = getattr(local, daemon)
    prefix = {"master": "/master", "agent": "/slave(1)"}[daemon]
    for target in (path, f"{prefix}{path}"):
        assert post(address, _CALL.decode(), "--path-as-is", "--globoff", path=target) == _HEALTHY


def test_curl_sends_chunks_waits_for_100_continue_and_speaks_http_1_0(local: Local) -> None:
    body = _CALL.decode()
    assert post(local.master, body, "--header", "Transfer-Encoding: chunked") == _HEALTHY
    assert (
        post(local.master, body, "--header", "Expect: 100-continue", "--expect100-timeout", "20") == _HEALTHY
    )
    assert post(local.master, body, "--http1.0") == _HEALTHY
    assert post(local.master, body, "--compressed") == _HEALTHY


def test_curl_follows_a_redirect_and_asks_for_heads_and_compressed_states(local: Local) -> None:
    leader = f"http://{local.master}"
    told = curl("--dump-header", "-", "--output", "/dev/null", f"{leader}/redirect").decode()
    assert " 307 " in told
    head = curl("--head", f"{leader}/state").decode()
    assert " 200 " in head
    body = curl(f"{leader}/state")
    assert f"content-length: {len(body)}" in head.lower() or "content-length" not in head.lower()
    plain, packed = (json.loads(curl(*word, f"{leader}/state")) for word in ((), ("--compressed",)))
    assert plain.keys() == packed.keys()


def test_curl_reads_a_stream_of_events_as_it_comes(local: Local) -> None:
    """It ends by its own time; what came is whole records, the second a heartbeat."""
    kinds = ("--header", "Content-Type: application/json", "--header", "Accept: application/json")
    command = ("curl", "--silent", "--no-buffer", *kinds, "--data", '{"type":"SUBSCRIBE"}')
    with subprocess.Popen((*command, f"http://{local.master}/api/v1"), stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        try:
            kinds_told = []
            for _ in range(2):
                size = int(client.stdout.readline())
                kinds_told.append(msgspec.json.decode(client.stdout.read(size))["type"])
        finally:
            client.kill()
    assert kinds_told == ["SUBSCRIBED", "HEARTBEAT"]


def test_calls_on_one_connection_are_answered_in_order(local: Local) -> None:
    kinds = ["GET_HEALTH", "GET_VERSION", "GET_FLAGS", "GET_LOGGING_LEVEL"] * 5
    bodies = [b'{"type":"%s"}' % kind.encode() for kind in kinds]
    calls = [_HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies]
    last = b"GET /health HTTP/1.1\r\nHost: mesos\r\nConnection: close\r\n\r\n"
    told = exchange(local.master, [b"".join(calls) + last])
    assert [msgspec.json.decode(body)["type"] for body in _BODY.findall(told)] == kinds
    assert told.count(b"HTTP/1.1 200 OK") == len(kinds) + 1


def test_a_call_comes_in_as_many_segments_as_it_likes(local: Local) -> None:
    length = b"Content-Length: %d\r\n" % len(_CALL)
    whole = _HEAD + _LAST + length + b"\r\n" + _CALL
    for segments in (
        [_HEAD + _LAST + length + b"\r\n", _CALL],
        [_HEAD + _LAST + length, b"\r\n", _CALL[:5], _CALL[5:]],
        [whole[at : at + 1] for at in range(len(whole))],
    ):
        told = exchange(local.master, segments)
        assert msgspec.json.decode(_BODY.findall(told)[0]) == _HEALTHY


def test_a_body_comes_in_chunks_of_any_size_with_extensions_and_trailers(local: Local) -> None:
    chunks = b"".join(b"1;x=y\r\n%c\r\n" % byte for byte in _CALL)
    chunked = _HEAD + _LAST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks
    for end in (b"0\r\n\r\n", b"0\r\nX-Trailer: 1\r\n\r\n"):
        told = exchange(local.master, [chunked, end])
        assert msgspec.json.decode(_BODY.findall(told)[0]) == _HEALTHY


def test_names_of_headers_and_line_ends_of_others_are_understood(local: Local) -> None:
    length = b"content-length: %d\r\n" % len(_CALL)
    head = b"POST /api/v1 HTTP/1.1\r\nHOST:mesos\r\ncontent-type:application/json\r\n"
    told = exchange(local.master, [head + length + b"connection: CLOSE\r\n\r\n" + _CALL])
    assert msgspec.json.decode(_BODY.findall(told)[0]) == _HEALTHY


def test_a_file_that_curl_downloads_is_the_file(local: Local, tmp_path: Path) -> None:
    address = f"http://{local.master}/files"
    size = json.loads(curl(f"{address}/read?path=/master/log"))["offset"]
    curl("--output", str(tmp_path / "log"), f"{address}/download?path=/master/log")
    assert (tmp_path / "log").stat().st_size >= size > 0
    text = json.loads(curl(f"{address}/read?path=/master/log&offset=0&length=100"))["data"]
    assert (tmp_path / "log").read_text().startswith(text)
