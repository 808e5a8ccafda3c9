"""The actor of one scheduler that is subscribed over HTTP: to the master a scheduler like any other.

Its turns run where its `Outlet` may be written to, and its methods are called there, too: on the thread of
the HTTP server, or in simulation on the only one that there is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from actors.gateway.pace import Pace
from actors.gateway.streaming import StreamActor
from actors.master.http.scheduler_calls import message_of
from actors.master.http.scheduler_events import event_of
from actors.process import handles
from transport.http.exchange import PacedOutlet
from transport.http.media_type import Encoding
from transport.message import Message
from transport.messages import scheduling
from transport.pid import Pid
from transport.records.scheduler_call import Call
from transport.records.scheduler_event import Event

#: What becomes of an UPDATE_FRAMEWORK whose stream ends before the master has answered.
NOT_SUBSCRIBED: Final = "Framework is not subscribed"

_MISSED_HEARTBEATS: Final = 3

#: Takes the master's answer to an UPDATE_FRAMEWORK: why not, or None.
Answered = Callable[[str | None], None]


class SchedulerStream(StreamActor):
    """Subscribes with a master, and writes the events that it is sent as records, each as one piece.

    Its end is seen by the master as that of any scheduler: the framework is disconnected (§2.6). It ends with
    the client's connection, by ERROR, by TEARDOWN, and with the master.
    """

    def __init__(
        self,
        subscribe: Call,
        stream_id: str,
        master: Pid,
        encoding: Encoding,
        outlet: PacedOutlet,
        streams: SchedulerStreams,
    ) -> None:
        """`streams` is told of it for as long as the framework is subscribed by it."""
        self.stream_id = stream_id
        #: Empty until the master has said it.
        self.framework_id = ""
        self._subscription = message_of(subscribe)
        self._master = master
        self._outlet = outlet
        self._pace = Pace(outlet, encoding, self.delay, self._lose_patience)
        self._streams = streams
        #: Those who wait for the master's answers to UPDATE_FRAMEWORK, in the order of their calls.
        self._updating: deque[Answered] = deque()
        self._closed = False
        #: How many intervals of the master's heartbeat have passed since the last one.
        self._silent = 0

    def finalize(self) -> None:
        """Nothing more comes."""
        self._streams.remove(self)
        while self._updating:
            self._updating.popleft()(NOT_SUBSCRIBED)
        self._outlet.end()

    def exited(self, pid: Pid) -> None:
        """The master has ended, or leads no more: the client is to look for the leader."""
        self.close("the master has ended")

    # --- what handlers call ---

    def subscribe(self) -> None:
        """Begin; at once, so that of two streams the master hears of the newer one last."""
        self.link(self._master)
        self.send(self._master, self._subscription)

    def call(self, call: Call) -> None:
        """Pass a valid call on to the master, any but SUBSCRIBE and UPDATE_FRAMEWORK."""
        self.send(self._master, message_of(call))
        if call.type is Call.Type.TEARDOWN:
            self.close("its framework is torn down")

    def update_framework(self, call: Call, answered: Answered) -> None:
        """Pass an UPDATE_FRAMEWORK on; the answer comes later."""
        self._updating.append(answered)
        self.send(self._master, message_of(call))

    def close(self, reason: str) -> None:
        """End it, also because the client is gone."""
        if self._closed:
            return
        self._closed = True
        self._streams.remove(self)
        self.log.info("stream of a scheduler ends", framework_id=self.framework_id, reason=reason)
        self.terminate()

    # --- what the master says ---

    @handles(scheduling.Subscribed)
    def subscribed(self, sender: Pid, message: scheduling.Subscribed) -> None:
        """Calls for the framework are this stream's from now on."""
        if self._is_master(sender):
            self.framework_id = message.framework_id
            self._streams.add(self)
            self._write(message)
            self.every(message.heartbeat_interval_seconds, self._miss_heartbeat)

    @handles(scheduling.SchedulerError)
    def scheduler_error(self, sender: Pid, message: scheduling.SchedulerError) -> None:
        """The stream ends by this."""
        if self._is_master(sender):
            # The last that there is; what the client has not read until now it does not need any more.
            self._pace.write_now(_event(message))
            self.close(message.message)

    @handles(scheduling.Heartbeat)
    def heartbeat(self, sender: Pid, message: scheduling.Heartbeat) -> None:
        """The master lives; a client that is behind sees so by what it reads."""
        if self._is_master(sender):
            self._silent = 0
            if not self._pace.is_behind:
                self._write(message)

    @handles(scheduling.FrameworkInfoUpdated)
    def framework_info_updated(self, sender: Pid, message: scheduling.FrameworkInfoUpdated) -> None:
        """The first call that waits is answered."""
        if self._is_master(sender) and self._updating:
            self._updating.popleft()(message.error)

    @handles(scheduling.OffersOutstanding)
    def offers_outstanding(self, sender: Pid, message: scheduling.OffersOutstanding) -> None:
        """No offer can have got lost on its way to here."""

    def unhandled(self, sender: Pid, message: object) -> None:
        """All else that the master says is an event."""
        event = event_of(message)
        if event is None:
            super().unhandled(sender, message)
        elif self._is_master(sender):
            self._pace.write(event)

    def _is_master(self, sender: Pid) -> bool:
        return sender.whoever() == self._master

    def _write(self, message: Message) -> None:
        self._pace.write(_event(message))

    def _miss_heartbeat(self) -> None:
        """A master that says nothing to a scheduler takes it for gone: something got lost between them."""
        self._silent += 1
        if self._silent > _MISSED_HEARTBEATS:
            self.close("the master's heart does not beat for it")

    def _lose_patience(self) -> None:
        self._outlet.abort()
        self.close("the client reads too little")


def _event(message: Message) -> Event:
    event = event_of(message)
    assert event is not None
    return event


class SchedulerStreams:
    """The streams of one master's subscribed frameworks, by their ids."""

    def __init__(self) -> None:
        self._by_framework: dict[str, SchedulerStream] = {}

    def find(self, framework_id: str) -> SchedulerStream | None:
        """The stream by which a framework is subscribed."""
        return self._by_framework.get(framework_id)

    def add(self, stream: SchedulerStream) -> None:
        """A framework is subscribed by this stream, instead of another if there was one."""
        self._by_framework[stream.framework_id] = stream

    def remove(self, stream: SchedulerStream) -> None:
        """A stream has ended; harmless when the framework has another one by now."""
        if self._by_framework.get(stream.framework_id) is stream:
            del self._by_framework[stream.framework_id]
