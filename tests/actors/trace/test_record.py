from __future__ import annotations

import pytest

from actors.trace.record import fits, hexadecimal, mentions, missed_record, parse_hexadecimal, render, select
from actors.trace.tracer import Entry
from tests.actors.trace.samples import BEGAN, CLIENT, GREETER, STORE, Clock, Greet, handled, record, tracer
from transport.envelope import Envelope
from transport.messages.tracing import TraceFilter


def test_a_turn_is_told_with_the_time_of_day() -> None:
    clock = Clock()
    tracing = tracer(clock=clock)
    clock.time = 1.0
    envelope = tracing.envelope(CLIENT, GREETER, Greet("bob"), None)
    tracing.handled(envelope, 1001.5, 1002.0)
    told = render(tracing.read().entries[0], tracing.node, tracing.offset)
    assert told == record(
        "handled",
        envelope.span,
        trace=envelope.span,
        what="samples.Greet",
        sent=1.0,
        started=1.5,
        ended=2.0,
        name="bob",
    )


def test_a_time_that_this_node_does_not_know_stays_unknown() -> None:
    entry = Entry(1, "handled", Envelope(STORE, GREETER, Greet("bob"), 1, 2, 3), 1001.0, 1001.0, "")
    told = render(entry, "10.0.0.1:5051", BEGAN - 1000.0)
    assert (told.sent, told.started) == (0.0, BEGAN + 1.0)


@pytest.mark.parametrize(
    ("identifier", "found"),
    [
        ("web.1", True),
        ("web", False),
        ("task_id", False),
        ("greeter", True),
        ("greeter@10.0.0.1:5051", True),
        ("store", False),
        ("00000000000000AB", True),
        ("ab", False),
    ],
)
def test_an_id_is_mentioned_as_a_whole_string_an_actor_or_the_trace(identifier: str, found: bool) -> None:
    told = record("handled", 1, trace=0xAB, tasks=[{"task_id": {"value": "web.1"}}])
    assert mentions(told, identifier) is found


def test_ids_are_written_with_16_digits_and_read_back() -> None:
    assert hexadecimal(0xAB) == "00000000000000ab"
    assert parse_hexadecimal("00000000000000AB") == 0xAB
    assert [parse_hexadecimal(text) for text in ("ab", "x" * 16, "")] == [None] * 3


WISHES = [
    (TraceFilter(), ["a", "b", "c"]),
    (TraceFilter(types=("samples.*",)), ["a", "b", "c"]),
    (TraceFilter(types=("Other",)), []),
    (TraceFilter(actors=("store",)), ["c"]),
    (TraceFilter(actors=("gree*", "nobody")), ["a", "b"]),
    (TraceFilter(actors=("*@10.0.0.2:5051",)), ["c"]),
    (TraceFilter(traces=(1 << 32 | 2,)), ["b"]),
    (TraceFilter(mention="c"), ["c"]),
    (TraceFilter(mention="c", actors=("greeter",)), []),
]


@pytest.mark.parametrize(("wanted", "names"), WISHES)
def test_entries_and_records_are_chosen_by_the_same_wishes(wanted: TraceFilter, names: list[str]) -> None:
    tracing = tracer()
    for name in ("a", "b"):
        handled(tracing, Greet(name))
    tracing.sent(tracing.envelope(CLIENT, STORE, Greet("c"), None))
    entries = tracing.read().entries
    chosen = select(entries, wanted, tracing.node, tracing.offset, 10)
    assert [told.fields["name"] for told in chosen.records] == names
    assert chosen.looked_at == 3
    everything = select(entries, TraceFilter(), tracing.node, tracing.offset, 10).records
    assert tuple(told for told in everything if fits(told, wanted)) == chosen.records


def test_a_selection_stops_at_its_limit_and_says_how_far_it_came() -> None:
    tracing = tracer()
    for name in "abababab":
        handled(tracing, Greet(name), None)
    entries = tracing.read().entries
    wanted = TraceFilter(traces=tuple(entry.envelope.trace for entry in entries[1::2]))
    chosen = select(entries, wanted, tracing.node, tracing.offset, 2)
    assert len(chosen.records) == 2
    assert chosen.looked_at == 4


def test_what_stands_for_missing_records_is_always_wanted() -> None:
    assert fits(missed_record("10.0.0.1:5051", 5, BEGAN), TraceFilter(types=("Other",), mention="x"))
