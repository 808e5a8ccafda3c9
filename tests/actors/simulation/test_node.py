"""What is special about a simulated node; what it promises like any system is in test_system_contract.py."""

import pytest

from actors.process import Process
from actors.simulation import SimulatedNode, Simulation
from actors.supervisor import SUPERVISOR
from actors.system import Restart
from tests.actors.simulation.players import Note, Perform, Player, fail


def boot(node: SimulatedNode) -> None:
    node.spawn(Player, "player", vital=True)


def test_boot_spawns_the_actors_in_every_life() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    for _ in range(3):
        node.kill_process()
        assert node.actors() == ()
        node.restart()
        assert [status.pid.name for status in node.actors()] == [SUPERVISOR, "player"]


def test_what_boot_raises_at_first_goes_to_the_caller() -> None:
    def break_down(_node: SimulatedNode) -> None:
        raise RuntimeError("no configuration")

    with pytest.raises(RuntimeError, match="no configuration"):
        Simulation(1).node("n", break_down)


def test_what_boot_raises_later_ends_the_node() -> None:
    sim = Simulation(1)

    def boot_once(node: SimulatedNode) -> None:
        node.disk.write(f"life{node.incarnation}", b"")

    node = sim.node("n", boot_once)
    node.crash()
    node.disk.fail("write")
    node.restart()
    sim.run(0.1)
    assert not node.up
    assert "cannot boot: OSError: [Errno 5]" in (node.failure or "")


def test_a_node_that_is_up_cannot_be_started() -> None:
    node = Simulation(1).node("n")
    with pytest.raises(ValueError, match="node n is up"):
        node.start()


def test_nothing_is_spawned_on_a_node_that_is_down() -> None:
    node = Simulation(1).node("n")
    node.crash()
    with pytest.raises(ValueError, match="node n is down"):
        node.spawn(Player, "player")


def test_a_node_that_ends_itself_comes_back_if_something_restarts_it() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot, restart_seconds=5.0)
    node.send(node.pid_of("player"), node.pid_of("player"), Perform(fail))
    sim.run(1.0)
    assert (node.up, node.incarnation) == (False, 1)
    sim.run(5.0)
    assert (node.up, node.incarnation, node.failure) == (True, 2, None)


def test_a_stopped_node_finalizes_its_actors_the_youngest_first() -> None:
    sim = Simulation(1)
    node = sim.node("n")
    finalized: list[str] = []

    class Tidy(Process):
        def finalize(self) -> None:
            finalized.append(self.pid.name)

    for name in ("old", "middle", "young"):
        node.spawn(Tidy, name)
    node.stop()
    with pytest.raises(ValueError, match="node n is stopping"):
        node.spawn(Player, "late")
    sim.run(0.1)
    assert (node.up, finalized, node.failure) == (False, ["young", "middle", "old"], None)


def test_a_node_too_slow_to_stop_is_cut_off() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    sim.run(0.1)
    node.turn_seconds = 1000.0
    player = node.process("player", Player)
    node.stop()
    sim.run(5.1)
    assert (node.up, player.events) == (False, ["initialize"])


def test_a_crash_of_the_supervisor_ends_the_node() -> None:
    sim = Simulation(1)
    node = sim.node("n")
    node.kill(SUPERVISOR)
    sim.run(0.1)
    assert "supervisor crashed" in (node.failure or "")
    assert not node.up


def test_looking_for_a_process_that_is_not_there_is_an_error() -> None:
    node = Simulation(1).node("n", boot)
    with pytest.raises(LookupError, match="no Player named 'other' lives on n"):
        node.process("other", Player)
    with pytest.raises(LookupError, match="no Player named 'supervisor' lives on n"):
        node.process(SUPERVISOR, Player)
    with pytest.raises(LookupError, match="no actor 'other' lives on n"):
        node.kill("other")


def test_actors_report_their_turns_and_crashes() -> None:
    sim = Simulation(1)
    node = sim.node("n")
    node.spawn(Player, "player", restart=Restart())
    node.send(node.pid_of("player"), node.pid_of("player"), Perform(fail))
    sim.run(1.0)
    node.send(node.pid_of("player"), node.pid_of("player"), Note(1))
    status = node.actors()[-1]
    assert (status.pid.name, status.turns, status.crashes, status.depth) == ("player", 1, 1, 1)
    assert status.kind == "tests.actors.simulation.players:Player"


def test_a_probe_sends_keeps_what_comes_and_hears_who_is_gone() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    one, other = node.probe("one"), node.probe("other")
    one.send(other.pid, Note(1))
    other.link(one.pid)
    sim.run(0.1)
    node.terminate(one.pid)
    sim.run(0.1)
    assert (other.received, other.senders, other.gone) == ([Note(1)], [one.pid], [one.pid])
