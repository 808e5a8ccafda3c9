"""The stream of one operator whose client reads slowly, or not at all, in simulation."""

from __future__ import annotations

from actors.master.http.event_stream import EventStream
from actors.master.view.forms import Form
from actors.master.view.view import VIEW
from actors.process import Process, handles
from actors.simulation import SimulatedNode, Simulation
from transport.http.recordio import RecordReader
from transport.limits import MIB
from transport.messages.viewing import ViewEvent, ViewRefused, ViewWatchOver, WatchView
from transport.pid import Pid


class Client:
    """A paced outlet whose client reads when it is told to."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.unread_bytes = 0
        self.most_unread = 0
        self.ended = False
        self.aborted = False

    def write(self, piece: bytes) -> None:
        assert not self.ended
        self.chunks.append(piece)
        self.unread_bytes += len(piece)
        self.most_unread = max(self.most_unread, self.unread_bytes)

    def end(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.aborted = True

    def read(self) -> None:
        self.unread_bytes = 0

    @property
    def records(self) -> list[bytes]:
        return RecordReader(64 * MIB).feed(b"".join(self.chunks))


class Puppet(Process):
    """A view that says what it is told to."""

    watcher: Pid

    @handles(WatchView)
    def watch(self, sender: Pid, message: WatchView) -> None:
        self.watcher = sender

    def say(self, message: ViewEvent | ViewWatchOver | ViewRefused) -> None:
        self.send(self.watcher, message)


class Scene:
    def __init__(self) -> None:
        self.sim = Simulation(1)
        self.node: SimulatedNode = self.sim.node("master")
        self.view, self.client = Puppet(), Client()
        self.node.spawn(lambda: self.view, VIEW)
        stream = EventStream(self.node.address, Form.JSON, self.client)
        self.node.spawn(lambda: stream, "stream")
        self.sim.run(0.1)
        stream.watch()
        self.sim.run(0.1)

    def say(self, *pieces: bytes) -> None:
        self.view.say(ViewEvent(pieces))
        self.sim.run(0.01)

    @property
    def lives(self) -> bool:
        return "stream" in {actor.pid.name for actor in self.node.actors()}


def test_each_event_is_a_record_in_a_chunk_of_its_own() -> None:
    scene = Scene()
    scene.say(b'{"a":', b"1}")
    scene.say(b"{}")
    assert scene.client.chunks == [b'7\n{"a":1}', b"2\n{}"]


def test_a_large_cluster_is_sent_as_it_is_read_and_what_happens_meanwhile_after_it() -> None:
    scene = Scene()
    pieces = [b"x" * (MIB // 4)] * 40
    scene.say(*pieces)
    scene.say(b"{}")
    for _ in range(100):
        scene.client.read()
        scene.sim.run(0.1)
    assert scene.client.records == [b"".join(pieces), b"{}"]
    assert scene.client.most_unread <= MIB
    assert scene.lives


def test_who_reads_more_slowly_than_much_happens_is_broken_off() -> None:
    scene = Scene()
    for _ in range(20):
        scene.say(b"x" * (MIB // 2))
    assert scene.client.aborted
    scene.sim.run(0.1)
    assert not scene.lives
    assert scene.client.most_unread <= 2 * MIB


def test_who_is_always_a_little_behind_is_not_broken_off_however_much_happens() -> None:
    scene = Scene()
    for _ in range(3):
        scene.say(b"x" * (MIB // 4))
    for _ in range(50):
        scene.say(b"x" * (MIB // 4))
        scene.client.read()
        scene.say(b"x" * (MIB // 4))
    for _ in range(10):
        scene.client.read()
        scene.sim.run(0.1)
    assert scene.lives
    assert len(scene.client.records) == 103


def test_who_reads_nothing_of_what_there_is_is_broken_off_after_a_while() -> None:
    scene = Scene()
    scene.say(*[b"x" * MIB] * 10)
    scene.sim.run(50.0)
    assert scene.lives
    scene.sim.run(20.0)
    assert scene.client.aborted
    assert not scene.lives


def test_it_ends_when_there_are_no_more_events_and_with_the_view() -> None:
    for end in (ViewWatchOver("this master leads no more"), ViewRefused(503, "not now")):
        scene = Scene()
        scene.view.say(end)
        scene.sim.run(0.1)
        assert (scene.client.ended, scene.client.aborted, scene.lives) == (True, False, False)
    scene = Scene()
    scene.node.terminate(scene.node.pid_of(VIEW))
    scene.sim.run(0.1)
    assert (scene.client.ended, scene.lives) == (True, False)
