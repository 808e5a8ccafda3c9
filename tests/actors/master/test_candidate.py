"""Masters that succeed one another, with the real election, log and registrar."""

from __future__ import annotations

import pytest

from actors.election.address import MASTER
from actors.simulation import SimulatedNode
from tests.actors.master.parliament import PATH, Parliament
from transport.messages.registry import (
    AdmitAgent,
    ApplyToRegistry,
    ReadRegistry,
    RegistryApplied,
    RegistryRecovered,
)
from transport.messages.scheduling import Subscribe, Subscribed
from transport.records.agent import AgentInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID
from transport.records.registry import Registry


def admit(parliament: Parliament, leader: SimulatedNode, agent_id: str) -> None:
    """Make a change durable, as the master would have it."""
    clerk = leader.probe(f"clerk-{agent_id}")
    operation = AdmitAgent(AgentInfo(hostname="host", id=AgentID(value=agent_id)))
    clerk.send(leader.pid_of("registrar"), ApplyToRegistry(1, operation))
    parliament.sim.run_until(lambda: clerk.received)
    (answer,) = clerk.received
    assert isinstance(answer, RegistryApplied)
    assert answer.mutated


def admitted(parliament: Parliament, leader: SimulatedNode) -> list[str]:
    """The agents in the registry."""
    reader = leader.probe(f"reader-{parliament.sim.now}")
    reader.send(leader.pid_of("registrar"), ReadRegistry())
    parliament.sim.run_until(lambda: reader.received)
    (answer,) = reader.received
    assert isinstance(answer, RegistryRecovered)
    slaves = (answer.registry.slaves or Registry.Slaves()).slaves
    return [one.info.id.value for one in slaves if one.info.id is not None]


def subscribed(parliament: Parliament, node: SimulatedNode, host: str) -> bool:
    """Whether that node's master lets a framework in, within a second."""
    scheduler = parliament.sim.node(host).probe()
    scheduler.send(node.pid_of(MASTER), Subscribe(FrameworkInfo(user="", name="one")))
    parliament.sim.run(1.0)
    return any(isinstance(one, Subscribed) for one in scheduler.received)


# --- one after another ---


def test_of_masters_that_start_together_one_leads_and_all_know_it() -> None:
    parliament = Parliament()
    leader = parliament.leader()
    parliament.sim.run(1.0)
    assert parliament.leaders == [leader]
    assert {node.epoch for node in parliament.nodes} == {parliament.epoch(leader)}


@pytest.mark.parametrize("seed", range(5))
def test_a_leader_that_dies_has_a_successor_soon_who_knows_all_that_was_durable(seed: int) -> None:
    """R1: within the session's time-out and two seconds."""
    parliament = Parliament(seed=seed)
    for number in range(4):
        leader = parliament.leader()
        admit(parliament, leader, f"S{number}")
        epoch, began = parliament.epoch(leader), parliament.sim.now
        leader.kill_process()
        successor = parliament.leader(12.0, other_than=leader)
        assert parliament.sim.now - began <= 12.0
        assert parliament.epoch(successor) > epoch
        assert admitted(parliament, successor) == [f"S{each}" for each in range(number + 1)]
        leader.start()
        parliament.sim.run(2.0)


def test_a_leader_that_is_told_to_end_has_a_successor_at_once() -> None:
    parliament = Parliament()
    leader = parliament.leader()
    began = parliament.sim.now
    leader.stop()
    parliament.leader(2.0, other_than=leader)
    assert parliament.sim.now - began <= 2.0
    parliament.sim.run(3.0)
    assert not leader.up
    assert not parliament.sim.crashes
    assert not parliament.reasons()


def test_a_leader_that_loses_its_session_leads_no_more_and_its_replica_votes_on() -> None:
    parliament = Parliament()
    leader = parliament.leader()
    incarnation = leader.incarnation
    parliament.zookeeper.expire(leader)
    successor = parliament.leader(other_than=leader)
    parliament.sim.run(5.0)
    assert parliament.leaders == [successor]
    assert leader.incarnation == incarnation
    assert not parliament.sim.crashes
    for node in parliament.nodes:
        if node not in (leader, successor):
            node.kill_process()
    admit(parliament, successor, "S0")


def test_a_leader_that_is_cut_off_from_zookeeper_stops_before_another_begins() -> None:
    """R2."""
    parliament = Parliament(seed=3)
    leader = parliament.leader()
    both: list[tuple[str, ...]] = []

    def look() -> None:
        leaders = tuple(node.name for node in parliament.leaders)
        if len(leaders) > 1:
            both.append(leaders)

    parliament.sim.always(look)
    parliament.sim.partition([leader.name], ["zookeeper"])
    parliament.leader(15.0, other_than=leader)
    assert not both
    assert parliament.leaders != [leader]
    parliament.sim.heal()
    parliament.sim.run(20.0)
    assert len(parliament.leaders) == 1


def test_a_leader_that_was_stopped_for_three_sessions_does_nothing_when_it_goes_on() -> None:
    parliament = Parliament()
    leader = parliament.leader()
    stale = leader.pid_of(MASTER)
    leader.pause()
    successor = parliament.leader(15.0, other_than=leader)
    scheduler = parliament.sim.node("scheduler").probe()
    scheduler.send(stale, Subscribe(FrameworkInfo(user="", name="late")))
    parliament.sim.run(20.0)
    leader.resume()
    parliament.sim.run(20.0)
    assert not scheduler.received
    assert parliament.leaders == [successor]


def test_without_zookeeper_nobody_leads_and_with_it_somebody_does_again_soon() -> None:
    """R3."""
    parliament = Parliament()
    admit(parliament, parliament.leader(), "S0")
    parliament.zookeeper.stop()
    parliament.sim.run(300.0)
    assert not parliament.leaders
    parliament.zookeeper.start()
    leader = parliament.leader(15.0)
    assert admitted(parliament, leader) == ["S0"]
    assert all(node.up for node in parliament.nodes)
    assert not parliament.sim.crashes


def test_a_zookeeper_that_forgot_everything_gives_epochs_that_are_greater_still() -> None:
    parliament = Parliament()
    for _ in range(3):
        leader = parliament.leader()
        parliament.zookeeper.expire(leader)
        parliament.leader(other_than=leader)
        parliament.sim.run(2.0)
    leader = parliament.leader()
    admit(parliament, leader, "S0")
    epoch = parliament.epoch(leader)
    parliament.zookeeper.stop()
    parliament.zookeeper.wipe()
    parliament.sim.run(20.0)
    parliament.zookeeper.start()
    leader = parliament.leader(120.0)
    assert parliament.epoch(leader) > epoch
    assert admitted(parliament, leader) == ["S0"]


# --- what stands in the way ---


def test_a_leader_without_a_quorum_gives_way_and_says_why() -> None:
    parliament = Parliament()
    leader = parliament.leader()
    others = [node for node in parliament.nodes if node is not leader]
    for node in others:
        node.kill_process()
    operation = AdmitAgent(AgentInfo(hostname="host", id=AgentID(value="S0")))
    leader.probe("clerk").send(leader.pid_of("registrar"), ApplyToRegistry(1, operation))
    parliament.sim.run_until(parliament.reasons, 30.0)
    assert parliament.reasons() == [f"{leader.name}: the registry could not be written within 20secs"]
    parliament.sim.run(200.0)
    assert parliament.reasons()[1] == f"{leader.name}: the registry could not be read within 1mins"
    assert leader.up
    for node in others:
        node.start()
    parliament.leader(120.0)


def test_who_is_to_exit_at_the_end_of_its_reign_does_and_is_started_again() -> None:
    parliament = Parliament(on_leadership_loss="exit")
    leader = parliament.leader()
    incarnation = leader.incarnation
    parliament.zookeeper.expire(leader)
    parliament.leader(other_than=leader)
    parliament.sim.run(5.0)
    assert leader.incarnation > incarnation
    assert leader.up


def test_a_disk_that_fails_ends_the_daemon() -> None:
    parliament = Parliament()
    leader = parliament.leader()
    leader.disk.fail("sync")
    operation = AdmitAgent(AgentInfo(hostname="host", id=AgentID(value="S0")))
    leader.probe("clerk").send(leader.pid_of("registrar"), ApplyToRegistry(1, operation))
    parliament.sim.run_until(lambda: not leader.up, 10.0)
    parliament.leader(12.0, other_than=leader)


def test_masters_without_a_registry_on_disk_are_elected_too() -> None:
    parliament = Parliament(registry="in_memory")
    leader = parliament.leader()
    leader.kill_process()
    successor = parliament.leader(12.0, other_than=leader)
    assert subscribed(parliament, successor, "scheduler")


# --- alone ---


def test_a_master_alone_leads_without_zookeeper_and_keeps_its_registry() -> None:
    parliament = Parliament(1, None)
    leader = parliament.leader(5.0)
    assert parliament.epoch(leader) == 0
    admit(parliament, leader, "S0")
    leader.crash()
    leader.start()
    assert admitted(parliament, parliament.leader(5.0)) == ["S0"]
    assert not parliament.zookeeper.children(PATH)


def test_a_master_alone_in_memory_keeps_its_registry_from_reign_to_reign() -> None:
    parliament = Parliament(1, None, registry="in_memory")
    leader = parliament.leader(5.0)
    admit(parliament, leader, "S0")
    leader.kill("allocator")
    parliament.sim.run_until(parliament.reasons, 5.0)
    parliament.sim.run(1.0)
    assert admitted(parliament, parliament.leader(5.0)) == ["S0"]
