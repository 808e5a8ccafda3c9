from collections.abc import Callable
from functools import partial

import pytest

from actors.simulation import Faults, Probe, SimulatedNode, Simulation
from tests.actors.simulation.players import Note, Player
from transport.limits import Limits
from transport.message import Message
from transport.pid import Pid

SILENCE_SECONDS = Limits().silence_seconds
PING_SECONDS = Limits().ping_seconds
HELLO_SECONDS = Limits().hello_seconds


class Pair:
    """A probe on one node, a player on another."""

    def __init__(self, faults: Faults | None = None, seed: int = 1, limits: Limits | None = None) -> None:
        self.sim = Simulation(seed, faults=faults, limits=limits)
        self.here = self.sim.node("here")
        self.there = self.sim.node("there")
        self.probe = self.here.probe()
        self.pid = self.there.spawn(Player, "player")
        self.player = self.there.process("player", Player)
        self.sim.run(0.01)

    def send(self, *numbers: int) -> None:
        for number in numbers:
            self.probe.send(self.pid, Note(number))

    @property
    def numbers(self) -> list[int]:
        return self.player.numbers

    def link(self) -> None:
        """Connect the nodes, with a link from the probe to the player."""
        self.probe.link(self.pid)
        self.sim.run(1.0)
        assert not self.probe.gone


def test_messages_arrive_in_order_within_the_delay() -> None:
    pair = Pair(Faults(delay_seconds=(0.1, 0.5)))
    pair.send(*range(100))
    pair.sim.run(0.3)
    assert pair.numbers == []
    pair.sim.run(1.3)
    assert pair.numbers == list(range(100))


def test_lost_messages_are_just_not_there() -> None:
    pair = Pair(Faults(loss=0.3))
    pair.send(*range(1000))
    pair.sim.run(1.0)
    assert 600 < len(pair.numbers) < 800
    assert pair.numbers == sorted(set(pair.numbers))


def test_doubled_messages_come_twice_the_second_time_later() -> None:
    pair = Pair(Faults(duplicate=0.5, reorder_seconds=1.0))
    pair.send(*range(100))
    pair.sim.run(3.0)
    assert list(dict.fromkeys(pair.numbers)) == list(range(100))
    assert 130 < len(pair.numbers) < 170


def test_reordered_messages_are_overtaken_and_none_is_lost() -> None:
    pair = Pair(Faults(reorder=0.3))
    pair.send(*range(100))
    pair.sim.run(2.0)
    assert pair.numbers != list(range(100))
    assert sorted(pair.numbers) == list(range(100))


def test_what_nodes_say_about_links_is_never_lost_and_comes_after_what_went_before() -> None:
    for seed in range(20):
        pair = Pair(Faults(loss=0.2, duplicate=0.2, reorder=0.5, reorder_seconds=5.0), seed)
        pair.link()

        class Last(Player):
            def initialize(self, to: Pid = pair.probe.pid) -> None:
                for number in range(20):
                    self.send(to, Note(number))
                self.terminate()

        last = pair.there.spawn(Last, "last")
        pair.probe.link(last)
        pair.sim.run_until(pair.probe.gone.__len__)
        received = list(pair.probe.received)
        pair.sim.run(20.0)
        assert pair.probe.received == received


@pytest.mark.parametrize(
    ("faults", "refusal"),
    [
        ({"loss": 1.1}, "loss 1.1: must be a probability"),
        ({"reorder": -0.1}, "reorder -0.1: must be a probability"),
        ({"delay_seconds": (2.0, 1.0)}, "must be \\(least, most\\)"),
    ],
)
def test_impossible_faults_are_refused(faults: dict[str, float], refusal: str) -> None:
    with pytest.raises(ValueError, match=refusal):
        Faults(**faults)  # type: ignore[arg-type]


def test_faults_may_hold_for_one_direction() -> None:
    pair = Pair()
    pair.sim.set_faults(Faults(loss=1.0), sender="there", to="here")
    other = pair.there.probe()
    other.send(pair.probe.pid, Note(1))
    pair.send(2)
    pair.sim.run(1.0)
    assert (pair.probe.received, pair.numbers) == ([], [2])


def test_a_silent_partition_is_noticed_by_both_sides_after_the_silence_alone() -> None:
    pair = Pair()
    pair.link()
    back = pair.there.probe()
    back.link(pair.probe.pid)
    pair.sim.run(1.0)
    pair.sim.partition({pair.here}, {pair.there})
    pair.sim.run(SILENCE_SECONDS - PING_SECONDS - 0.1)
    assert (pair.probe.gone, back.gone) == ([], [])
    pair.sim.run(PING_SECONDS + 0.3)
    assert (pair.probe.gone, back.gone) == ([pair.pid], [pair.probe.pid])


def test_what_is_sent_during_a_short_partition_arrives_when_it_heals() -> None:
    pair = Pair()
    pair.link()
    pair.sim.partition({pair.here})
    pair.send(1, 2, 3)
    pair.sim.run(5.0)
    assert pair.numbers == []
    pair.sim.heal()
    pair.sim.run(0.1)
    assert pair.numbers == [1, 2, 3]
    pair.sim.run(2 * SILENCE_SECONDS)
    assert pair.probe.gone == []


def test_what_waits_is_lost_when_the_connection_breaks_and_the_next_message_dials_anew() -> None:
    pair = Pair()
    pair.link()
    pair.sim.partition({pair.here}, {pair.there})
    pair.send(1, 2, 3)
    pair.sim.run(SILENCE_SECONDS + 1.0)
    pair.sim.heal()
    pair.send(4)
    pair.sim.run(1.0)
    assert pair.numbers == [4]


def test_a_partition_may_have_any_number_of_sides() -> None:
    sim = Simulation(1)
    nodes = [sim.node(name) for name in "abcd"]
    probes = [node.probe() for node in nodes]
    sim.partition("a", "bc")
    for sender in probes:
        for to in probes:
            sender.send(to.pid, Note(1))
    sim.run(1.0)
    reached = [sorted({sender.host for sender in probe.senders}) for probe in probes]
    assert ["".join(hosts) for hosts in reached] == ["ad", "bcd", "bcd", "abcd"]


def test_a_one_way_cut_lets_the_other_direction_pass_until_a_side_notices() -> None:
    pair = Pair()
    pair.link()
    back = pair.there.probe()
    back.link(pair.probe.pid)
    pair.sim.run(1.0)
    pair.sim.cut("here", "there")
    pair.send(1)
    back.send(pair.probe.pid, Note(2))
    pair.sim.run(1.0)
    assert (pair.numbers, pair.probe.received) == ([], [Note(2)])
    pair.sim.run(SILENCE_SECONDS)
    assert back.gone == [pair.probe.pid]
    assert pair.probe.gone == [pair.pid]


def test_while_a_direction_is_cut_no_connection_comes_up() -> None:
    pair = Pair()
    pair.sim.cut("there", "here")
    pair.send(1)
    pair.probe.link(pair.pid)
    pair.sim.run(HELLO_SECONDS - 0.1)
    assert pair.probe.gone == []
    pair.sim.run(0.2)
    assert (pair.numbers, pair.probe.gone) == ([], [pair.pid])


def test_a_reset_connection_tells_both_sides_and_the_next_message_dials_anew() -> None:
    pair = Pair()
    pair.link()
    back = pair.there.probe()
    back.link(pair.probe.pid)
    pair.sim.run(1.0)
    pair.sim.disconnect("here", "there")
    pair.sim.run(0.1)
    assert (pair.probe.gone, back.gone) == ([pair.pid], [pair.probe.pid])
    pair.send(1)
    pair.sim.run(0.1)
    assert pair.numbers == [1]


@pytest.mark.parametrize(
    "break_off",
    [
        lambda pair: pair.sim.disconnect("here", "there"),
        lambda pair: pair.here.kill_process(),
        lambda pair: pair.here.crash(),
    ],
    ids=["reset", "sender killed", "sender without power"],
)
def test_of_what_is_under_way_when_a_connection_breaks_any_part_may_arrive_in_order(
    break_off: Callable[[Pair], None],
) -> None:
    lengths = set()
    for seed in range(60):
        pair = Pair(Faults(delay_seconds=(0.1, 0.3)), seed)
        pair.link()
        for number in range(5):
            pair.send(number)
            pair.sim.run(0.03)
        break_off(pair)
        pair.sim.run(1.0)
        assert pair.numbers == list(range(len(pair.numbers)))
        lengths.add(len(pair.numbers))
    assert {0, 5} < lengths


def test_nothing_reaches_a_node_that_lost_power_meanwhile() -> None:
    pair = Pair(Faults(delay_seconds=(0.2, 0.2)))
    pair.link()
    pair.send(1)
    pair.there.crash()
    pair.there.restart()
    pair.there.spawn(Player, "player")
    pair.sim.run(1.0)
    assert pair.there.process("player", Player).numbers == []


def test_a_node_that_was_never_there_cannot_be_reached() -> None:
    pair = Pair()
    nobody = Pid("anyone", "nowhere", 5050)
    pair.probe.link(nobody)
    pair.sim.run(HELLO_SECONDS + 0.1)
    assert pair.probe.gone == [nobody]


def test_a_killed_process_is_noticed_at_once_and_a_loss_of_power_after_the_silence() -> None:
    for fall, at_least, at_most in (
        (SimulatedNode.kill_process, 0.0, 0.01),
        (SimulatedNode.crash, SILENCE_SECONDS - PING_SECONDS, SILENCE_SECONDS + 0.01),
    ):
        pair = Pair()
        pair.link()
        started = pair.sim.now
        fall(pair.there)
        pair.sim.run_until(pair.probe.gone.__len__)
        assert at_least <= pair.sim.now - started <= at_most


def test_a_rebooted_node_ends_the_connections_of_its_former_life() -> None:
    pair = Pair()
    pair.link()
    pair.there.crash()
    pair.send(1)
    pair.there.restart()
    player = partial(pair.there.process, "player", Player)
    pair.there.spawn(Player, "player")
    pair.sim.run(PING_SECONDS + 0.1)
    assert pair.probe.gone == [pair.pid]
    pair.probe.send(pair.pid, Note(2))
    pair.probe.send(pair.pid.whoever(), Note(3))
    pair.sim.run(0.1)
    assert player().numbers == [3]


def test_a_new_connection_of_the_peer_ends_the_old_one_first() -> None:
    pair = Pair()
    pair.link()
    pair.there.crash()
    pair.there.restart()
    pair.there.probe("other").send(pair.probe.pid, Note(1))
    pair.sim.run(0.1)
    assert (pair.probe.gone, pair.probe.received) == ([pair.pid], [Note(1)])


def test_two_nodes_that_dial_each_other_at_once_get_one_connection() -> None:
    pair = Pair()
    back = pair.there.probe()
    back.send(pair.probe.pid, Note(1))
    pair.send(2)
    back.link(pair.probe.pid)
    pair.probe.link(pair.pid)
    pair.sim.run(60.0)
    assert (pair.probe.received, pair.numbers) == ([Note(1)], [2])
    assert (pair.probe.gone, back.gone) == ([], [])


def test_a_paused_node_is_lost_to_its_peers_and_learns_of_it_afterwards() -> None:
    pair = Pair()
    pair.link()
    back = pair.there.probe()
    back.link(pair.probe.pid)
    pair.sim.run(1.0)
    pair.sim.pause("there")
    pair.send(1)
    pair.sim.run(SILENCE_SECONDS + 1.0)
    assert (pair.probe.gone, back.gone, pair.numbers) == ([pair.pid], [], [])
    pair.sim.resume("there")
    pair.sim.run(0.1)
    assert back.gone == [pair.probe.pid]
    assert pair.numbers == [1]  # what had arrived while it stood still


def test_more_messages_than_may_wait_end_the_connection() -> None:
    limits = Limits(queue_messages=10)
    pair = Pair(limits=limits)
    pair.link()
    pair.sim.partition({"here"})
    pair.send(*range(10))
    pair.sim.run(1.0)
    assert pair.probe.gone == []
    pair.send(10)
    pair.sim.run(1.0)
    assert pair.probe.gone == [pair.pid]


def test_no_more_than_the_window_is_under_way_to_a_slow_receiver() -> None:
    limits = Limits()
    pair = Pair(limits=limits)
    pair.link()
    pair.there.turn_seconds = 1.0
    pair.send(*range(limits.window + limits.queue_messages))
    pair.sim.run(1.0)
    (status,) = (status for status in pair.there.actors() if status.pid == pair.pid)
    assert limits.window - 5 <= status.depth <= limits.window
    pair.there.turn_seconds = 0.0
    pair.sim.run(5.0)
    assert pair.numbers == list(range(limits.window + limits.queue_messages))


class Secretive(Message):
    """Its declaration does not fit what it holds."""

    number: int


def test_a_message_that_would_not_be_understood_is_refused_to_its_sender() -> None:
    pair = Pair()
    with pytest.raises(TypeError, match="cannot be sent"):
        pair.probe.send(pair.pid, object())
    with pytest.raises(ValueError, match="Expected `int`"):
        pair.probe.send(pair.pid, Secretive("text"))  # type: ignore[arg-type]


def test_without_the_codec_the_very_object_arrives() -> None:
    message = object()
    sim = Simulation(1, use_codec=False)
    here, there = sim.node("here").probe(), sim.node("there").probe()
    here.send(there.pid, message)
    sim.run(1.0)
    assert there.received[0] is message


def test_with_the_codec_an_equal_one_does() -> None:
    pair = Pair()
    message = {"plain": [1, 2]}
    other: Probe = pair.there.probe()
    pair.probe.send(other.pid, message)
    pair.sim.run(1.0)
    assert other.received == [message]
    assert other.received[0] is not message


def test_the_newest_epoch_that_a_node_knows_goes_with_its_messages() -> None:
    pair = Pair()
    pair.here.epoch = 7
    hold = pair.sim.hold(Note)
    pair.send(1)
    pair.sim.run(1.0)
    assert [envelope.epoch for envelope in hold.held] == [7]
