"""What a scheduler waits for: the first offer after it has connected, and the answer to a call."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

from tests.benchmarks.api.client import DEADLINE_SECONDS, Address, Subscriber, post
from tests.benchmarks.figure import Figure, Size, alone, at_most, median_of
from tests.benchmarks.launch.cluster import cluster

PATH = "/api/v1/scheduler"
#: The allocator takes its time to decide again.
_REST_SECONDS = 0.05
_SUBSCRIBE = post(
    PATH, {"type": "SUBSCRIBE", "subscribe": {"framework_info": {"user": "nobody", "name": "benchmark"}}}
)


def figures(size: Size) -> Iterator[Figure]:
    with cluster() as running:
        master = Address.parse(running.address)
        _wait_for_leader(master)
        _first_offer(master)
        offers = [
            median_of([_first_offer(master) for _ in range(size.of(20))]) * 1000 for _ in range(size.rounds)
        ]
        yield alone("api.scheduler.first_offer", "ms (Mesos 1.3.2: 1.2)", offers, at_most(5.0))
        trips = [_round_trip(master, size.of(1_000)) * 1000 for _ in range(size.rounds)]
        yield alone("api.scheduler.call_round_trip", "ms (Mesos 1.3.2: 0.9)", trips, at_most(2.0))


def _wait_for_leader(master: Address) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    answer = b""
    while not answer.startswith(b"HTTP/1.1 400"):
        assert time.monotonic() < deadline, answer
        time.sleep(_REST_SECONDS)
        with socket.create_connection(master, timeout=DEADLINE_SECONDS) as connection:
            connection.sendall(post(PATH, {}))
            answer = connection.recv(4_096)


def _first_offer(master: Address) -> float:
    """Seconds from before the connection is made, in a cluster that is at rest."""
    time.sleep(_REST_SECONDS)
    began = time.perf_counter()
    stream = Subscriber(master, _SUBSCRIBE)
    framework_id = _framework_id(stream)
    _await(stream, "OFFERS")
    seconds = time.perf_counter() - began
    _tear_down(master, stream, framework_id)
    return seconds


def _round_trip(master: Address, count: int) -> float:
    """Seconds that half of the calls take at most, one after the other on one connection."""
    stream = Subscriber(master, _SUBSCRIBE)
    framework_id = _framework_id(stream)
    _await(stream, "OFFERS")
    with socket.create_connection(master, timeout=DEADLINE_SECONDS) as connection:
        seconds = [
            _call(connection, stream, framework_id, "DECLINE", decline={"offer_ids": [{"value": "none"}]})
            for _ in range(count)
        ]
    _tear_down(master, stream, framework_id)
    return median_of(seconds)


def _tear_down(master: Address, stream: Subscriber, framework_id: object) -> None:
    with socket.create_connection(master, timeout=DEADLINE_SECONDS) as connection:
        _call(connection, stream, framework_id, "TEARDOWN")
    stream.close()


def _call(
    connection: socket.socket, stream: Subscriber, framework_id: object, kind: str, **fields: object
) -> float:
    """Seconds until the answer is there."""
    call = {"framework_id": framework_id, "type": kind, **fields}
    request = post(PATH, call, f"Mesos-Stream-Id: {stream.headers['mesos-stream-id']}")
    began = time.perf_counter()
    connection.sendall(request)
    answer = connection.recv(4_096)
    seconds = time.perf_counter() - began
    assert answer.startswith(b"HTTP/1.1 202"), answer
    return seconds


def _framework_id(stream: Subscriber) -> object:
    subscribed = _await(stream, "SUBSCRIBED")["subscribed"]
    assert isinstance(subscribed, dict)
    return subscribed["framework_id"]


def _await(stream: Subscriber, kind: str) -> dict[str, object]:
    while True:
        event = stream.record()
        if event["type"] == kind:
            return event
