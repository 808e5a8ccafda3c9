"""A scheduler that speaks v1 HTTP, made of a native one."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from actors.election.address import MASTER
from actors.master.http.scheduler_events import event_of
from actors.master.http.scheduler_stream import SchedulerStream
from actors.process import Exited, Process
from actors.simulation import SimulatedNode, Simulation
from actors.system import System
from frameworks.scheduler import Scheduler
from tests.simulation.http.door import DOOR, Answered, Ended, HangUp, Opened, Piece, Post
from tests.simulation.http.inverse import call_of, message_of
from transport.envelope import Envelope
from transport.http.media_type import Encoding
from transport.http.recordio import RecordReader
from transport.message import Message
from transport.messages.scheduling import Subscribe
from transport.pid import Pid
from transport.records.scheduler_event import Event


class Transcript:
    """What masters told the streams, to compare what the clients got with; and how calls were answered."""

    def __init__(self, sim: Simulation) -> None:
        #: By stream, what its client has not got yet.
        self._events: dict[str, deque[Event]] = {}
        #: By the first words of the answer, too.
        self.answers: Counter[tuple[int, str]] = Counter()
        self.streams = 0
        sim.observe(self._see)

    def _see(self, node: SimulatedNode, envelope: Envelope) -> None:
        event = event_of(envelope.message)
        if event is not None and envelope.to.name.startswith("http-scheduler-"):
            stream = node.process(envelope.to.name, SchedulerStream)
            self._events.setdefault(stream.stream_id, deque()).append(event)

    def check(self, stream_id: str, record: bytes, encoding: Encoding) -> None:
        """The record that came to a client is what the master told next.

        A client that is behind gets no heartbeats, and an error before all that it has not read.
        """
        told = self._events[stream_id]
        if encoding.decode(record, Event).type is Event.Type.ERROR:
            assert record in [encoding.encode(event) for event in told], f"{stream_id}: {record!r}: not told"
            told.clear()
            return
        while told and encoding.encode(told[0]) != record:
            assert told[0].type is Event.Type.HEARTBEAT, f"{stream_id}: {told[0]}: is not {record!r}"
            told.popleft()
        assert told, f"{stream_id}: {record!r}: was never told"
        told.popleft()


class _Stream:
    """The subscription that there is, or is being made."""

    def __init__(self, number: int, master: Pid) -> None:
        self.number = number
        self.master = master
        self.stream_id = ""
        self.events = 0
        self.reader = RecordReader()


class OverHttp(Process):
    """Has a native scheduler's calls posted, and its events read, at the door of each master's node."""

    def __init__(self, scheduler: Scheduler, encoding: Encoding, transcript: Transcript) -> None:
        self._scheduler = scheduler
        self._encoding = encoding
        self._transcript = transcript
        self._stream: _Stream | None = None
        self._numbers = 0
        self._handled: dict[type, Callable[[Any], None]] = {
            Opened: self._opened,
            Piece: self._read,
            Ended: self._ended,
            Answered: self._answered,
        }

    def attach(self, system: System, pid: Pid) -> None:
        super().attach(system, pid)
        self._scheduler.attach(_Line(system, self), pid)

    def finalize(self) -> None:
        self._scheduler.finalize()

    def receive(self, envelope: Envelope) -> None:
        message = envelope.message
        handle = self._handled.get(type(message))
        if handle is not None:
            handle(message)
        elif isinstance(message, Exited) and message.pid.name == DOOR:
            self._lost(message.pid)
        else:
            self._scheduler.receive(envelope)

    # --- what the scheduler says ---

    def say(self, master: Pid, message: Message) -> None:
        """Post a call; the one that subscribes opens a stream instead of another that there may be."""
        self._numbers += 1
        headers = {"content-type": self._encoding.value, "accept": self._encoding.value}
        if isinstance(message, Subscribe):
            self._hang_up()
            self._stream = _Stream(self._numbers, master)
        elif self._stream is not None:
            headers["mesos-stream-id"] = self._stream.stream_id
        body = self._encoding.encode(call_of(message))
        self.send(door_of(master), Post(self._numbers, headers, body))

    def _hang_up(self) -> None:
        if self._stream is not None:
            self.send(door_of(self._stream.master), HangUp(self._stream.number))
            self._stream = None

    # --- what is said to it ---

    def _opened(self, message: Opened) -> None:
        if (stream := self._current(message.number)) is not None:
            stream.stream_id = message.stream_id
            self._transcript.streams += 1

    def _read(self, message: Piece) -> None:
        if (stream := self._current(message.number)) is None:
            return
        if message.place != stream.events:
            self._hang_up()
            self._tell(stream.master, Exited(stream.master))
            return
        (record,) = stream.reader.feed(message.data)
        self._transcript.check(stream.stream_id, record, self._encoding)
        stream.events += 1
        event = self._encoding.decode(record, Event)
        self._tell(stream.master, message_of(event, self._scheduler.framework_id))

    def _ended(self, message: Ended) -> None:
        if (stream := self._current(message.number)) is not None:
            self._stream = None
            self._tell(stream.master, Exited(stream.master))

    def _answered(self, message: Answered) -> None:
        self._transcript.answers[message.status, message.text.strip()] += 1
        if (stream := self._current(message.number)) is not None:
            self._stream = None
            self._tell(stream.master, Exited(stream.master))

    def _lost(self, door: Pid) -> None:
        master = Pid(MASTER, *door.address)
        if self._stream is not None and self._stream.master.whoever() == master:
            master = self._stream.master
            self._stream = None
        self._tell(master, Exited(master))

    def _current(self, number: int) -> _Stream | None:
        return self._stream if self._stream is not None and self._stream.number == number else None

    def _tell(self, sender: Pid, message: object) -> None:
        self._scheduler.receive(Envelope(sender, self.pid, message))


class _Line:
    """A system as the scheduler sees it: there is no master but behind a door."""

    def __init__(self, system: System, line: OverHttp) -> None:
        self._system = system
        self._line = line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._system, name)

    def send(self, sender: Pid, to: Pid, message: object, cause: Envelope | None = None) -> None:
        if to.name == MASTER:
            assert isinstance(message, Message)
            self._line.say(to, message)
        else:
            self._system.send(sender, to, message, cause)

    def link(self, watcher: Pid, to: Pid) -> None:
        self._system.link(watcher, door_of(to) if to.name == MASTER else to)

    def unlink(self, watcher: Pid, to: Pid) -> None:
        self._system.unlink(watcher, door_of(to) if to.name == MASTER else to)


def door_of(master: Pid) -> Pid:
    return Pid(DOOR, *master.address)
