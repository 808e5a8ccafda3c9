"""The story of a task, an offer, a framework, an actor: every message that has to do with one id."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import msgspec

from actors.trace.merge import Merged, Step, Trace, in_causal_order
from actors.trace.record import mentions
from transport.messages.tracing import TraceRecord


class Story(msgspec.Struct, frozen=True):
    """What happened around `identifier`, causes before effects."""

    identifier: str
    traces: tuple[Trace, ...]
    steps: tuple[Step, ...]
    #: Messages of the same traces that neither led to a mention of the id nor came of one.
    left_out: int


def trace_ids(records: Iterable[TraceRecord], identifier: str) -> tuple[int, ...]:
    """The traces that mention the id, in order of first mention."""
    found = {record.trace: None for record in records if mentions(record, identifier)}
    return tuple(found)


def tell(merged: Merged, identifier: str, *, whole: bool = False) -> Story:
    """Tell the story of `identifier`: of each trace that mentions it, the branches that do.

    `whole` tells the other branches of these traces too. A story without traces has nothing to tell.
    """
    traces = tuple(
        trace for trace in merged.traces if any(mentions(step, identifier) for step in trace.steps)
    )
    if whole:
        return Story(identifier, traces, in_causal_order(_steps(traces)), 0)
    steps = tuple(chain.from_iterable(_branches(trace, identifier) for trace in traces))
    return Story(identifier, traces, in_causal_order(steps), len(_steps(traces)) - len(steps))


def _steps(traces: Iterable[Trace]) -> list[Step]:
    return [step for trace in traces for step in trace.steps]


def _branches(trace: Trace, identifier: str) -> list[Step]:
    """The steps that mention the id, those that led to them and those that came of them."""
    by_span = {step.span: step for step in trace.steps}
    wanted: dict[int, bool] = {}
    for step in trace.steps:
        # Causes come before effects, so the parent is settled already.
        if wanted.get(step.parent) or mentions(step, identifier):
            wanted[step.span] = True
    for span in list(wanted):
        above = by_span.get(by_span[span].parent)
        while above is not None and above.span not in wanted:
            wanted[above.span] = False
            above = by_span.get(above.parent)
    return [step for step in trace.steps if step.span in wanted]
