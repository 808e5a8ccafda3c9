from __future__ import annotations

import threading

from actors.process import Exited, Fired
from actors.system import Timer
from actors.trace.summary import Digest
from actors.trace.tracer import PINNED_LENGTH, RECORDER, Entry, Tracer
from tests.actors.trace.samples import CLIENT, GREETER, STORE, Clock, Greet, Upload, Whisper, handled, tracer
from transport.envelope import Credit, Envelope, HeavyCredit
from transport.messages.links import Watch
from transport.pid import Pid


def noted(tracer: Tracer) -> list[object]:
    return [entry.envelope.message for entry in tracer.read().entries]


def test_a_message_that_nobody_caused_begins_a_trace() -> None:
    tracing = tracer()
    first = tracing.envelope(CLIENT, GREETER, Greet("a"), None)
    second = tracing.envelope(CLIENT, GREETER, Greet("b"), None)
    assert (first.trace, first.parent) == (first.span, 0)
    assert second.trace == second.span != first.span


def test_what_a_message_causes_belongs_to_its_trace_on_every_node() -> None:
    here, there = tracer(base=1), tracer(base=2)
    root = here.envelope(CLIENT, GREETER, Greet("a"), None)
    hop = here.envelope(GREETER, STORE, Greet("b"), root)
    answer = there.envelope(STORE, GREETER, Greet("c"), hop)
    assert root.trace == hop.trace == answer.trace
    assert (hop.parent, answer.parent) == (root.span, hop.span)


def test_what_an_untraced_message_causes_begins_a_trace() -> None:
    envelope = tracer().envelope(GREETER, STORE, Greet("a"), Envelope(CLIENT, GREETER, Greet("b")))
    assert envelope.trace == envelope.span


def test_spans_of_different_tracers_never_meet_and_fit_63_bits() -> None:
    clock = Clock()
    bases = {
        Tracer("", now=clock.now, wall=clock.wall).envelope(CLIENT, STORE, Greet("a"), None).span >> 32
        for _ in range(50)
    }
    assert len(bases) == 50
    assert all(0 < base < 2**31 for base in bases)


def test_a_given_base_makes_the_spans_reproducible() -> None:
    spans = [tracer(base=7).envelope(CLIENT, STORE, Greet("a"), None).span for _ in range(2)]
    assert spans == [(7 << 32) + 1] * 2


def test_an_envelope_says_when_it_was_sent() -> None:
    clock = Clock()
    clock.time = 2.5
    assert tracer(clock=clock).envelope(CLIENT, STORE, Greet("a"), None).sent == 1002.5


def test_everything_that_happens_to_messages_is_noted_in_order() -> None:
    clock = Clock()
    tracing = tracer(clock=clock)
    envelope = tracing.envelope(CLIENT, GREETER, Greet("a"), None)
    tracing.handled(envelope, 1001.0, 1002.0)
    tracing.sent(envelope)
    clock.time = 3.0
    tracing.dropped(envelope, "mailbox full")
    tracing.crashed(envelope, "ValueError: x")
    assert [entry[1:] for entry in tracing.read().entries] == [
        ("handled", envelope, 1001.0, 1002.0, ""),
        ("sent", envelope, 0.0, 0.0, ""),
        ("dropped", envelope, 1003.0, 1003.0, "mailbox full"),
        ("crashed", envelope, 1003.0, 1003.0, "ValueError: x"),
    ]


def test_the_ring_keeps_the_latest_and_a_reader_learns_what_it_missed() -> None:
    tracing = tracer(capacity=10)
    for number in range(4):
        handled(tracing, Greet(str(number)))
    first = tracing.read()
    assert (len(first.entries), first.missed, first.complete) == (4, 0, True)
    for number in range(4, 25):
        handled(tracing, Greet(str(number)))
    second = tracing.read(first.cursor)
    assert [entry.envelope.message for entry in second.entries] == [Greet(str(n)) for n in range(15, 25)]
    assert second.missed == 11
    assert tracing.read(second.cursor).entries == ()


def test_reading_goes_on_page_by_page() -> None:
    tracing = tracer()
    for number in range(5):
        handled(tracing, Greet(str(number)))
    pages = [tracing.read(limit=2)]
    while not pages[-1].complete:
        pages.append(tracing.read(pages[-1].cursor, limit=2))
    assert [[entry.sequence for entry in page.entries] for page in pages] == [[1, 2], [3, 4], [5]]
    assert tracing.newest() == pages[-1].cursor


def test_readers_of_different_speed_each_read_everything() -> None:
    tracing = tracer(capacity=10)
    quick, slow, missed = 0, 0, 0
    for number in range(50):
        handled(tracing, Greet(str(number)))
        reading = tracing.read(quick)
        assert [entry.envelope.message for entry in reading.entries] == [Greet(str(number))]
        quick = reading.cursor
        if number % 15 == 14:
            late = tracing.read(slow)
            slow, missed = late.cursor, missed + late.missed
            assert (len(late.entries), late.entries[-1]) == (10, reading.entries[0])
    assert missed == 15  # five before each of the three looks


def test_small_messages_are_kept_and_of_large_ones_only_a_digest() -> None:
    tracing = tracer()
    small, empty = Upload("small", b"x" * PINNED_LENGTH), Upload("none")
    large, plain = Upload("large", b"x" * (PINNED_LENGTH + 1)), {"a": 1}
    for message in (small, empty, large, plain, list(range(PINNED_LENGTH + 1))):
        handled(tracing, message)
    kept = noted(tracing)
    assert kept[0] is small
    assert kept[1] is empty
    assert kept[3] is plain
    assert kept[2] == Digest("samples.Upload", {"name": "large", "content": "<1025 bytes>"})
    assert isinstance(kept[4], Digest)


def test_of_a_message_that_was_heavy_to_carry_only_a_digest_is_kept() -> None:
    tracing = tracer()
    light = Credit(10, lambda: None)
    for credit in (light, HeavyCredit(light, 5)):
        envelope = Envelope(CLIENT, GREETER, Greet("a" * 100_000), 1, 2, 0, 0.0, credit)
        tracing.handled(envelope, 1.0, 2.0)
    assert [type(message) for message in noted(tracing)] == [Greet, Digest]


def test_a_field_that_holds_what_it_should_not_does_no_harm() -> None:
    tracing = tracer()
    wrong = Upload("a", 5)  # type: ignore[arg-type]
    handled(tracing, wrong)
    assert noted(tracing) == [wrong]


def test_messages_that_are_not_to_be_traced_leave_nothing() -> None:
    tracing = tracer()
    handled(tracing, Whisper())
    tracing.sent(tracing.envelope(CLIENT, STORE, Whisper(), None))
    assert noted(tracing) == []


def test_timers_and_exits_are_noted_but_not_the_recorders_own_timers() -> None:
    tracing = tracer()
    recorder = Pid(RECORDER, "10.0.0.1", 5051)
    signals = [Fired(Timer(GREETER, print)), Exited(STORE)]
    for signal in signals:
        handled(tracing, signal)
    own = tracing.envelope(recorder, recorder, Fired(Timer(recorder, print)), None)
    tracing.handled(own, 1.0, 2.0)
    assert noted(tracing) == signals


def test_what_nodes_tell_each_other_of_links_is_not_noted_as_sent() -> None:
    tracing = tracer()
    tracing.sent(Envelope(CLIENT, STORE, Watch(STORE)))
    assert noted(tracing) == []


def test_threads_may_note_while_others_read() -> None:
    tracing = tracer(capacity=500)
    each, threads = 3000, 3
    seen: list[Entry] = []
    missed = 0

    def work() -> None:
        for number in range(each):
            handled(tracing, Greet(str(number)))

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    cursor = 0
    while any(worker.is_alive() for worker in workers):
        reading = tracing.read(cursor, limit=200)
        seen += reading.entries
        cursor = reading.cursor
        missed += reading.missed
    for worker in workers:
        worker.join()
    reading = tracing.read(cursor)
    seen += reading.entries
    assert [entry[2:] for entry in seen[-500:]] == [entry[2:] for entry in tracing.read().entries]
    assert len({entry.envelope.span for entry in seen}) == len(seen)
    assert missed + reading.missed > 0 or len(seen) == each * threads
