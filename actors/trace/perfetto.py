"""Exports traces in the trace-event format, which ui.perfetto.dev and chrome://tracing open.

Each node is a process and each actor a thread of it; a turn is a slice, a message an arrow from the turn
that sent it to the one that handled it, and what was lost, dropped or crashed a mark.
The format: the "Trace Event Format" document of the Chromium project. Times are microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from actors.trace.merge import Merged, Step
from actors.trace.record import hexadecimal
from actors.trace.wording import label, moment

#: A turn seems to take at least this long, or it could neither be seen nor hold the end of an arrow.
_SHORTEST_MICROSECONDS = 0.5

_MARKS = {"crashed": "crashed", "dropped": "dropped", "lost": "not handled", "unseen": "no record of arrival"}


def export(merged: Merged) -> dict[str, Any]:
    """The document to write as JSON."""
    steps = [step for trace in merged.traces for step in trace.steps]
    began = min((step.sent for step in steps), default=0.0)
    stage = _Stage(steps, began)
    turns = {(step.span, step.to) for step in steps if step.outcome in ("handled", "crashed")}
    events = stage.names()
    for step in steps:
        events += stage.message(step, sender_has_turn=(step.parent, step.sender) in turns)
    return {
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": {"began": moment(began), "notes": list(merged.notes)},
    }


class _Stage:
    """Where actors stand: numbers of nodes and of actors, in order of first appearance."""

    def __init__(self, steps: Iterable[Step], began: float) -> None:
        self._began = began
        self._nodes: dict[str, int] = {}
        self._actors: dict[str, int] = {}
        for step in steps:
            for actor in (step.sender, step.to):
                self._nodes.setdefault(actor.partition("@")[2], len(self._nodes) + 1)
                self._actors.setdefault(actor, len(self._actors) + 1)

    def names(self) -> list[dict[str, Any]]:
        """Metadata that names nodes and actors."""
        events = []
        for node, number in self._nodes.items():
            events += _metadata("process", number, 0, node, number)
        for actor, number in self._actors.items():
            name, _, node = actor.partition("@")
            events += _metadata("thread", self._nodes[node], number, name or "node", number)
        return events

    def message(self, step: Step, *, sender_has_turn: bool) -> list[dict[str, Any]]:
        """The turn that handled a message, the arrow that led there, and what went wrong."""
        events: list[dict[str, Any]] = []
        arrived = step.outcome in ("handled", "crashed")
        if arrived:
            took = max(_SHORTEST_MICROSECONDS, (step.ended - step.started) * 1e6)
            turn = self._event("X", label(step), step.to, step.started)
            events.append(turn | {"dur": round(took, 3), "args": _arguments(step)})
        if step.outcome in _MARKS:
            mark = self._event("i", f"{label(step)}: {_MARKS[step.outcome]}", step.to, step.ended)
            if not arrived:
                mark |= self._place(step.sender)
            events.append(mark | {"s": "t", "args": _arguments(step)})
        if arrived and step.sender != step.to:
            if not sender_has_turn:
                # An arrow begins only at a slice, and what is no actor, or was not recorded, has none.
                sending = self._event("X", f"send {label(step)}", step.sender, step.sent)
                events.append(sending | {"dur": _SHORTEST_MICROSECONDS})
            flow = {"id": hexadecimal(step.span)}
            events.append(self._event("s", label(step), step.sender, step.sent) | flow)
            events.append(self._event("f", label(step), step.to, step.started) | flow | {"bp": "e"})
        return events

    def _event(self, phase: str, name: str, actor: str, seconds: float) -> dict[str, Any]:
        event: dict[str, Any] = {"ph": phase, "name": name, "cat": "message"}
        return event | {"ts": round((seconds - self._began) * 1e6, 3)} | self._place(actor)

    def _place(self, actor: str) -> dict[str, int]:
        return {"pid": self._nodes[actor.partition("@")[2]], "tid": self._actors[actor]}


def _metadata(what: str, process: int, thread: int, name: str, order: int) -> list[dict[str, Any]]:
    place = {"ph": "M", "pid": process, "tid": thread}
    return [
        {"name": f"{what}_name", **place, "args": {"name": name}},
        {"name": f"{what}_sort_index", **place, "args": {"sort_index": order}},
    ]


def _arguments(step: Step) -> dict[str, Any]:
    return {
        "trace": hexadecimal(step.trace),
        "span": hexadecimal(step.span),
        "parent": hexadecimal(step.parent),
        "sender": step.sender,
        "to": step.to,
        **({"reason": step.reason} if step.reason else {}),
        "fields": step.fields,
    }
