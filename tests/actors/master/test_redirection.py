from __future__ import annotations

import pytest

from actors.master.redirection import answer_elsewhere, to_leader, web_address
from transport.http.exchange import Request
from transport.messages.detection import LeaderDetected
from transport.pid import Address, Pid
from transport.records.address import Address as RecordedAddress
from transport.records.master import MasterInfo

LEADER = Pid("master", "10.0.0.1", 7050)
OWN = Address("10.0.0.2", 6050)


def info(**given: object) -> MasterInfo:
    return MasterInfo(id="a", ip=1, port=5050, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (info(hostname="one.example"), "one.example:5050"),
        (info(address=RecordedAddress(hostname="two.example", ip="10.0.0.9", port=1)), "two.example:5050"),
        (info(address=RecordedAddress(ip="10.0.0.9", port=1)), "10.0.0.9:5050"),
        (info(hostname="2001:db8::1"), "[2001:db8::1]:5050"),
        (info(), "10.0.0.1:5050"),
        (None, "10.0.0.1:6050"),
    ],
)
def test_the_leader_is_named_as_it_names_itself(known: MasterInfo | None, expected: str) -> None:
    leader = LeaderDetected(LEADER, 3, known)
    assert str(web_address(leader)) == expected
    assert to_leader(leader).headers == {"Location": f"//{expected}"}


def test_a_request_is_led_to_the_same_path_and_query_at_the_leader() -> None:
    request = Request(method="GET", target="/master//tasks?limit=5&x=%2F", headers={"host": "evil.example"})
    response = answer_elsewhere(LeaderDetected(LEADER, 3, info(hostname="one")), OWN, request)
    assert response is not None
    assert (response.status, response.headers["Location"]) == (307, "//one:5050/master//tasks?limit=5&x=%2F")


def test_while_nobody_leads_clients_are_told_to_come_back() -> None:
    response = answer_elsewhere(LeaderDetected(None, 3), OWN, Request(method="GET", target="/state"))
    assert response is not None
    assert (response.status, response.body) == (503, b"No leader elected\n")
    assert int(response.headers["Retry-After"]) > 0
    told = to_leader(LeaderDetected(None, reason="ZooKeeper cannot be reached: refused"))
    assert (told.status, told.body) == (503, b"No leader elected: ZooKeeper cannot be reached: refused\n")


def test_the_leader_itself_answers() -> None:
    leader = LeaderDetected(Pid("master", *OWN, 77), 3, info())
    assert answer_elsewhere(leader, OWN, Request(method="GET", target="/state")) is None
