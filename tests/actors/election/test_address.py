"""How the master is named by hand."""

from __future__ import annotations

import pytest

from actors.election.address import parse_master
from transport.pid import Pid


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("10.0.0.1:5050", "10.0.0.1", 6050),
        ("10.0.0.1", "10.0.0.1", 6050),
        ("anna:8080", "anna", 9080),
        (" anna ", "anna", 6050),
        ("[::1]:5051", "::1", 6051),
        ("[::1]", "::1", 6050),
    ],
)
def test_the_actor_port_follows_from_the_port_that_people_know(text: str, host: str, port: int) -> None:
    assert parse_master(text) == Pid("master", host, port)


def test_another_actor_port_can_be_told() -> None:
    assert parse_master("anna:5050", 7000) == Pid("master", "anna", 7000)
    assert parse_master("anna:65000", 7000) == Pid("master", "anna", 7000)
    assert parse_master("master@anna:7000") == Pid("master", "anna", 7000)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("zk://a:2181,b:2181/mesos", "zk://host:port/path"),
        ("", "must be host:port"),
        ("http://anna:5050", "must be host:port"),
        ("anna:http", "must be host:port"),
        ("::1", "brackets"),
        ("anna:0", "port must be from 1 to 65535"),
        ("anna:65000", "no port 66000 for actors"),
    ],
)
def test_what_names_no_master_is_refused_with_the_rule(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^master.*{reason}"):
        parse_master(text)
