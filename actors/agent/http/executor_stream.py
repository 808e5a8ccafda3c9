"""The actor of one executor that is subscribed over HTTP: to the agent an executor like any other.

Its turns run where its `Outlet` may be written to, and its methods are called there, too: on the thread of
the HTTP server, or in simulation on the only one that there is.
"""

from __future__ import annotations

from typing import Final

from actors.agent.http.executor_events import HEARTBEAT, event_of
from actors.gateway.pace import Pace
from actors.gateway.streaming import StreamActor
from actors.process import handles
from transport.http.exchange import PacedOutlet
from transport.http.media_type import Encoding
from transport.message import Message
from transport.messages import executing
from transport.pid import Pid
from transport.records.executor_event import Event

#: Between two HEARTBEAT events; the first comes so long after the subscription (mesos-protocol.md §3.3).
HEARTBEAT_SECONDS: Final = 30 * 60.0


class ExecutorStream(StreamActor):
    """Subscribes with the agent, and writes the events that it is sent as records, each as one piece.

    Its end is seen by the agent as that of any executor's connection. It ends with the client's connection,
    by a newer stream of the same executor, by ERROR, by a SHUTDOWN that is all the agent says, and with the
    agent.
    """

    def __init__(
        self,
        subscription: executing.SubscribeExecutor,
        agent: Pid,
        encoding: Encoding,
        outlet: PacedOutlet,
        streams: ExecutorStreams,
    ) -> None:
        """`streams` is told of it for as long as calls of the executor are to go through it."""
        self.framework_id = subscription.framework_id
        self.executor_id = subscription.executor_id
        self._subscription = subscription
        self._agent = agent
        self._outlet = outlet
        self._pace = Pace(outlet, encoding, self.delay, self._lose_patience)
        self._streams = streams
        self._subscribed = False
        self._closed = False

    def initialize(self) -> None:
        """Subscribe, in place of whatever stream the executor had."""
        self._streams.add(self)
        self.link(self._agent)
        self.send(self._agent, self._subscription)
        self.every(HEARTBEAT_SECONDS, self._write, HEARTBEAT)

    def finalize(self) -> None:
        """Nothing more comes."""
        self._streams.remove(self)
        self._outlet.end()

    def exited(self, pid: Pid) -> None:
        """The agent has ended; the executor subscribes with the next one."""
        self.close("the agent has ended")

    # --- what handlers call ---

    def tell(self, message: Message) -> None:
        """Pass on what the executor says."""
        self.send(self._agent, message)

    def close(self, reason: str) -> None:
        """End it, also because the client is gone."""
        if self._closed:
            return
        self._closed = True
        self._streams.remove(self)
        self.log.info(
            "stream of an executor ends",
            framework_id=self.framework_id,
            executor_id=self.executor_id,
            reason=reason,
        )
        self.terminate()

    # --- what the agent says ---

    @handles(executing.ExecutorSubscribed)
    def subscribed(self, sender: Pid, message: executing.ExecutorSubscribed) -> None:
        """The agent knows the executor."""
        if self._is_agent(sender):
            self._subscribed = True
            self._write(event_of(message))

    @handles(executing.ShutdownNow)
    def shut_down(self, sender: Pid, message: executing.ShutdownNow) -> None:
        """The executor is to end; one that was not let in is told nothing else."""
        if self._is_agent(sender):
            self._write(event_of(message))
            if not self._subscribed:
                self.close("the executor is not expected, or is to end")

    @handles(executing.ExecutorError)
    def refused(self, sender: Pid, message: executing.ExecutorError) -> None:
        """The stream ends by this."""
        event = event_of(message)
        if self._is_agent(sender) and event is not None:
            # The last that there is; what the client has not read until now it does not need any more.
            self._pace.write_now(event)
            self.close(message.message)

    @handles(executing.ReconnectExecutor)
    def reconnect(self, sender: Pid, message: executing.ReconnectExecutor) -> None:
        """The agent has lost sight of this stream: the executor is to come with another."""
        if self._is_agent(sender):
            self.close("the agent has lost sight of it")

    def unhandled(self, sender: Pid, message: object) -> None:
        """All else that the agent says is an event."""
        event = event_of(message)
        if event is None:
            super().unhandled(sender, message)
        elif self._is_agent(sender):
            self._write(event)

    def _is_agent(self, sender: Pid) -> bool:
        return sender.whoever() == self._agent

    def _write(self, event: Event | None) -> None:
        assert event is not None
        self._pace.write(event)

    def _lose_patience(self) -> None:
        """One that never reads is not waited for; it may come again and tell what it has got."""
        self._outlet.abort()
        self.close("the client reads too little")


class ExecutorStreams:
    """The streams of one agent's executors: of each the newest."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, str], ExecutorStream] = {}

    def find(self, framework_id: str, executor_id: str) -> ExecutorStream | None:
        """The stream by which an executor is subscribed."""
        return self._streams.get((framework_id, executor_id))

    def add(self, stream: ExecutorStream) -> None:
        """An executor subscribes by this stream; the one that it had ends."""
        key = stream.framework_id, stream.executor_id
        before = self._streams.get(key)
        self._streams[key] = stream
        if before is not None:
            before.close("the executor subscribed anew")

    def remove(self, stream: ExecutorStream) -> None:
        """A stream has ended; harmless when the executor has another one by now."""
        key = stream.framework_id, stream.executor_id
        if self._streams.get(key) is stream:
            del self._streams[key]
