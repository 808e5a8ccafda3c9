from __future__ import annotations

from typing import Any

from actors.trace.merge import merge
from actors.trace.story import tell, trace_ids
from tests.actors.trace.samples import CLIENT, GREETER, STORE, record
from transport.messages.tracing import Kind, TraceRecord

ONE, TWO = "10.0.0.1:5051", "10.0.0.2:5051"


def cluster() -> list[TraceRecord]:
    """Two traces about web.1 on two nodes, with a branch about web.2, and a third trace about neither."""

    def launched(kind: Kind, span: int, task: str, **times: Any) -> TraceRecord:
        node = TWO if kind == "handled" else ONE
        return record(
            kind, span, parent=1, node=node, sender=GREETER, to=STORE, task={"value": task}, **times
        )

    def forked(span: int, parent: int, **times: Any) -> TraceRecord:
        return record("handled", span, parent=parent, node=TWO, sender=STORE, to=STORE, **times)

    return [
        record("handled", 1, sent=1.0, started=1.0, ended=1.5),
        launched("sent", 2, "web.1", sent=1.1),
        launched("sent", 3, "web.2", sent=1.2),
        launched("handled", 2, "web.1", started=1.3),
        launched("handled", 3, "web.2", started=1.4),
        forked(4, 2, sent=1.35, started=1.5),
        forked(5, 3, sent=1.45, started=1.6),
        record("sent", 6, trace=6, sender=STORE, to=CLIENT, node=TWO, sent=2.0, ids=["web.1"]),
        record("handled", 6, trace=6, sender=STORE, to=CLIENT, started=2.1, ids=["web.1"]),
        record("handled", 7, trace=7, sent=3.0, started=3.0),
    ]


def test_the_traces_that_mention_an_id_are_found() -> None:
    assert trace_ids(cluster(), "web.1") == (1, 6)
    assert trace_ids(cluster(), "web.9") == ()


def test_a_story_tells_what_led_to_the_id_and_what_came_of_it_across_nodes_and_traces() -> None:
    story = tell(merge(cluster()), "web.1")
    assert [step.span for step in story.steps] == [1, 2, 4, 6]
    assert [trace.id for trace in story.traces] == [1, 6]
    assert story.left_out == 2


def test_a_whole_story_tells_the_other_branches_too() -> None:
    story = tell(merge(cluster()), "web.1", whole=True)
    assert [step.span for step in story.steps] == [1, 2, 3, 4, 5, 6]
    assert story.left_out == 0


def test_the_story_of_a_trace_is_all_of_it() -> None:
    story = tell(merge(cluster()), "0000000000000001")
    assert ([step.span for step in story.steps], story.left_out) == ([1, 2, 3, 4, 5], 0)


def test_there_is_a_story_of_an_actor() -> None:
    assert [step.span for step in tell(merge(cluster()), "client@10.0.0.1:5051").steps][-1] == 7
    assert tell(merge(cluster()), "nobody").steps == ()
