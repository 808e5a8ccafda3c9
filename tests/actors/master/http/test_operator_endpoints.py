"""Mesos' older endpoints that write, by their handlers, to a simulated cluster."""

from __future__ import annotations

import msgspec
import pytest

from frameworks.scheduler import Scheduler
from tests.actors.master.http.office import Office, as_json, office, settled
from tests.actors.master.town import framework_info
from tests.transport.records.samples import dynamic, scalar, volume
from transport.pid import Pid
from transport.records.resources import Resources

CPU = scalar("cpus", 1, (dynamic("a"),))
DISK = scalar("disk", 100, (dynamic("a"),))
VOLUME = volume("v", 100)
WINDOW = {
    "machine_ids": [{"hostname": "agent1"}, {"hostname": "Elsewhere", "ip": "10.0.0.9"}],
    "unavailability": {"start": {"nanoseconds": 10**18}, "duration": {"nanoseconds": 5}},
}


class Idler(Scheduler):
    """Wants nothing."""

    def __init__(self, detector: Pid) -> None:
        super().__init__(framework_info(None), detector)


@pytest.fixture(scope="module")
def empty() -> Office:
    """An office that nobody has asked for anything."""
    return office()


@pytest.mark.parametrize(
    ("path", "shown"),
    [("/quota", {}), ("/weights", []), ("/maintenance/schedule", {}), ("/maintenance/status", {})],
)
def test_where_there_is_nothing_it_is_shown_as_mesos_does(empty: Office, path: str, shown: object) -> None:
    for target in (path, f"/master{path}", f"//master/{path}/"):
        assert empty.shown(target) == shown
    scripted = empty.fetch(f"{path}?jsonp=show")
    assert scripted.body == b"show(%s);" % msgspec.json.encode(shown)
    assert empty.fetch(f"{path}?jsonp=<b>").status == 400


def test_resources_are_reserved_and_volumes_made_by_forms() -> None:
    at = office()
    agent_id = at.agent_id.value
    all_of_it = settled(at)

    def post(path: str, **fields: str) -> Resources:
        assert at.post(path, {"slaveId": agent_id} | fields) == (202, "")
        return settled(at)

    reserved = post("/reserve", resources=as_json(CPU, DISK))
    assert reserved == all_of_it.without(Resources.parse("cpus:1;disk:100")) + Resources([CPU, DISK])
    assert post("/create-volumes", volumes=as_json(VOLUME)).contains(Resources([VOLUME]))
    assert post("/destroy-volumes", volumes=as_json(VOLUME)) == reserved
    elsewhere = scalar("cpus", 1, (dynamic("b"),))
    assert post("/reserve", resources=as_json(elsewhere), source=as_json(CPU)).contains(
        Resources([elsewhere])
    )
    assert post("/unreserve", resources=as_json(elsewhere, DISK)) == all_of_it


def test_a_reservation_in_the_format_of_old_clients_is_understood() -> None:
    at = office()
    old = (
        '[{"name":"cpus","type":"SCALAR","scalar":{"value":1},"role":"a",'
        '"reservation":{"principal":"ops","labels":{"labels":[{"key":"k","value":"v"}]}}}]'
    )
    body = b"slaveId=%s&resources=%s" % (at.agent_id.value.encode(), old.encode())
    assert at.post("/reserve", body) == (202, "")
    assert settled(at).contains(Resources([scalar("cpus", 1, (dynamic("a", "ops", k="v"),))]))


def test_quotas_are_set_shown_and_removed() -> None:
    at = office()
    guarantee = '[{"name":"cpus","type":"SCALAR","scalar":{"value":2}}]'
    request = f'{{"role":"dev","guarantee":{guarantee}}}'.encode()
    assert at.post("/quota", request) == (200, "")
    assert at.shown("/quota") == {
        "infos": [{"role": "dev", "guarantee": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 2}}]}],
        "configs": [
            {"role": "dev", "guarantees": {"cpus": {"value": 2}}, "limits": {"cpus": {"value": 2}}},
        ],
    }
    assert at.post("/quota", request)[0] == 400
    assert at.post("/quota/dev", b"", "DELETE") == (200, "")
    assert at.post("/quota/dev", b"", "DELETE") == (400, "role 'dev': has no quota")
    assert at.post("/quota/a/b", b"", "DELETE") == (400, "role 'a/b': has no quota")
    assert at.post("/quota", b"", "DELETE") == (400, "role '': has no quota")
    assert at.shown("/quota") == {}


def test_weights_are_put_and_shown() -> None:
    at = office()
    assert at.post("/weights", b'[{"role":" dev ","weight":2.5},{"role":"*","weight":"3"}]', "PUT") == (
        200,
        "",
    )
    assert at.shown("/weights") == [{"role": "dev", "weight": 2.5}, {"role": "*", "weight": 3}]


def test_machines_are_scheduled_taken_down_and_brought_up() -> None:
    at = office()
    schedule = {"windows": [WINDOW]}
    down = b'[{"hostname":"AGENT1"},{"hostname":"elsewhere","ip":"10.0.0.9"}]'
    assert at.post("/maintenance/schedule", msgspec.json.encode(schedule)) == (200, "")
    assert at.shown("/maintenance/schedule") == schedule
    assert at.shown("/maintenance/status") == {
        "draining_machines": [{"id": one} for one in WINDOW["machine_ids"]]
    }
    assert at.post("/machine/up", down)[0] == 400
    assert at.post("/machine/down", down) == (200, "")
    assert at.shown("/maintenance/status") == {"down_machines": WINDOW["machine_ids"]}
    assert not at.cluster.master.cluster.agents
    assert at.post("/maintenance/schedule", b"{}")[0] == 400
    assert at.post("/machine/up", down) == (200, "")
    assert at.shown("/maintenance/schedule") == {}


def test_a_framework_is_torn_down_once() -> None:
    at = office()
    at.cluster.start(Idler)
    frameworks = at.cluster.master.cluster.frameworks
    at.sim.run_until(lambda: at.cluster.master.cluster.frameworks)
    (framework_id,) = frameworks
    assert at.post("/teardown", {"frameworkId": framework_id}) == (200, "")
    assert not at.cluster.master.cluster.frameworks
    status, text = at.post("/teardown", {"frameworkId": framework_id})
    assert (status, "there is no such framework" in text) == (400, True)


@pytest.mark.parametrize(
    ("path", "method", "body", "status", "reason"),
    [
        ("/reserve", "POST", b"", 400, "slaveId: must be given"),
        ("/reserve", "POST", b"slaveId=x", 400, "resources: must be given"),
        ("/reserve", "POST", b"slaveId=x&resources=[]", 400, "agent 'x': is not registered"),
        ("/reserve", "POST", b"slaveId=x&resources=[]&source={}", 400, "source: must be a JSON array"),
        ("/unreserve", "POST", b"slaveId=x&resources=1", 400, "resources: must be a JSON array"),
        ("/create-volumes", "POST", b"slaveId=x&resources=[]", 400, "volumes: must be given"),
        ("/destroy-volumes", "POST", b"slaveId=x&volumes=[]", 400, "agent 'x': is not registered"),
        ("/teardown", "POST", b"", 400, "frameworkId: must be given"),
        ("/teardown", "POST", b"frameworkId=", 400, "framework '': there is no such framework"),
        ("/machine/down", "POST", b"", 400, "body: must be a JSON array"),
        ("/machine/down", "POST", b"[]", 400, "machines: must not be empty"),
        ("/machine/up", "POST", b'[{"ip":"1.2.3"}]', 400, "ip must be an IP address"),
        ("/maintenance/schedule", "POST", b"[]", 400, "body: "),
        ("/maintenance/schedule", "POST", b'{"windows":[{}]}', 400, "`unavailability`"),
        ("/quota", "POST", b"", 400, "body: "),
        ("/quota", "POST", b"{}", 400, "role: must be given"),
        ("/weights", "PUT", b'[{"role":"a"}]', 400, "body[0]: Object missing required field `weight`"),
        ("/weights", "PUT", b'[{"role":"a","weight":NaN}]', 400, "body: must be a JSON array"),
        ("/weights", "PUT", b'[{"role":"a","weight":"NaN"}]', 400, "body[0]: "),
        ("/weights", "PUT", b'[{"role":"a","weight":1e999}]', 400, "body"),
        ("/weights", "POST", b"", 405, "POST"),
        ("/machine/up", "GET", b"", 405, "GET"),
    ],
)
def test_what_is_not_right_is_refused(
    empty: Office, path: str, method: str, body: bytes, status: int, reason: str
) -> None:
    response = empty.fetch(path, method, body)
    assert isinstance(response.body, bytes)
    assert (response.status, reason in response.body.decode()) == (status, True), response
    assert empty.shown("/quota") == {}
