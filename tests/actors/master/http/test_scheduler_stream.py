from __future__ import annotations

import pytest

from actors.election.address import MASTER
from actors.gateway.pace import BEHIND_BYTES, MOST_WAITING
from actors.master.http.scheduler_events import event_of
from actors.master.http.scheduler_stream import NOT_SUBSCRIBED, SchedulerStream, SchedulerStreams
from actors.simulation import Simulation
from tests.actors.master.http.conversation import CALLS, EVENTS, INFO, MASTER_INFO, NEW, F
from transport.http.media_type import Encoding
from transport.http.recordio import RecordReader
from transport.message import Message
from transport.messages import scheduling
from transport.records.scheduler_call import Call
from transport.records.scheduler_event import Event

_TYPE = Call.Type
_WELCOME = scheduling.Subscribed(F, 15.0, MASTER_INFO)
_EXAMPLES = {call.type: call for call, _ in CALLS}
_SUBSCRIBE = Call(type=_TYPE.SUBSCRIBE, subscribe=Call.Subscribe(framework_info=NEW))


class Body:
    """What a client would read."""

    def __init__(self, encoding: Encoding) -> None:
        self.ended = False
        self.aborted = False
        self.pieces = 0
        #: As the test wants it.
        self.unread_bytes = 0
        self._encoding = encoding
        self._reader = RecordReader()
        self.events: list[Event] = []

    def write(self, piece: bytes) -> None:
        self.pieces += 1
        self.events += [self._encoding.decode(record, Event) for record in self._reader.feed(piece)]

    def end(self) -> None:
        self._reader.end()
        self.ended = True

    def abort(self) -> None:
        self.aborted = True


class Studio:
    """A master in the test's hand, and streams on its node."""

    def __init__(self) -> None:
        self.sim = Simulation(1)
        self.node = self.sim.node("master")
        self.master = self.node.probe(MASTER)
        self.streams = SchedulerStreams()

    def open(
        self, call: Call = _SUBSCRIBE, encoding: Encoding = Encoding.JSON
    ) -> tuple[SchedulerStream, Body]:
        body = Body(encoding)
        number = len(self.node.actors())
        master = self.node.pid_of(MASTER)
        stream = SchedulerStream(call, f"stream-{number}", master, encoding, body, self.streams)
        self.node.spawn(lambda: stream, f"http-scheduler-{number}")
        stream.subscribe()
        self.sim.run(1.0)
        return stream, body

    def tell(self, stream: SchedulerStream, *messages: Message) -> None:
        for message in messages:
            self.master.send(stream.pid, message)
        self.sim.run(1.0)

    def subscribed(self) -> tuple[SchedulerStream, Body]:
        stream, body = self.open()
        self.tell(stream, _WELCOME)
        return stream, body

    def heard(self, kind: type[Message]) -> list[object]:
        self.sim.run(1.0)
        return [one for one in self.master.received if isinstance(one, kind)]

    def lives(self, stream: SchedulerStream) -> bool:
        self.sim.run(1.0)
        return stream.pid in [actor.pid for actor in self.node.actors()]


def test_it_subscribes_and_is_its_frameworks_stream_once_the_master_says_so() -> None:
    studio = Studio()
    stream, body = studio.open()
    assert studio.heard(scheduling.Subscribe) == [scheduling.Subscribe(NEW)]
    assert (body.events, studio.streams.find(F)) == ([], None)
    studio.tell(stream, _WELCOME)
    assert [event.type for event in body.events] == [Event.Type.SUBSCRIBED]
    assert studio.streams.find(F) is stream


@pytest.mark.parametrize("encoding", Encoding)
def test_what_the_master_says_is_written_in_order_each_event_as_one_piece(encoding: Encoding) -> None:
    studio = Studio()
    stream, body = studio.open(encoding=encoding)
    told = [
        (message, event) for message, event in EVENTS if not isinstance(message, scheduling.SchedulerError)
    ]
    studio.tell(stream, *(message for message, _ in told))
    assert body.events == [event for _, event in told]
    assert body.pieces == len(told)


def test_calls_are_passed_on_in_its_own_name() -> None:
    studio = Studio()
    stream, _ = studio.subscribed()
    passed = [
        (call, message)
        for call, message in CALLS
        if call.type not in (_TYPE.SUBSCRIBE, _TYPE.UPDATE_FRAMEWORK, _TYPE.TEARDOWN)
    ]
    for call, _ in passed:
        stream.call(call)
    studio.sim.run(1.0)
    assert studio.master.received[1:] == [message for _, message in passed]
    assert {*studio.master.senders} == {stream.pid}


def test_an_error_is_the_last_event() -> None:
    studio = Studio()
    stream, body = studio.subscribed()
    error = scheduling.SchedulerError("Framework failed over")
    studio.tell(stream, error, scheduling.Heartbeat())
    assert [event.type for event in body.events] == [Event.Type.SUBSCRIBED, Event.Type.ERROR]
    assert body.ended
    assert not studio.lives(stream)
    assert studio.streams.find(F) is None


def test_a_new_stream_of_a_framework_stays_when_the_old_one_ends() -> None:
    studio = Studio()
    old, _ = studio.subscribed()
    new, body = studio.subscribed()
    assert studio.streams.find(F) is new
    studio.tell(old, scheduling.SchedulerError("Framework failed over"))
    assert studio.streams.find(F) is new
    assert not body.ended


def test_the_master_hears_of_a_teardown_before_the_stream_ends() -> None:
    studio = Studio()
    stream, body = studio.subscribed()
    stream.call(_EXAMPLES[_TYPE.TEARDOWN])
    assert studio.streams.find(F) is None
    assert studio.heard(scheduling.Teardown) == [scheduling.Teardown(F)]
    assert body.ended


def test_it_ends_with_its_client_and_with_its_master() -> None:
    studio = Studio()
    stream, _ = studio.subscribed()
    stream.close("the client is gone")
    stream.close("the stream was ended")
    assert not studio.lives(stream)
    stream, body = studio.subscribed()
    studio.node.kill(MASTER)
    assert not studio.lives(stream)
    assert (body.ended, studio.streams.find(F)) == (True, None)


def test_nobody_but_the_master_is_heard() -> None:
    studio = Studio()
    stream, body = studio.subscribed()
    other = studio.node.probe("other")
    for message, _ in EVENTS:
        other.send(stream.pid, message)
    other.send(stream.pid, scheduling.FrameworkInfoUpdated())
    studio.sim.run(1.0)
    assert len(body.events) == 1
    assert studio.lives(stream)


def test_updates_of_the_framework_are_answered_in_order_and_by_a_refusal_when_the_stream_ends() -> None:
    studio = Studio()
    stream, _ = studio.subscribed()
    answers: list[tuple[int, str | None]] = []
    for number in range(3):

        def answered(error: str | None, number: int = number) -> None:
            answers.append((number, error))

        stream.update_framework(_EXAMPLES[_TYPE.UPDATE_FRAMEWORK], answered)
    assert studio.heard(scheduling.UpdateFrameworkInfo)[0].framework == INFO  # type: ignore[attr-defined]
    studio.tell(stream, scheduling.FrameworkInfoUpdated("no"), scheduling.FrameworkInfoUpdated())
    assert answers == [(0, "no"), (1, None)]
    stream.close("the client is gone")
    assert not studio.lives(stream)
    assert answers[2:] == [(2, NOT_SUBSCRIBED)]


def test_what_a_native_scheduler_is_asked_about_lost_offers_does_not_concern_it() -> None:
    studio = Studio()
    stream, body = studio.subscribed()
    studio.tell(stream, scheduling.OffersOutstanding(("m-O1",)), scheduling.Heartbeat())
    assert [event.type for event in body.events] == [Event.Type.SUBSCRIBED, Event.Type.HEARTBEAT]


def test_a_client_that_is_behind_is_waited_for_and_gets_all_events_in_order_but_heartbeats() -> None:
    studio = Studio()
    stream, body = studio.subscribed()
    body.unread_bytes = BEHIND_BYTES
    offers = [scheduling.RescindOffer(f"m-O{number}") for number in range(100)]
    studio.tell(stream, *offers, scheduling.Heartbeat())
    assert body.pieces == 1
    body.unread_bytes = 0
    studio.sim.run(1.0)
    assert body.events[1:] == [event_of(message) for message in offers]
    studio.tell(stream, scheduling.Heartbeat())
    assert body.events[-1] == event_of(scheduling.Heartbeat())


def test_a_client_that_reads_nothing_is_given_up() -> None:
    studio = Studio()
    stream, body = studio.subscribed()
    body.unread_bytes = BEHIND_BYTES
    studio.tell(stream, *(scheduling.RescindOffer(f"m-O{number}") for number in range(MOST_WAITING + 1)))
    assert (body.aborted, studio.streams.find(F)) == (True, None)
    assert not studio.lives(stream)


def test_an_error_overtakes_what_a_client_that_is_behind_has_not_read() -> None:
    studio = Studio()
    stream, body = studio.subscribed()
    body.unread_bytes = BEHIND_BYTES
    studio.tell(stream, scheduling.RescindOffer("m-O1"), scheduling.SchedulerError("Framework failed over"))
    assert [event.type for event in body.events] == [Event.Type.SUBSCRIBED, Event.Type.ERROR]
    assert body.ended


def test_it_ends_when_the_master_says_nothing_to_it_any_more() -> None:
    studio = Studio()
    stream, body = studio.subscribed()
    for _ in range(5):
        studio.sim.run(30.0)
        studio.tell(stream, scheduling.Heartbeat())
    assert studio.lives(stream)
    studio.sim.run(61.0)
    assert not studio.lives(stream)
    assert body.ended
