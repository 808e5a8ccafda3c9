"""Learning of the leader from another node."""

from __future__ import annotations

import pytest

from actors.election.asking import AskingDetector
from actors.election.standalone import StandaloneDetector
from actors.simulation import SimulatedNode, Simulation
from actors.simulation.probe import Probe
from tests.actors.election.candidates import Election
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.pid import Pid


def told(probe: Probe) -> list[Pid | None]:
    return [message.master for message in probe.received if isinstance(message, LeaderDetected)]


def ask(node: SimulatedNode, *, doubted: bool = False, name: str = "probe") -> Probe:
    probe = node.probe(name)
    probe.send(node.pid_of("detector"), WatchLeader(doubted))
    return probe


def asking(sim: Simulation, master: Pid, name: str = "agent") -> SimulatedNode:
    return sim.node(name, lambda node: node.spawn(lambda: AskingDetector(master), "detector"))


def standing_alone(sim: Simulation, advertised: str = "anna") -> SimulatedNode:
    master = Pid("master", advertised, 5050)
    return sim.node("anna", lambda node: node.spawn(lambda: StandaloneDetector(master), "detector"))


def test_a_master_that_stands_alone_says_so_itself() -> None:
    sim = Simulation(1)
    anna = standing_alone(sim)
    probe = ask(asking(sim, anna.pid_of("master")))
    sim.run_until(lambda: told(probe)[-1:] == [anna.pid_of("master")])


def test_the_nodes_of_all_masters_tell_who_leads_and_of_each_change() -> None:
    election = Election()
    leader = election.leader()
    probes = [ask(asking(election.sim, node.pid_of("master"), f"a-{node.name}")) for node in election.masters]
    election.until(lambda: all(told(probe)[-1:] == [leader.pid_of("master")] for probe in probes))
    leader.stop()
    other = election.successor(leader)
    election.until(lambda: [told(probe)[-1] for probe in probes].count(other.pid_of("master")) >= 2)
    leader.restart()
    election.until(lambda: all(told(probe)[-1] == other.pid_of("master") for probe in probes))
    epochs = {node.epoch for node in election.sim.nodes if node.name.startswith("a-")}
    assert epochs == {election.owner(other).epoch}


def test_a_node_that_is_not_there_yet_is_asked_until_it_is() -> None:
    sim = Simulation(1)
    agent = asking(sim, Pid("master", "anna", 5050))
    probe = ask(agent)
    sim.run(300.0)
    assert told(probe) == []
    complaints = [line for line in sim.log if line.event.startswith("no master there")]
    assert len(complaints) == 1
    anna = standing_alone(sim)
    sim.run_until(lambda: told(probe) == [anna.pid_of("master")], 6.0)


def test_a_master_that_restarts_does_not_unsettle_those_who_ask_it_about_another() -> None:
    election = Election()
    leader = election.leader()
    asked = next(node for node in election.masters if node is not leader)
    probe = ask(asking(election.sim, asked.pid_of("master")))
    election.until(lambda: told(probe) == [leader.pid_of("master")])
    for _ in range(3):
        asked.kill_process()
        election.sim.run(1.0)
        asked.restart()
        election.sim.run(10.0)
    assert told(probe) == [leader.pid_of("master")]


def test_a_leader_stays_known_while_the_asked_node_is_down() -> None:
    sim = Simulation(1)
    anna = standing_alone(sim)
    probe = ask(asking(sim, anna.pid_of("master")))
    sim.run_until(lambda: told(probe)[-1:] == [anna.pid_of("master")])
    anna.crash()
    sim.run(60.0)
    assert told(probe)[-1] == anna.pid_of("master")


def test_a_master_alone_is_reached_by_the_name_that_it_was_given_here() -> None:
    sim = Simulation(1)
    anna = sim.node(
        "anna", lambda node: node.spawn(lambda: StandaloneDetector(node.pid_of("master")), "detector")
    )
    here = sim.node("here")
    detector = AskingDetector(Pid("master", "named", 5050))
    here.spawn(lambda: detector, "detector")
    probe = ask(here)
    anna.probe("relay").send(here.pid_of("detector"), LeaderDetected(anna.pid_of("master")))
    sim.run_until(lambda: told(probe)[-1:] == [Pid("master", "named", 5050)])


def test_an_elected_master_is_reached_by_the_name_that_it_gives_itself() -> None:
    sim = Simulation(1)
    anna = sim.node("anna")
    here = asking(sim, Pid("master", "named", 5050))
    probe = ask(here)
    anna.probe("relay").send(here.pid_of("detector"), LeaderDetected(anna.pid_of("master"), 3))
    sim.run_until(lambda: told(probe)[-1:] == [anna.pid_of("master")])
    assert here.epoch == 3


def test_a_doubt_is_passed_on_and_answered_after_the_asked_node_has_looked() -> None:
    sim = Simulation(1)
    asked = sim.node("anna").probe("detector")
    agent = asking(sim, Pid("master", "anna", 5050))
    sim.run_until(lambda: asked.received == [WatchLeader()])
    leader = Pid("master", "ben", 5050)
    asked.send(agent.pid_of("detector"), LeaderDetected(leader, 3))
    sim.run(1.0)
    doubter = ask(agent, doubted=True)
    sim.run_until(lambda: asked.received == [WatchLeader(), WatchLeader(doubted=True)])
    sim.run(60.0)
    assert doubter.received == []
    assert set(asked.received[1:]) == {WatchLeader(doubted=True)}
    asked.send(agent.pid_of("detector"), LeaderDetected(leader, 3))
    sim.run_until(lambda: told(doubter) == [leader])


def test_a_doubt_waits_for_a_node_that_is_down() -> None:
    sim = Simulation(1)
    anna = standing_alone(sim)
    agent = asking(sim, anna.pid_of("master"))
    sim.run(1.0)
    anna.crash()
    sim.run(30.0)
    doubter = ask(agent, doubted=True)
    sim.run(30.0)
    assert doubter.received == []
    anna.restart()
    sim.run_until(lambda: told(doubter) == [anna.pid_of("master")], 6.0)


def test_an_epoch_that_fell_because_zookeeper_counts_anew_is_believed() -> None:
    sim = Simulation(1)
    asked = sim.node("anna").probe("detector")
    agent = asking(sim, Pid("master", "anna", 5050))
    sim.run(1.0)
    for epoch in (7, 2):
        asked.send(agent.pid_of("detector"), LeaderDetected(Pid("master", "ben", 5050), epoch))
        sim.run_until(lambda epoch=epoch: agent.epoch == epoch)  # type: ignore[misc]


@pytest.mark.parametrize("lost", [WatchLeader, LeaderDetected])
def test_a_question_and_an_answer_may_get_lost(lost: type) -> None:
    sim = Simulation(1)
    anna = standing_alone(sim)
    drop = sim.drop(lost, times=3, sender="detector")
    probe = ask(asking(sim, anna.pid_of("master")))
    sim.run_until(lambda: told(probe) == [anna.pid_of("master")], 10.0)
    assert len(drop.dropped) == 3


def test_a_change_that_got_lost_is_heard_of_within_half_a_minute() -> None:
    sim = Simulation(1)
    asked = sim.node("anna").probe("detector")
    agent = asking(sim, Pid("master", "anna", 5050))
    asked.send(agent.pid_of("detector"), LeaderDetected(Pid("master", "ben", 5050), 3))
    probe = ask(agent)
    sim.run_until(lambda: told(probe) == [Pid("master", "ben", 5050)])
    before = len(asked.received)
    sim.run_until(lambda: len(asked.received) > before, 30.0)
