import errno

import pytest

from actors.process import Process
from actors.simulation import SimulatedNode, Simulation
from tests.actors.simulation.players import Perform, Player


def boot(node: SimulatedNode) -> None:
    node.spawn(Player, "player")


def pass_points(sim: Simulation, node: SimulatedNode, *points: str) -> list[str]:
    """Have a turn of the player pass these points; returns what was reached in it."""
    reached: list[str] = []

    def go(me: Process) -> None:
        for point in points:
            me.system.fault(point)
            reached.append(point)

    node.send(node.pid_of("player"), node.pid_of("player"), Perform(go))
    sim.run(0.1)
    return reached


def test_points_are_counted_by_node() -> None:
    sim = Simulation(1)
    one, other = sim.node("one", boot), sim.node("other", boot)
    pass_points(sim, one, "b", "a", "b")
    pass_points(sim, other, "b")
    assert sim.fault_points() == (("a", "one", 1), ("b", "one", 2), ("b", "other", 1))


def test_a_fault_strikes_at_the_nth_pass_from_when_it_was_armed() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    pass_points(sim, node, "x")
    armed = sim.arm("x", nth=2)
    assert pass_points(sim, node, "x", "y", "x", "z") == ["x", "y"]
    assert (node.up, armed.struck) == (False, True)


def test_a_fault_armed_for_one_node_spares_the_others() -> None:
    sim = Simulation(1)
    one, other = sim.node("one", boot), sim.node("other", boot)
    armed = sim.arm("x", node=other)
    assert pass_points(sim, one, "x") == ["x"]
    assert not armed.struck
    assert pass_points(sim, other, "x") == []


def test_a_fault_may_be_armed_before_its_node_is_there() -> None:
    sim = Simulation(1)
    sim.arm("disk.write.after", node="n", action="kill")
    node = sim.node("n", lambda node: node.disk.write(f"life{node.incarnation}", b""))
    up_at_first = node.up
    node.restart()
    assert (up_at_first, node.up) == (False, True)
    assert node.disk.list("") == ("life1", "life2")


def test_an_error_is_raised_where_the_point_is() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    sim.arm("x", action="error")
    sim.arm("x", nth=2, action=TimeoutError("too late"))
    caught: list[BaseException] = []

    def go(me: Process) -> None:
        for _ in range(3):
            try:
                me.system.fault("x")
            except OSError as error:
                caught.append(error)

    node.send(node.pid_of("player"), node.pid_of("player"), Perform(go))
    sim.run(0.1)
    assert [type(error) for error in caught] == [OSError, TimeoutError]
    assert isinstance(caught[0], OSError)
    assert caught[0].errno == errno.EIO


def test_a_pause_begins_at_the_point_and_the_turn_ends_first() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    sim.arm("x", action="pause")
    assert pass_points(sim, node, "x") == ["x"]
    assert node.paused
    assert pass_points(sim, node, "y") == []


def test_a_function_is_called_with_the_node() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    called: list[SimulatedNode] = []
    sim.arm("x", action=called.append)
    assert pass_points(sim, node, "x", "x") == ["x", "x"]
    assert called == [node]


def test_what_is_armed_waits_no_longer_once_all_is_quiet() -> None:
    sim = Simulation(1)
    node = sim.node("n", boot)
    sim.arm("x")
    sim.quiet()
    assert pass_points(sim, node, "x") == ["x"]


def test_the_zeroth_pass_is_refused() -> None:
    with pytest.raises(ValueError, match="nth 0: must be at least 1"):
        Simulation(1).arm("x", nth=0)
