"""The actor `trace` of every node: tells what the node's tracer remembers, once or as it happens."""

from __future__ import annotations

from actors.process import Process, handles
from actors.system import Timer
from actors.trace.record import select
from actors.trace.tracer import CAPACITY, Reading, Tracer
from transport.messages.tracing import (
    FollowTrace,
    ReadTrace,
    TraceAnswer,
    TraceBatch,
    TraceFilter,
    TraceReceived,
    TraceRefusal,
    UnfollowTrace,
)
from transport.pid import Pid

#: Records rendered for one answer or batch: some 15 ms of work.
RECORDS_AT_ONCE = 500
INTERVAL_SECONDS = 0.1
#: Batches that may be under way to one follower.
WINDOW = 4
#: In a storm of messages each follower takes up to 15% of a core, so they are few.
FOLLOWERS = 8


class Recorder(Process):
    """Answers `ReadTrace`, and sends batches to those who follow.

    Nothing waits for a slow follower: while it owes receipts for `WINDOW` batches it gets none, and what
    leaves the ring meanwhile is counted for it as missed.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._followers: dict[Pid, _Follower] = {}
        self._timer: Timer | None = None

    @handles(ReadTrace)
    def read(self, sender: Pid, message: ReadTrace) -> None:
        """Tell one page of what is remembered."""
        reading = self._tracer.read(message.cursor, RECORDS_AT_ONCE)
        chosen = select(
            reading.entries, message.filter, self._tracer.node, self._tracer.offset, RECORDS_AT_ONCE
        )
        self.send(sender, TraceAnswer(chosen.records, reading.cursor, reading.complete, reading.missed))

    @handles(FollowTrace)
    def follow(self, sender: Pid, message: FollowTrace) -> None:
        """Take a follower, or another wish of one."""
        follower = self._followers.get(sender)
        if follower is not None:
            follower.filter = message.filter
            return
        if len(self._followers) == FOLLOWERS:
            self.send(sender, TraceRefusal(f"{self.pid} has {FOLLOWERS} followers already"))
            return
        self._followers[sender] = _Follower(message.filter, self._tracer.newest())
        self.link(sender)
        if self._timer is None:
            self._timer = self.every(INTERVAL_SECONDS, self._tell)

    @handles(TraceReceived)
    def received(self, sender: Pid, message: TraceReceived) -> None:
        """Note that a follower keeps up."""
        follower = self._followers.get(sender)
        if follower is not None:
            follower.received = max(follower.received, message.number)

    @handles(UnfollowTrace)
    def unfollow(self, sender: Pid, message: UnfollowTrace) -> None:
        """Let a follower go."""
        self.unlink(sender)
        self._forget(sender)

    def exited(self, pid: Pid) -> None:
        """Forget a follower that is gone."""
        self._forget(pid)

    def _forget(self, pid: Pid) -> None:
        self._followers.pop(pid, None)
        if not self._followers and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self) -> None:
        for pid, follower in self._followers.items():
            if follower.sent - follower.received >= WINDOW:
                continue
            batch = follower.batch(self._tracer)
            if batch is not None:
                self.send(pid, batch)


class _Follower:
    """What one follower wants, and how far it has come."""

    def __init__(self, wanted: TraceFilter, cursor: int) -> None:
        self.filter = wanted
        #: The numbers of the last batch sent and of the last one received.
        self.sent = 0
        self.received = 0
        self._cursor = cursor

    def batch(self, tracer: Tracer) -> TraceBatch | None:
        """What is new for it; None when there is nothing to tell."""
        reading: Reading = tracer.read(self._cursor, CAPACITY)
        chosen = select(reading.entries, self.filter, tracer.node, tracer.offset, RECORDS_AT_ONCE)
        if chosen.looked_at:
            self._cursor = reading.entries[chosen.looked_at - 1].sequence
        if not chosen.records and not reading.missed:
            return None
        self.sent += 1
        return TraceBatch(self.sent, chosen.records, reading.missed)
