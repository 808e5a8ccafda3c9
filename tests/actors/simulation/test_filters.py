from collections.abc import Callable

import pytest

from actors.process import Exited, Fired, Initialize
from actors.simulation import Probe, SimulatedNode, Simulation, SimulationFailure
from actors.simulation.filters import Whom
from tests.actors.simulation.players import Echo, Note, Perform, Player
from transport.limits import Limits


class Stage:
    """Two probes here, one probe and a player there."""

    def __init__(self) -> None:
        self.sim = Simulation(1)
        self.here = self.sim.node("here")
        self.there = self.sim.node("there")
        self.one, self.two = self.here.probe("one"), self.here.probe("two")
        self.far = self.there.probe("one")
        self.pid = self.there.spawn(Player, "player")
        self.player = self.there.process("player", Player)
        self.sim.run(0.1)

    def send(self, *numbers: int) -> None:
        for number in numbers:
            self.one.send(self.pid, Note(number))
        self.sim.run(0.1)


def test_so_many_messages_of_a_type_are_dropped() -> None:
    stage = Stage()
    drop = stage.sim.drop(Note, times=2)
    stage.send(1, 2, 3)
    assert stage.player.numbers == [3]
    assert [envelope.message for envelope in drop.dropped] == [Note(1), Note(2)]


def test_messages_are_dropped_until_that_is_stopped() -> None:
    stage = Stage()
    drop = stage.sim.drop(Note)
    stage.send(1, 2)
    drop.stop()
    stage.send(3)
    assert stage.player.numbers == [3]


def test_messages_of_other_types_pass() -> None:
    stage = Stage()
    stage.sim.drop(Echo)
    stage.send(1)
    assert stage.player.numbers == [1]


SENDERS: dict[str, Callable[[Stage], Whom]] = {
    "anyone": lambda stage: None,
    "a name": lambda stage: "one",
    "a node": lambda stage: stage.here,
    "a pid": lambda stage: stage.one.pid,
    "whoever bears it": lambda stage: stage.one.pid.whoever(),
    "a function": lambda stage: lambda pid: pid.host == "here",
}


@pytest.mark.parametrize(
    ("sender", "dropped"),
    [
        ("anyone", "one here, two here, one there"),
        ("a name", "one here, one there"),
        ("a node", "one here, two here"),
        ("a pid", "one here"),
        ("whoever bears it", "one here"),
        ("a function", "one here, two here"),
    ],
)
def test_a_filter_means_messages_from_one_actor_a_node_a_name_or_whom_a_function_says(
    sender: str, dropped: str
) -> None:
    stage = Stage()
    drop = stage.sim.drop(Note, sender=SENDERS[sender](stage))
    for probe in (stage.one, stage.two, stage.far):
        probe.send(stage.pid, Note(1))
        stage.sim.run(0.1)
    assert ", ".join(f"{e.sender.name} {e.sender.host}" for e in drop.dropped) == dropped


def test_a_filter_means_messages_to_one_actor_whatever_incarnation_they_name() -> None:
    stage = Stage()
    drop = stage.sim.drop(to=stage.pid)
    for pid in (stage.pid, stage.pid.whoever()):
        stage.one.send(pid, Note(1))
    stage.one.send(stage.far.pid, Note(2))
    stage.sim.run(0.1)
    assert (len(drop.dropped), stage.far.received) == (2, [Note(2)])


def test_a_filter_may_look_into_the_message() -> None:
    stage = Stage()
    stage.sim.drop(Note, where=lambda note: note.number % 2)
    stage.send(1, 2, 3, 4)
    assert stage.player.numbers == [2, 4]


def test_held_messages_are_overtaken_and_come_when_released() -> None:
    stage = Stage()
    hold = stage.sim.hold(Note, where=lambda note: note.number < 3)
    stage.send(1, 2, 3)
    assert stage.player.numbers == [3]
    assert [envelope.message for envelope in hold.held] == [Note(1), Note(2)]
    hold.release()
    stage.send(0)
    assert stage.player.numbers == [3, 1, 2, 0]
    assert hold.held == []


def test_what_is_held_for_an_actor_that_died_reaches_no_successor() -> None:
    stage = Stage()
    hold = stage.sim.hold(Note)
    stage.send(1)
    stage.there.kill_process()
    stage.there.restart()
    stage.there.spawn(Player, "player")
    hold.release()
    stage.sim.run(0.1)
    assert stage.there.process("player", Player).numbers == []


def test_waiting_for_a_message_returns_it_once_it_was_handled() -> None:
    stage = Stage()
    stage.one.send(stage.pid, Note(1))
    stage.one.send(stage.pid, Note(2))
    assert stage.sim.wait_for(Note, to="player") == Note(1)
    assert stage.player.numbers == [1]
    assert stage.sim.wait_for(Note, sender=stage.here, where=lambda note: note.number == 2) == Note(2)
    assert stage.player.numbers == [1, 2]


def test_waiting_in_vain_fails_and_says_for_what() -> None:
    stage = Stage()
    with pytest.raises(SimulationFailure, match="there was no Echo from there to player after 5 s"):
        stage.sim.wait_for(Echo, sender=stage.there, to="player", timeout_seconds=5.0)


def test_timers_and_exited_and_initialize_are_messages_to_a_filter() -> None:
    stage = Stage()
    fired: list[str] = []
    stage.sim.drop(Fired, to="player", times=1)
    hold = stage.sim.hold(Initialize)

    def set_timers(me: Player) -> None:
        me.delay(1.0, fired.append, "dropped")
        me.delay(2.0, fired.append, "fires")
        me.link(stage.there.pid_of("nobody"))

    stage.there.send(stage.pid, stage.pid, Perform(set_timers))
    assert stage.sim.wait_for(Exited, to="player").pid.name == "nobody"
    stage.sim.wait_for(Fired, to="player")
    assert fired == ["fires"]
    stage.there.spawn(Player, "child")
    stage.sim.run(1.0)
    child = stage.there.process("child", Player)
    assert child.events == []
    hold.release()
    stage.sim.run(1.0)
    assert child.events == ["initialize"]


def test_a_filter_of_what_nobody_sends_costs_nobody_anything() -> None:
    stage = Stage()
    stage.sim.drop(Note, sender="nobody")
    stage.sim.hold(Note, to=lambda _pid: False)
    stage.send(*range(10))
    assert stage.player.numbers == list(range(10))


def test_held_messages_keep_their_credit_until_they_are_handled() -> None:
    window = Limits().window
    stage = Stage()
    hold = stage.sim.hold(Note)
    stage.send(*range(window + 10))
    assert len(hold.held) == window
    hold.release()
    stage.sim.run(1.0)
    assert stage.player.numbers == list(range(window + 10))


def test_dropped_messages_give_their_credit_back() -> None:
    stage = Stage()
    drop = stage.sim.drop(Note, times=5000)
    probe: Probe = stage.one
    for number in range(5001):
        probe.send(stage.pid, Note(number))
    stage.sim.run(1.0)
    assert (len(drop.dropped), stage.player.numbers) == (5000, [5000])


def test_nodes_are_described_by_their_names() -> None:
    sim = Simulation(1)
    node: SimulatedNode = sim.node("n")

    def only_masters(pid: object) -> bool:
        return False

    with pytest.raises(SimulationFailure, match="there was no Note from only_masters to n after 1 s"):
        sim.wait_for(Note, sender=only_masters, to=node, timeout_seconds=1.0)
