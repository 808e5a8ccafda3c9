from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest

from actors import MESOS_VERSION, __version__
from actors.gateway.ordinary import ordinary_routes
from actors.master.flags import MasterFlags
from actors.metrics import Gauge, Metrics, Registry, metric
from transport.http.exchange import HttpError, Request, Response
from transport.http.routes import Routes


class Measured(Metrics):
    elected: Gauge = metric(Gauge, "master/elected", "Whether it leads.")


def answer(path: str, **query: str) -> Response:
    metrics = Registry()
    measured = Measured()
    measured.elected.set(1.0)
    metrics.add(measured)
    flags = MasterFlags(cluster="paas", zk="zk://bob:se:cret@10.0.0.9:2181/mesos")
    route, _ = Routes(ordinary_routes(flags, metrics)).find([part for part in path.split("/") if part])

    async def ask() -> object:
        return await route.handler(Request(method="GET", target=path, query=query))

    answered = asyncio.run(ask())
    assert isinstance(answered, Response)
    return answered


def body(path: str, **query: str) -> bytes:
    found = answer(path, **query).body
    assert isinstance(found, bytes)
    return found


def test_a_daemon_that_answers_is_healthy() -> None:
    assert answer("/health") == Response(200, b"")


def test_the_version_is_shown() -> None:
    version = json.loads(body("/version"))
    assert (version["version"], version["build_user"]) == (MESOS_VERSION, f"pion {__version__}")
    built = datetime.strptime(version["build_date"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert built.timestamp() == version["build_time"]


def test_flags_are_shown_as_text_without_passwords() -> None:
    flags = json.loads(body("/flags"))["flags"]
    assert flags["cluster"] == "paas"
    assert flags["agent_ping_timeout"] == "15secs"
    assert flags["zk"] == "zk://bob:***@10.0.0.9:2181/mesos"


def test_metrics_are_shown_as_a_flat_object_and_in_the_form_of_prometheus() -> None:
    assert json.loads(body("/metrics/snapshot", timeout="2secs")) == {"master/elected": 1.0}
    assert body("/metrics/snapshot", jsonp="show") == b'show({"master/elected":1.0});'
    assert b"master_elected 1.0\n" in body("/metrics")
    assert answer("/metrics").content_type.startswith("text/plain; version=0.0.4")


def test_a_time_out_that_is_none_is_refused() -> None:
    with pytest.raises(HttpError, match="timeout: duration 'soon'"):
        answer("/metrics/snapshot", timeout="soon")
