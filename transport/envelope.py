"""One message under way from one actor to another, with its place in a trace."""

from __future__ import annotations

import itertools
from collections.abc import Callable

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
    #: For a message from another node: the newest leader's epoch that node knew.
    epoch: int = 0


class Credit:
    """Counts what this node has dealt with of one peer's messages, so that the peer may send more.

    `spend` may be called by any thread: `itertools.count` advances atomically in CPython.
    """

    __slots__ = ("_grant", "_spent", "_step", "returned")

    def __init__(self, step: int, grant: Callable[[], None]) -> None:
        self._spent = itertools.count(1)
        self._step = step
        self._grant = grant
        #: Units seen by `spend`; may lag by the threads that are in `spend` just now.
        self.returned = 0

    def spend(self) -> None:
        """Note that one message was dealt with; `grant` is called each time that makes `step` units more."""
        self.returned = spent = next(self._spent)
        if not spent % self._step:
            self._grant()


class HeavyCredit(Credit):
    """The credit of one large message: it costs several units."""

    __slots__ = ("_credit", "_units")

    def __init__(self, credit: Credit, units: int) -> None:
        self._credit = credit
        self._units = units

    def spend(self) -> None:
        """Note that the message was dealt with."""
        for _ in range(self._units):
            self._credit.spend()
