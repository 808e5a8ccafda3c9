"""Joins the records of many nodes into traces: every message once, in causal order.

A message between nodes was noted by both; its span joins the two. Whatever the clocks say, a message is
never shown before the one that caused it, nor its arrival before its departure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from actors.trace.clocks import Clocks, Crossing, reckon
from transport.messages.tracing import TraceRecord

#: `lost`: it left, and the other node, which was noting, never handled it. `unseen`: it left for a node
#: that no records tell of.
Outcome = Literal["handled", "crashed", "dropped", "lost", "unseen"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a trace: where it went and what came of it; times are seconds since the epoch.

    `sent` <= `started` <= `ended`. A message that no turn took in has its end in `started` and `ended`
    too. `after` is the number of messages that led to it, one caused by the other.
    """

    trace: int
    span: int
    parent: int
    sender: str
    to: str
    type: str
    fields: dict[str, Any]
    outcome: Outcome
    reason: str
    sent: float
    started: float
    ended: float
    after: int = 0


class Trace(msgspec.Struct, frozen=True):
    """A message that nobody caused, and all that came of it, causes before effects.

    A message from somebody who does not trace has no id. It makes a trace alone, with a negative one.
    """

    id: int
    steps: tuple[Step, ...]

    @property
    def began(self) -> float:
        """When the first message was sent."""
        return self.steps[0].sent


class Merged(msgspec.Struct, frozen=True):
    """All traces, the oldest first, and what a reader should know about how they were put together."""

    traces: tuple[Trace, ...]
    notes: tuple[str, ...]


def merge(records: Iterable[TraceRecord]) -> Merged:
    """Join records from any number of nodes, in any order; the same record may be given twice."""
    messages, missed = _by_message(records)
    nodes = _Nodes(message.records for message in messages)
    for message in messages:
        message.place(nodes)
    clocks = reckon(crossing for message in messages if (crossing := message.crossing()) is not None)
    by_trace: dict[int, list[Step]] = {}
    for message in messages:
        step = message.step(clocks, nodes)
        by_trace.setdefault(step.trace, []).append(step)
    traces = [Trace(identifier, in_causal_order(steps)) for identifier, steps in by_trace.items()]
    traces.sort(key=lambda trace: (trace.began, trace.id))
    notes = [f"{node}: {count} records were missed" for node, count in sorted(missed.items())]
    return Merged(tuple(traces), (*notes, *clocks.notes))


def in_causal_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Sort by time, and correct times where an effect would stand before its cause."""
    given = sorted(steps, key=lambda step: (step.started, step.sent, step.span))
    spans = {step.span for step in given if step.span}
    children: dict[int, list[int]] = {}
    roots: list[int] = []
    for place, step in enumerate(given):
        caused = step.parent in spans and step.parent != step.span
        (children.setdefault(step.parent, []) if caused else roots).append(place)
    ordered: dict[int, Step] = {}
    # Every step is reached from a root, unless somebody claims that two caused each other.
    for root in (*roots, *range(len(given))):
        waiting = deque([(root, given[root].sent, 0)])
        while waiting:
            place, earliest, after = waiting.popleft()
            if place in ordered:
                continue
            step = ordered[place] = _not_before(earliest, given[place], after)
            waiting.extend((child, step.started, after + 1) for child in children.get(step.span, ()))
    return tuple(sorted(ordered.values(), key=lambda step: (step.started, step.after, step.sent, step.span)))


def _not_before(earliest: float, step: Step, after: int) -> Step:
    """The step with its times moved so that it is sent at `earliest` at the earliest."""
    sent = max(step.sent, earliest)
    started = max(step.started, sent)
    return msgspec.structs.replace(
        step, sent=sent, started=started, ended=max(step.ended, started), after=after
    )


def _by_message(records: Iterable[TraceRecord]) -> tuple[list[_Message], dict[str, int]]:
    messages: dict[int, _Message] = {}
    missed: dict[str, int] = {}
    outside: list[TraceRecord] = []
    for record in records:
        if record.kind == "missed":
            missed[record.node] = missed.get(record.node, 0) + record.missed
        elif record.span:
            messages.setdefault(record.span, _Message()).records.setdefault(record.kind, record)
        else:
            outside.append(record)
    outside.sort(key=lambda record: (record.started, record.node, record.sender, record.to, record.type))
    for number, record in enumerate(outside, 1):
        own = msgspec.structs.replace(record, trace=-number, span=-number)
        messages[-number] = _Message()
        messages[-number].records[record.kind] = own
    return list(messages.values()), missed


class _Nodes:
    """Which node serves which address, and since when it has been noting."""

    def __init__(self, messages: Iterable[Mapping[str, TraceRecord]]) -> None:
        self._by_address: dict[str, str] = {}
        self._since: dict[str, float] = {}
        for records in messages:
            for record in records.values():
                actor = record.sender if record.kind == "sent" else record.to
                if record.kind != "dropped":
                    self._by_address[_address(actor)] = record.node
                since = record.sent or record.started
                self._since[record.node] = min(since, self._since.get(record.node, since))

    def of(self, actor: str) -> str:
        address = _address(actor)
        return self._by_address.get(address, address)

    def since(self, node: str) -> float | None:
        """When its first record was noted, by its own clock; None when there is none."""
        return self._since.get(node)


class _Message:
    """What all nodes noted about one message."""

    def __init__(self) -> None:
        self.records: dict[str, TraceRecord] = {}
        self.source = self.target = ""

    def place(self, nodes: _Nodes) -> None:
        """Find out from which node to which it went."""
        sent, arrived = self.records.get("sent"), self._arrived()
        anything = next(iter(self.records.values()))
        self.source = sent.node if sent is not None else nodes.of(anything.sender)
        self.target = arrived.node if arrived is not None else nodes.of(anything.to)

    def crossing(self) -> Crossing | None:
        """What it tells about the clocks of two nodes, if it went between two and both noted it."""
        sent, arrived = self.records.get("sent"), self._arrived()
        if sent is None or arrived is None or sent.node == arrived.node:
            return None
        return Crossing(self.source, self.target, sent.sent, arrived.started)

    def step(self, clocks: Clocks, nodes: _Nodes) -> Step:
        """The message as one, by corrected clocks."""
        told = self._arrived() or self.records.get("dropped") or self.records["sent"]
        turn = self.records.get("handled", told)
        departed = self.records.get("sent", told)
        shift = clocks.shift(told.node)
        sent = departed.sent + clocks.shift(departed.node) if departed.sent else turn.started + shift
        return Step(
            trace=told.trace,
            span=told.span,
            parent=told.parent,
            sender=told.sender,
            to=told.to,
            type=told.type,
            fields=told.fields,
            outcome=self._outcome(clocks, nodes, sent),
            reason=told.reason,
            sent=sent,
            started=turn.started + shift if turn.started else sent,
            ended=max(turn.ended, told.ended) + shift if turn.ended else sent,
        )

    def _arrived(self) -> TraceRecord | None:
        return self.records.get("crashed") or self.records.get("handled")

    def _outcome(self, clocks: Clocks, nodes: _Nodes, sent: float) -> Outcome:
        for kind in ("crashed", "handled", "dropped"):
            if kind in self.records:
                return kind
        since = nodes.since(self.target)
        if since is None or since + clocks.shift(self.target) > sent:
            return "unseen"
        return "lost"


def _address(actor: str) -> str:
    return actor.partition("@")[2]
