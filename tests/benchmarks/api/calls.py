"""Small calls of a scheduler, one after the other on each of 16 connections."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from tests.benchmarks.api.client import Address, Subscriber, call_rate, post
from tests.benchmarks.child import child
from tests.benchmarks.figure import Figure, Size, at_least, compared, in_turns
from tests.benchmarks.launch.cluster import cluster

PATH = "/api/v1/scheduler"
CONNECTIONS = 16
YARDSTICK = "aiohttp, parsing the same JSON"


def figures(size: Size) -> Iterator[Figure]:
    count = size.of(10_000, least=200)
    with cluster(agents=False) as running, child("tests.benchmarks.api.bare") as bare:
        master, nothing = Address.parse(running.address), Address.parse(bare)
        stream = Subscriber(master, post(PATH, SUBSCRIBE))
        subscribed = stream.record()
        assert subscribed["type"] == "SUBSCRIBED", subscribed
        framework_id = subscribed["subscribed"]["framework_id"]  # type: ignore[index]
        for name, call in CALLS.items():
            request = post(
                PATH,
                {"framework_id": framework_id, **call},
                f"Mesos-Stream-Id: {stream.headers['mesos-stream-id']}",
            )
            for address in (master, nothing):
                call_rate(address, request, CONNECTIONS, count // 10)
            runs = in_turns(
                lambda request=request: call_rate(master, request, CONNECTIONS, count),  # type: ignore[misc]
                lambda request=request: call_rate(nothing, request, CONNECTIONS, count),  # type: ignore[misc]
                size.rounds,
            )
            yield compared(f"api.calls.{name}", "requests/s", YARDSTICK, runs, at_least(0.6))
        stream.close()


SUBSCRIBE = {
    "type": "SUBSCRIBE",
    "subscribe": {"framework_info": {"user": "nobody", "name": "benchmark"}},
}
CALLS: dict[str, dict[str, object]] = {
    "decline": {
        "type": "DECLINE",
        "decline": {
            "offer_ids": [{"value": "cf6db22b-9e3a-4c2f-8d3a-0a1b2c3d4e5f-O17"}],
            "filters": {"refuse_seconds": 5.0},
        },
    },
    "acknowledge": {
        "type": "ACKNOWLEDGE",
        "acknowledge": {
            "agent_id": {"value": "cf6db22b-9e3a-4c2f-8d3a-0a1b2c3d4e5f-S1"},
            "task_id": {"value": "task-000017"},
            "uuid": base64.b64encode(bytes(range(16))).decode(),
        },
    },
}
