"""The queue in front of an actor: bounded, in order, with a lane for what cannot wait."""

from __future__ import annotations

from collections import deque
from queue import SimpleQueue
from typing import Any

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
        self._urgent: deque[Any] = deque()
        self._put = self._queue.put
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
        return True

    def post_signal(self, envelope: Envelope) -> None:
        """Queue a signal of the system, in order with the messages but whatever the bound."""
        self._put(envelope)

    def post_urgent(self, item: Any) -> None:
        """Let `item` be taken next, before everything that waits in order."""
        self._urgent.append(item)
        self._put(None)  # wakes the taker

    #: What pykka itself sends (its stop message).
    put = post_urgent

    def get(self) -> Any:
        """Wait for the next item, in the form in which pykka's loop expects it."""
        item = self.take()
        if isinstance(item, Envelope):
            self.message = item
            return self
        return item

    def take(self) -> Any:
        """Wait for the next item."""
        while True:
            if self._urgent:
                return self._urgent.popleft()
            item = self._queue.get()
            if item is not None:
                return item

    def take_envelope(self) -> Envelope | None:
        """The next message if one waits, else None; leaves pykka's own items to `get`."""
        while True:
            if self._urgent:
                if not isinstance(self._urgent[0], Envelope):
                    return None
                return self._urgent.popleft()  # type: ignore[no-any-return]
            if not self.depth():
                return None
            item = self._queue.get()
            if item is not None:
                return item

    def empty(self) -> bool:
        """Whether nothing waits; as pykka asks when an actor has stopped."""
        return not self._urgent and not self.depth()


class Asker:
    """Stands in for an actor that waits for one answer."""

    def __init__(self) -> None:
        self._answers: SimpleQueue[object] = SimpleQueue()

    def post(self, envelope: Envelope) -> bool:
        """Take an answer; only the first one is looked at."""
        self._answers.put(envelope.message)
        return True

    def post_signal(self, envelope: Envelope) -> None:
        """Take the news that the asked one is gone."""
        self._answers.put(envelope.message)

    def wait(self, timeout_seconds: float) -> object:
        """The first thing that came; raises queue.Empty when nothing did."""
        return self._answers.get(timeout=timeout_seconds)
