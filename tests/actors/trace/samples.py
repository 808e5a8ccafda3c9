"""Tracers, messages and steps for tests of what is made of them."""

from __future__ import annotations

import itertools
from typing import Any

from actors.trace.merge import Outcome, Step
from actors.trace.tracer import Tracer
from transport.envelope import Envelope
from transport.message import Message
from transport.messages.tracing import Kind, TraceRecord
from transport.pid import Pid

#: Seconds from the epoch to the beginning of the tests' time.
BEGAN = 1_700_000_000.0

CLIENT = Pid("client", "10.0.0.1", 5051)
GREETER = Pid("greeter", "10.0.0.1", 5051)
STORE = Pid("store", "10.0.0.2", 5051)


class Greet(Message):
    type_name = "samples.Greet"
    name: str


class Upload(Message):
    type_name = "samples.Upload"
    name: str
    content: bytes | None = None


class Whisper(Message):
    type_name = "samples.Whisper"
    traced = False


class Clock:
    """Time that passes when a test says so."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.time = 0.0
        self._ahead = ahead

    def now(self) -> float:
        return 1000.0 + self.time

    def wall(self) -> float:
        return BEGAN + self._ahead + self.time


def tracer(
    *, node: str = "10.0.0.1:5051", clock: Clock | None = None, capacity: int = 4096, base: int = 1
) -> Tracer:
    clock = clock or Clock()
    return Tracer(node, now=clock.now, wall=clock.wall, capacity=capacity, span_base=(base << 32) + 1)


def handled(tracer: Tracer, message: object, cause: Envelope | None = None) -> Envelope:
    """A message from client to greeter, sent and handled at once."""
    envelope = tracer.envelope(CLIENT, GREETER, message, cause)
    tracer.handled(envelope, envelope.sent, envelope.sent)
    return envelope


def record(
    kind: Kind,
    span: int,
    *,
    node: str = "10.0.0.1:5051",
    sender: object = CLIENT,
    to: object = GREETER,
    what: str = "Greet",
    trace: int = 1,
    parent: int = 0,
    sent: float = 0.0,
    started: float = 0.0,
    ended: float | None = None,
    reason: str = "",
    **fields: Any,
) -> TraceRecord:
    """A record whose times count from `BEGAN`; 0.0 stays unknown."""
    times = (sent, started, started if ended is None else ended)
    walls = [BEGAN + time if time else 0.0 for time in times]
    return TraceRecord(
        kind=kind,
        node=node,
        trace=trace,
        span=span,
        parent=parent,
        sender=str(sender),
        to=str(to),
        type=what,
        sent=walls[0],
        started=walls[1],
        ended=walls[2],
        reason=reason,
        fields=fields,
    )


class Script:
    """Writes steps one after the other; times are seconds from `BEGAN`."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._spans = itertools.count(1)

    def say(
        self,
        at: float,
        sender: object,
        to: object,
        what: str,
        *,
        way: float = 0.0001,
        took: float = 0.0001,
        outcome: Outcome = "handled",
        reason: str = "",
        trace: int = 1,
        after: int = 1,
        **fields: Any,
    ) -> None:
        arrived = outcome in ("handled", "crashed")
        started = BEGAN + at + (way if arrived else 0.0)
        self.steps.append(
            Step(
                trace=trace,
                span=next(self._spans),
                parent=0,
                sender=str(sender),
                to=str(to),
                type=what,
                fields=fields,
                outcome=outcome,
                reason=reason,
                sent=BEGAN + at,
                started=started,
                ended=started + (took if arrived else 0.0),
                after=after,
            )
        )
