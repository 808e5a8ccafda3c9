from __future__ import annotations

import random
from typing import Any

from actors.trace.merge import Step, merge
from actors.trace.record import missed_record
from tests.actors.trace.samples import BEGAN, CLIENT, GREETER, STORE, record
from transport.messages.tracing import Kind, TraceRecord

ONE, TWO = "10.0.0.1:5051", "10.0.0.2:5051"


def conversation(*, ahead: float = 0.0) -> list[TraceRecord]:
    """client -> greeter -> store -> greeter; the store's clock is `ahead`."""

    def saved(kind: Kind, node: str, **times: Any) -> TraceRecord:
        return record(kind, 2, parent=1, node=node, sender=GREETER, to=STORE, what="Save", **times)

    def answered(kind: Kind, node: str, **times: Any) -> TraceRecord:
        return record(kind, 3, parent=2, node=node, sender=STORE, to=GREETER, what="Saved", **times)

    return [
        record("handled", 1, sent=1.0, started=1.1, ended=1.3),
        saved("sent", ONE, sent=1.2),
        saved("handled", TWO, started=1.4 + ahead, ended=1.6 + ahead),
        answered("sent", TWO, sent=1.5 + ahead),
        answered("handled", ONE, started=1.7, ended=1.8),
    ]


def steps(records: list[TraceRecord]) -> tuple[Step, ...]:
    (trace,) = merge(records).traces
    return trace.steps


def times(step: Step) -> tuple[float, ...]:
    return tuple(round(time - BEGAN, 6) for time in (step.sent, step.started, step.ended))


def test_what_two_nodes_noted_about_a_message_is_joined() -> None:
    told = steps(conversation())
    assert [(step.span, step.type, step.outcome, step.after) for step in told] == [
        (1, "Greet", "handled", 0),
        (2, "Save", "handled", 1),
        (3, "Saved", "handled", 2),
    ]
    assert [times(step) for step in told] == [(1.0, 1.1, 1.3), (1.2, 1.4, 1.6), (1.5, 1.7, 1.8)]


def test_the_order_of_records_and_records_given_twice_make_no_difference() -> None:
    expected = merge(conversation())
    for seed in range(20):
        records = conversation() * 2
        random.Random(seed).shuffle(records)
        assert merge(records) == expected


def test_a_clock_that_is_wrong_is_corrected_and_noted() -> None:
    for ahead in (-3600.0, 7.5):
        merged = merge(conversation(ahead=ahead))
        (trace,) = merged.traces
        assert [times(step) for step in trace.steps] == [(1.0, 1.1, 1.3), (1.2, 1.4, 1.6), (1.5, 1.7, 1.8)]
        assert len(merged.notes) == 1


def test_causality_wins_where_clocks_cannot_be_reconciled() -> None:
    records = [*conversation(), *conversation()]
    records[-2:] = [
        # One answer seems to come before it was sent, though another shows that the clocks agree.
        record("sent", 4, parent=2, sender=STORE, to=GREETER, node=TWO, sent=1.45, what="Early"),
        record("handled", 4, parent=2, sender=STORE, to=GREETER, started=1.2, ended=1.25, what="Early"),
        record("handled", 5, parent=4, sender=GREETER, to=GREETER, sent=1.21, started=1.22, what="Effect"),
    ]
    told = steps(records)
    by_span = {step.span: step for step in told}
    for step in told:
        assert step.sent <= step.started <= step.ended
        if step.parent:
            assert by_span[step.parent].started <= step.sent
            assert told.index(by_span[step.parent]) < told.index(step)


def test_what_left_and_was_never_handled_is_lost() -> None:
    records = conversation()
    del records[-1]
    assert [step.outcome for step in steps(records)] == ["handled", "handled", "lost"]


def test_what_left_for_a_node_without_records_is_only_unseen() -> None:
    records = [told for told in conversation() if told.node == ONE]
    assert [step.outcome for step in steps(records)][:2] == ["handled", "unseen"]


def test_what_left_before_the_other_node_began_to_note_is_only_unseen() -> None:
    late = record("handled", 9, trace=9, sender=STORE, to=STORE, node=TWO, sent=5.0, started=5.0)
    left = record("sent", 2, sender=CLIENT, to=STORE, sent=1.0)
    outcomes = {step.span: step.outcome for trace in merge([late, left]).traces for step in trace.steps}
    assert outcomes == {2: "unseen", 9: "handled"}


def test_a_message_that_was_dropped_keeps_the_reason() -> None:
    (step,) = steps([record("dropped", 1, sent=1.0, started=1.5, reason="mailbox full")])
    assert (step.outcome, step.reason, times(step)) == ("dropped", "mailbox full", (1.0, 1.5, 1.5))


def test_a_message_reported_as_dropped_that_arrived_after_all_arrived() -> None:
    records = conversation()
    records.append(record("dropped", 2, parent=1, sender=GREETER, to=STORE, started=1.3, reason="peer gone"))
    assert steps(records)[1].outcome == "handled"


def test_a_crash_keeps_the_error() -> None:
    (step,) = steps([record("crashed", 1, sent=1.0, started=1.2, reason="ValueError: x")])
    assert (step.outcome, step.reason) == ("crashed", "ValueError: x")


def test_a_trace_whose_beginning_is_not_recorded_is_told_from_where_it_is() -> None:
    told = steps(conversation()[1:])
    assert [(step.type, step.after) for step in told] == [("Save", 0), ("Saved", 1)]


def test_messages_of_a_node_that_does_not_trace_are_told_one_by_one() -> None:
    untraced = [record("handled", 0, trace=0, started=1.0 + n, what=f"Type{n}") for n in range(3)]
    for records in (untraced, untraced[::-1]):
        traces = merge(records).traces
        assert [(trace.id, trace.steps[0].type) for trace in traces] == [
            (-1, "Type0"),
            (-2, "Type1"),
            (-3, "Type2"),
        ]


def test_records_that_claim_to_cause_each_other_do_no_harm() -> None:
    circle = [record("handled", span, parent=3 - span, sent=1.0, started=1.0) for span in (1, 2)]
    own = record("handled", 4, parent=4, sent=1.0, started=1.0)
    assert {step.span for step in steps([*circle, own])} == {1, 2, 4}


def test_traces_come_in_the_order_in_which_they_began() -> None:
    records = [record("handled", span, trace=span, sent=9.0 - span, started=9.0) for span in (1, 2, 3)]
    assert [trace.id for trace in merge(records).traces] == [3, 2, 1]


def test_missing_records_are_added_up_by_node() -> None:
    merged = merge([missed_record(ONE, 5, BEGAN), missed_record(ONE, 7, BEGAN), *conversation()])
    assert merged.notes == ("10.0.0.1:5051: 12 records were missed",)
