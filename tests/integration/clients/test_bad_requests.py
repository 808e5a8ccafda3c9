"""Requests that break rules of HTTP or of what it carries (reliability.md §3.4) are refused."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.clients.daemons import Local
from tests.integration.clients.framework import SCHEDULER
from tests.integration.clients.speech import PROTOBUF, ask, call, exchange
from tests.integration.masters import DEADLINE_SECONDS, wait_until

_MIB = 1 << 20
_HOST = b"Host: mesos\r\n"
_CALL = b'{"type":"GET_HEALTH"}'
_JSON_HEADER = b"Content-Type: application/json\r\n"


def post(*headers: bytes, body: bytes = _CALL, target: bytes = b"/api/v1") -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    head = b"POST " + target + b" HTTP/1.1\r\nConnection: close\r\n" + _HOST + _JSON_HEADER
    return head + lines + b"\r\n" + body


def get(target: bytes, *headers: bytes) -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return b"GET " + target + b" HTTP/1.1\r\n" + _HOST + lines + b"Connection: close\r\n\r\n"


#: By the numbers of reliability.md §3.4: what is sent, and the statuses that may answer it.
RAW: dict[str, tuple[bytes, set[int]]] = {
    "18 both lengths": (
        post(b"Content-Length: 21", b"Transfer-Encoding: chunked", body=b"15\r\n" + _CALL + b"\r\n0\r\n\r\n"),
        {400},
    ),
    "19 two lengths": (post(b"Content-Length: 21", b"Content-Length: 5"), {400}),
    "19 no number": (post(b"Content-Length: x"), {400}),
    "19 negative": (post(b"Content-Length: -1"), {400}),
    "20 endless chunk": (post(b"Transfer-Encoding: chunked", body=b"FFFFFFFFFFFFFFFFF\r\n{"), {400, 413}),
    "20 large chunk": (
        post(b"Transfer-Encoding: chunked", body=b"FFFFFFFF\r\n" + b"x" * 2 * _MIB, target=b"/teardown"),
        {400, 413},
    ),
    "20 no chunk": (post(b"Transfer-Encoding: chunked", body=b"zz\r\n{}\r\n"), {400}),
    "20 other encoding": (post(b"Transfer-Encoding: gzip, chunked"), {400, 501}),
    "21 malformed escape": (get(b"/%zz"), {400}),
    "21 zero byte": (get(b"/%00"), {400}),
    "21 overlong": (get(b"/%c0%af..%c0%afetc"), {400}),
    "21 raw control": (get(b"/a\x01b"), {400}),
    "22 long line": (get(b"/" + b"a" * _MIB), {414}),
    "22 many headers": (get(b"/health", *(b"X-%d: y" % number for number in range(10_000))), {431}),
    "3 long header": (get(b"/health", b"Authorization: Basic " + b"a" * _MIB), {431}),
    "24 large body": (post(b"Content-Length: 1073741824", body=b""), {413}),
    "24 zipped body": (post(b"Content-Encoding: gzip", b"Content-Length: 2", body=b"\x1f\x8b"), {415}),
    "35 trace": (b"TRACE /state HTTP/1.1\r\n" + _HOST + b"Connection: close\r\n\r\n", {405}),
    "35 put": (
        b"PUT /health HTTP/1.1\r\n" + _HOST + b"Content-Length: 0\r\nConnection: close\r\n\r\n",
        {405},
    ),
    "37 script": (get(b"/version?jsonp=%3Cscript%3E"), {400}),
    "no http": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 100 + b"\r\n\r\n", {400}),
    "no version": (b"GET /health\r\n\r\n", {200, 400}),
    "other version": (b"GET /health HTTP/9.9\r\n" + _HOST + b"\r\n", {400, 505}),
    "header folded": (get(b"/health", b"X: a", b" b"), {200, 400}),
    "space before colon": (post(b"Content-Length : 21"), {400}),
}

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] \d{3} ")
_READS = ("/state", "/slaves", "/tasks", "/frameworks", "/roles")

_DEEP = b"[" * 100_000
_SUBSCRIBE = (
    '{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":%s,"failover_timeout":%s}}}'
)

#: Bodies of calls to the scheduler API, and a word of why each is refused.
BODIES: dict[str, tuple[bytes, str]] = {
    "13 deep list": (_DEEP, ""),
    "13 deep objects": (b'{"type":' * 100_000, ""),
    "13 deep and complete": (b'{"x":' + _DEEP + b"]" * 100_000 + b"}", ""),
    "14 not a number": ((_SUBSCRIBE % ('"n"', "NaN")).encode(), ""),
    "14 too large": ((_SUBSCRIBE % ('"n"', "1e999")).encode(), ""),
    "14 lone surrogate": ((_SUBSCRIBE % (r'"\ud800"', "1")).encode(), ""),
    "14 no utf-8": ((_SUBSCRIBE % ('"n"', "1")).encode().replace(b'"n"', b'"\xff\xfe"'), ""),
    "15 many digits": ((_SUBSCRIBE % ('"n"', "9" * 5_000)).encode(), ""),
    "no object": (b"[]", ""),
    "nothing": (b"", ""),
    "truncated": (b'{"type":"SUBSCRIBE","subscr', ""),
    "no type": (b"{}", "type"),
    "unknown type": (b'{"type":"DANCE"}', "type"),
    "no framework": (b'{"type":"SUBSCRIBE"}', "subscribe"),
    "required missing": (b'{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u"}}}', "name"),
    "wrong kind": (b'{"type":"SUBSCRIBE","subscribe":[7]}', "subscribe"),
    "two of one": (b'{"type":"KILL","framework_id":{"value":"f"},"kill":{"task_id":{"value":7}}}', ""),
}

#: Bodies in protobuf: garbage, a length beyond the end, a length of 2 GiB, a wrong wire type, a deep nesting.
PROTOBUFS: dict[str, bytes] = {
    "16 garbage": bytes(range(255, 0, -1)),
    "16 truncated": b"\x12\x7f\x0a\x05abc",
    "16 two gigabytes": b"\x12\xff\xff\xff\xff\x07",
    "16 endless number": b"\x10" + b"\xff" * 20,
    "16 groups": b"\x0b" * 10_000,
    "16 no utf-8": b"\x08\x01\x12\x08\x0a\x06\x0a\x02\xff\xfe\x12\x00",
}


@pytest.fixture(scope="module", autouse=True)
def _no_crash(local: Local) -> Iterator[None]:
    """No request leaves a traceback in a daemon's log."""
    yield
    for log in (local.folder / "logs").glob("*.log"):
        assert "Traceback" not in log.read_text(), log


@pytest.fixture(scope="module", autouse=True)
def _slow(local: Local) -> Iterator[list[socket.socket]]:
    """Clients that never finish their request, begun early so that nobody has to wait for them."""
    begun = [b"GET /health HT", get(b"/health")[:-2], post(b"Content-Length: 21", body=b"{")]
    clients = [socket.create_connection(local.master, DEADLINE_SECONDS) for _ in begun]
    for client, bytes_ in zip(clients, begun, strict=True):
        client.sendall(bytes_)
    yield clients
    for client in clients:
        client.close()


def status_of(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1."), answer[:200]
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("row", RAW)
def test_a_request_that_breaks_a_rule_of_http_is_refused_and_the_daemon_serves_on(
    local: Local, row: str
) -> None:
    request, statuses = RAW[row]
    answer = exchange(local.master, [request])
    assert status_of(answer) in statuses, answer[:300]
    assert len(_STATUS_LINE.findall(answer)) == 1, "what followed was taken for a request"
    assert b"Traceback" not in answer
    assert ask(local.master, "GET", "/health").status == 200


@pytest.mark.parametrize("row", BODIES)
def test_a_body_in_json_that_is_no_call_is_refused_by_words(local: Local, row: str) -> None:
    body, word = BODIES[row]
    for address, target in ((local.master, SCHEDULER), (local.agent, "/api/v1/executor")):
        answer = call(address, body, target)
        assert answer.status == 400, answer
        assert answer.text.strip()
        assert "Traceback" not in answer.text
    assert word in call(local.master, body, SCHEDULER).text


@pytest.mark.parametrize("row", PROTOBUFS)
def test_a_body_in_protobuf_that_is_no_call_is_refused(local: Local, row: str) -> None:
    for address in (local.master, local.agent):
        for target in ("/api/v1", SCHEDULER if address == local.master else "/api/v1/executor"):
            assert call(address, PROTOBUFS[row], target, content_type=PROTOBUF).status == 400


def test_of_two_members_with_one_name_the_last_counts(local: Local) -> None:
    answer = call(local.master, b'{"type":"GET_FLAGS","type":"GET_HEALTH"}')
    assert json.loads(answer.body)["type"] == "GET_HEALTH"


@pytest.mark.parametrize("target", ["/api/v1", SCHEDULER])
def test_kinds_of_content_that_nobody_speaks_are_refused(local: Local, target: str) -> None:
    for kind, status in {"text/xml": 415, "application/json;charset=utf-8": 415, "": 400}.items():
        headers = {"Content-Type": kind} if kind else {}
        assert ask(local.master, "POST", target, _CALL, headers).status == status, kind
    health = _CALL if target == "/api/v1" else (_SUBSCRIBE % ('"n"', "0")).encode()
    assert call(local.master, health, target, accept="image/png").status == 406
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        answer = ask(local.master, method, target)
        assert (answer.status, answer.headers["allow"]) == (405, "POST"), method


def test_a_framework_that_nobody_knows_is_told_nothing(local: Local) -> None:
    nobody = {"framework_id": {"value": "nobody"}}
    for kind in ("TEARDOWN", "REVIVE", "SUPPRESS"):
        answer = call(local.master, {"type": kind, **nobody}, SCHEDULER)
        assert answer.status == 400, answer
    answer = call(local.master, {"type": "TEARDOWN", "teardown": nobody})
    assert answer.status == 400, answer
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"frameworkId=nobody", b"", b"frameworkId=", b"x=%zz"):
        assert ask(local.master, "POST", "/teardown", body, form).status == 400, body


def test_a_redirect_leads_to_the_leader_whatever_host_a_client_names(local: Local) -> None:
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    answer = ask(local.master, "GET", "/redirect", headers=forged)
    assert answer.status == 307
    assert answer.headers["location"].endswith(f":{local.master.port}")
    assert "evil" not in answer.headers["location"]


def test_a_thousand_idle_connections_keep_nobody_out(local: Local) -> None:
    idle = []
    try:
        for _ in range(1_000):
            connection = socket.create_connection(local.master, DEADLINE_SECONDS)
            connection.sendall(b"GET /health HTTP/1.1\r\n" + _HOST + b"\r\n")
            idle.append(connection)
        assert ask(local.master, "GET", "/health").status == 200
        assert call(local.master, _CALL).status == 200
    finally:
        for connection in idle:
            connection.close()


def test_a_crowd_that_asks_for_the_state_is_served(local: Local) -> None:
    statuses: list[int] = []

    def look() -> None:
        statuses.extend(ask(local.master, "GET", path).status for path in _READS)

    crowd = [threading.Thread(target=look) for _ in range(20)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert statuses == [200] * 100


def test_memory_and_descriptors_do_not_grow_with_refusals(local: Local) -> None:
    """Held against what a first round took, which fills caches."""
    pid = local.process_of("master")
    descriptors = Path(f"/proc/{pid}/fd")

    def round_() -> None:
        for _ in range(50):
            call(local.master, _DEEP)
            exchange(local.master, [RAW["20 no chunk"][0]])

    round_()
    wait_until(lambda: len(list(descriptors.iterdir())) < 200, lambda: "connections are closed")
    before = resident_mebibytes(pid)
    round_()
    assert resident_mebibytes(pid) - before < 16


def resident_mebibytes(pid: int) -> float:
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in line)
    return int(line.split()[1]) / 1024


def test_clients_that_never_finish_their_request_lose_their_connection(
    _slow: list[socket.socket], local: Local
) -> None:
    for client in _slow:
        client.settimeout(DEADLINE_SECONDS)
        deadline = time.monotonic() + DEADLINE_SECONDS
        told = b""
        while piece := client.recv(4096):
            told += piece
            assert time.monotonic() < deadline
        assert told == b"" or status_of(told) == 408
