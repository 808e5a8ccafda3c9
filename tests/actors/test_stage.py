"""Actors on the thread of an event loop; what all systems promise is in `test_system_contract`."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from actors.stage import LoopStage
from actors.system import StoppingError
from tests.actors.running_loop import RunningLoop
from tests.actors.simulation.players import Note, Perform, Player
from transport.message import Message
from transport.pid import Pid

DEADLINE_SECONDS = 20.0


class Rig:
    """A system beside an event loop, and its stage there."""

    def __init__(self) -> None:
        self.loop = RunningLoop()
        self.crossings = 0
        self.stage = LoopStage(self._cross)
        self.system = PykkaSystem()
        self.system.start()

    def _cross(self, callback: object) -> None:
        self.crossings += 1
        self.loop.loop.call_soon_threadsafe(callback)  # type: ignore[arg-type]

    def spawn(self, name: str = "player") -> Player:
        player = Player()
        self.system.spawn(lambda: player, name, stage=self.stage)
        return player

    def settle(self, player: Player) -> None:
        """Wait for the turns of a player that are due."""
        settled = threading.Event()
        self.system.send(player.pid, player.pid, Perform(lambda _me: settled.set()))
        assert settled.wait(DEADLINE_SECONDS)

    def block(self) -> threading.Event:
        """Keep the loop busy until the event is set."""
        held, free = threading.Event(), threading.Event()

        def hold() -> None:
            held.set()
            free.wait(DEADLINE_SECONDS)

        self.loop.call_soon(hold)
        assert held.wait(DEADLINE_SECONDS)
        return free

    def close(self) -> None:
        self.system.stop()
        if self.loop.thread.is_alive():
            self.loop.stop()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()


def test_turns_are_had_on_the_thread_of_the_loop(rig: Rig) -> None:
    threads: list[threading.Thread] = []
    player = rig.spawn()
    rig.system.send(player.pid, player.pid, Perform(lambda _me: threads.append(threading.current_thread())))
    rig.settle(player)
    assert threads == [rig.loop.thread]


def test_messages_that_come_while_the_loop_is_busy_cross_to_it_at_once(rig: Rig) -> None:
    players = [rig.spawn(f"player-{number}") for number in range(3)]
    for player in players:
        rig.settle(player)
    free = rig.block()
    before = rig.crossings
    for number in range(50):
        for player in players:
            rig.system.send(player.pid, player.pid, Note(number))
    crossings = rig.crossings - before
    free.set()
    for player in players:
        rig.settle(player)
        assert player.numbers == list(range(50))
    assert crossings == 1


class Talker(Process):
    """Never comes to an end."""

    turns = 0

    def initialize(self) -> None:
        self.send(self.pid, Again())

    @handles(Note)
    def note(self, sender: Pid, message: Note) -> None:
        self.terminate()


class Again(Message):
    pass


class Chatter(Talker):
    @handles(Again)
    def again(self, sender: Pid, message: Again) -> None:
        self.turns += 1
        self.send(self.pid, message)


def test_an_actor_that_is_never_done_leaves_the_loop_to_others(rig: Rig) -> None:
    chatter, player = Chatter(), rig.spawn()
    rig.system.spawn(lambda: chatter, "chatter", stage=rig.stage)
    for _ in range(3):
        rig.settle(player)
        passed = threading.Event()
        rig.loop.call_soon(passed.set)
        assert passed.wait(DEADLINE_SECONDS)
    assert chatter.turns


def test_an_actor_that_ends_while_turns_wait_has_none_of_them(rig: Rig) -> None:
    player = rig.spawn()
    rig.settle(player)
    free = rig.block()
    rig.system.send(player.pid, player.pid, Note(1))
    rig.system.terminate(player.pid)
    free.set()
    assert rig.system.stop(DEADLINE_SECONDS) == ()
    assert player.events == ["initialize", "finalize"]


def test_a_node_does_not_wait_for_a_loop_that_is_stuck(rig: Rig) -> None:
    rig.settle(rig.spawn())
    free = rig.block()
    assert rig.system.stop(0.1) == ("player",)
    free.set()


def test_a_node_stops_though_the_loop_of_its_actors_has_ended_before(rig: Rig) -> None:
    player = rig.spawn()
    rig.settle(player)
    rig.loop.stop()
    assert rig.system.stop(DEADLINE_SECONDS) == ()
    assert player.events == ["initialize", "finalize"]


def test_actors_end_with_their_stage_the_youngest_first_and_those_who_linked_them_are_told(rig: Rig) -> None:
    ended: list[str] = []

    class Mortal(Player):
        def finalize(self) -> None:
            ended.append(self.pid.name)

    for name in ("first", "second"):
        rig.system.spawn(Mortal, name, stage=rig.stage)
    watcher, told = Player(), threading.Event()
    first = rig.system.pid_of("first")
    watcher.exited = lambda pid: told.set()  # type: ignore[method-assign]
    rig.system.spawn(lambda: watcher, "watcher")
    rig.system.send(watcher.pid, watcher.pid, Perform(lambda me: me.link(first)))
    rig.loop.stop()
    rig.stage.close()
    assert told.wait(DEADLINE_SECONDS)
    assert ended == ["second", "first"]
    assert {status.pid.name for status in rig.system.actors()} == {"supervisor", "watcher"}


def test_no_actor_starts_on_a_stage_that_is_closed(rig: Rig) -> None:
    rig.stage.close()
    with pytest.raises(StoppingError, match="late: its event loop has ended"):
        rig.spawn("late")
    assert [status.pid.name for status in rig.system.actors()] == ["supervisor"]
