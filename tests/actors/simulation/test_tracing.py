from pathlib import Path

import pytest

from actors.simulation import Probe, SimulatedNode, Simulation
from actors.trace.files import TraceFolder
from actors.trace.merge import merge
from tests.actors.simulation.players import Echo, Note, Player
from transport.pid import Pid


def conversation(sim: Simulation) -> tuple[Probe, Pid, SimulatedNode]:
    probe = sim.node("here").probe()
    there = sim.node("there")
    return probe, there.spawn(Player, "player"), there


def test_a_message_and_its_answer_across_nodes_are_one_story() -> None:
    sim = Simulation(1, trace=True)
    probe, pid, _ = conversation(sim)
    probe.send(pid, Echo("hallo"))
    sim.run(1.0)
    assert sim.story("player").count("Echo") == 2


def test_clocks_that_go_wrong_do_not_tear_a_trace_apart(tmp_path: Path) -> None:
    sim = Simulation(1, trace=True)
    probe, pid, there = conversation(sim)
    there.drift(3.0)
    there.clock.jump(1e6)
    sim.run(100.0)
    probe.send(pid, Echo("hallo"))
    sim.run(1.0)
    sim.write_trace(tmp_path)
    merged = merge(TraceFolder(tmp_path))
    (trace,) = (trace for trace in merged.traces if any(step.type.endswith("Echo") for step in trace.steps))
    assert [step.outcome for step in trace.steps] == ["handled", "handled"]
    assert 0.0 < trace.steps[1].ended - trace.steps[0].sent < 0.1
    assert merged.notes == ()


def test_what_the_network_lost_is_told() -> None:
    sim = Simulation(1, trace=True)
    probe, pid, _ = conversation(sim)
    sim.partition({"here"})
    probe.send(pid, Note(7))
    sim.run(60.0)
    assert "cannot be reached" in sim.story("player")


def test_the_trace_of_a_node_outlives_its_crashes() -> None:
    sim = Simulation(1, trace=True)
    probe, pid, there = conversation(sim)
    probe.send(pid, Echo("hallo"))
    sim.run(1.0)
    there.crash()
    there.restart()
    sim.run(1.0)
    assert sim.story("player").count("Echo") == 2


def test_the_same_seed_gives_the_same_trace() -> None:
    stories = []
    for _ in range(2):
        sim = Simulation(1, trace=True)
        probe, pid, _ = conversation(sim)
        probe.send(pid, Echo("hallo"))
        sim.run(1.0)
        stories.append(sim.story("player"))
    assert stories[0] == stories[1]


def test_tracing_changes_nothing_of_what_happens() -> None:
    digests = set()
    for trace in (False, True):
        sim = Simulation(1, trace=trace)
        probe, pid, _ = conversation(sim)
        probe.send(pid, Echo("hallo"))
        sim.run(1.0)
        digests.add(sim.digest())
    assert len(digests) == 1


def test_a_story_needs_tracing() -> None:
    sim = Simulation(1)
    sim.node("n")
    with pytest.raises(ValueError, match="trace=True"):
        sim.story("n")
