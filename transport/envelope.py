"""One message under way from one actor to another, with its place in a trace."""

from __future__ import annotations

import itertools

import msgspec

from transport.pid import Pid


class Envelope(msgspec.Struct):
    """A message, whom it goes to, who sent it, and what caused it.

    `span` numbers this message among all messages of all nodes, `trace` is the span of the first cause
    (a message nobody caused begins a trace of its own), and `parent` is the span of the message whose
    handling sent this one. All three are 0 while tracing is off. Nobody changes an envelope once it is
    handed over.
    """

    sender: Pid
    to: Pid
    message: object
    trace: int = 0
    span: int = 0
    parent: int = 0
    #: Monotonic seconds at the sending node; 0.0 unless this node sent it and tracing is on.
    sent: float = 0.0
    #: For a message from another node: handling it gives the sending link its credit back.
    credit: Credit | None = None


class Credit:
    """Counts what the receiver of one link has dealt with, so that the sender may send more.

    `spend` may be called by any thread: `itertools.count` advances atomically in CPython.
    """

    __slots__ = ("_spent", "returned")

    def __init__(self) -> None:
        self._spent = itertools.count(1)
        #: The last count seen by `spend`; may lag by the threads that are in `spend` just now.
        self.returned = 0

    def spend(self) -> int:
        """Note that one message was dealt with; returns how many that makes."""
        self.returned = spent = next(self._spent)
        return spent
