"""The queue in front of an actor: bounded, in order, with a lane for what cannot wait."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue

from transport.envelope import Envelope
from transport.message import URGENT


class Mailbox:
    """Takes envelopes from any thread and hands them to one.

    `post` refuses what comes when `bound` messages wait already. Urgent messages and signals of the
    system are never refused. The queue is C's `SimpleQueue`, whose put and get take about 0.05 us each
    where `queue.Queue` takes over 1 us.
    """

    #: pykka's loop takes envelopes of its own from an inbox: a message, and a future for its answer. The
    #: mailbox stands in for them all, so that no second envelope is made for each message.
    reply_to: None = None

    def __init__(self, bound: int) -> None:
        self.bound = bound
        #: Messages refused because the mailbox was full.
        self.overflows = 0
        self.message: Envelope | None = None
        self._queue: SimpleQueue[Envelope | None] = SimpleQueue()
        self._urgent: deque[Envelope] = deque()
        self._put: Callable[[Envelope | None], None] = self._queue.put
        self._discard: Callable[[Envelope, str], None] | None = None
        #: How many messages wait.
        self.depth = self._queue.qsize

    def post(self, envelope: Envelope) -> bool:
        """Queue a message; False, with nothing done but a count, when the mailbox is full."""
        if type(envelope.message) in URGENT:
            self.post_urgent(envelope)
        elif self.depth() < self.bound:
            self._put(envelope)
        else:
            self.overflows += 1
            return False
        if self._discard is not None:
            self._drain(self._discard)
        return True

    def post_signal(self, envelope: Envelope) -> None:
        """Queue a signal of the system, in order with the messages but whatever the bound."""
        self._put(envelope)

    def post_urgent(self, envelope: Envelope) -> None:
        """Let `envelope` be taken next, before everything that waits in order."""
        self._urgent.append(envelope)
        self._put(None)  # wakes the taker

    def take(self) -> Envelope:
        """Wait for the next envelope."""
        while True:
            if self._urgent:
                return self._urgent.popleft()
            envelope = self._queue.get()
            if envelope is not None:
                return envelope

    def take_now(self) -> Envelope | None:
        """The next envelope if one waits, else None."""
        while True:
            if self._urgent:
                return self._urgent.popleft()
            if not self.depth():
                return None
            envelope = self._queue.get()
            if envelope is not None:
                return envelope

    def close(self, discard: Callable[[Envelope, str], None]) -> None:
        """Discard what waits and every message that is posted late, from whatever thread."""
        self._discard = discard
        self._drain(discard)

    def _drain(self, discard: Callable[[Envelope, str], None]) -> None:
        # Several threads may be in here; an IndexError means that another one is, and goes on.
        with contextlib.suppress(Empty, IndexError):
            while True:
                envelope = self._queue.get_nowait()
                if envelope is None and self._urgent:
                    envelope = self._urgent.popleft()
                if envelope is not None:
                    discard(envelope, "actor ended")

    # As pykka's loop knows an inbox.

    put = post_urgent

    def get(self) -> Mailbox:
        """Wait for the next envelope, and stand in for pykka's."""
        self.message = self.take()
        return self

    def empty(self) -> bool:
        """Whether nothing waits; a closed mailbox is empty, so that nobody waits at it."""
        return self._discard is not None or (not self._urgent and not self.depth())


class NodeInbox:
    """Stands in for the node itself, and has what is said to it dealt with at once."""

    def __init__(self, receive: Callable[[Envelope], None]) -> None:
        self._receive = receive

    def post(self, envelope: Envelope) -> bool:
        """Deal with a message on the caller's thread."""
        self._receive(envelope)
        if envelope.credit is not None:
            envelope.credit.spend()
        return True

    post_signal = post
