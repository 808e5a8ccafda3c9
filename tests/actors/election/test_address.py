"""How the master is named by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.election.address import LeaderSource, parse_leader, parse_master, spawn_detector
from actors.election.standalone import StandaloneDetector
from actors.election.url import ZooKeeperUrl
from actors.pykka_system import PykkaSystem
from actors.simulation import Simulation
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.pid import Address, Pid


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


ENSEMBLE = ZooKeeperUrl((Address("a", 2181), Address("b", 2182)), "/mesos")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("zk://a:2181,b:2182/mesos", ENSEMBLE),
        (" zk://a,b:2182/mesos/ ", ENSEMBLE),
        ("anna:5050", Pid("master", "anna", 6050)),
        ("master@anna:7000", Pid("master", "anna", 7000)),
    ],
)
def test_the_leader_is_found_by_zookeeper_or_by_any_master(
    tmp_path: Path, text: str, source: LeaderSource
) -> None:
    assert parse_leader(text) == source
    file = tmp_path / "master"
    file.write_text(f"{text}\n")
    assert parse_leader(f"file://{file}") == source


@pytest.mark.parametrize("text", ["zk://a:2181", "zk://a:2181/", "file:///no/such/file", "http://a", ""])
def test_what_names_no_place_to_find_the_leader_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_leader(text)


def test_a_password_is_not_shown_when_an_address_is_refused() -> None:
    with pytest.raises(ValueError) as refused:
        parse_leader("zk://user:geheim@a:2181")
    assert "geheim" not in str(refused.value)


def test_a_master_by_name_is_asked_by_a_detector() -> None:
    sim = Simulation(1)
    anna = sim.node(
        "anna", lambda node: node.spawn(lambda: StandaloneDetector(node.pid_of("master")), "detector")
    )
    here = sim.node("here", lambda node: spawn_detector(node, anna.pid_of("master")))
    probe = here.probe()
    probe.send(here.pid_of("detector"), WatchLeader())
    sim.run_until(lambda: LeaderDetected(anna.pid_of("master")) in probe.received)


def test_zookeeper_needs_a_session_and_a_detector_which_may_have_names_of_their_own() -> None:
    nobody = ZooKeeperUrl((Address("127.0.0.1", 1),), "/mesos")
    system = PykkaSystem()
    system.start()
    try:
        assert spawn_detector(system, nobody).name == "detector"
        assert spawn_detector(system, nobody, prefix="scheduler-", vital=False).name == "scheduler-detector"
        names = [actor.pid.name for actor in system.actors()][1:]
        assert names == ["zookeeper", "detector", "scheduler-zookeeper", "scheduler-detector"]
        with pytest.raises(ValueError, match="taken"):
            spawn_detector(system, nobody)
    finally:
        assert system.stop() == ()
