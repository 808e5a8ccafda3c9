from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from actors.trace.merge import merge
from actors.trace.perfetto import export
from tests.actors.trace.samples import GREETER, STORE, record

ONE, TWO = "10.0.0.1:5051", "10.0.0.2:5051"


def document() -> dict[str, Any]:
    """An export as a viewer reads it."""
    away: dict[str, Any] = {"sender": GREETER, "to": STORE}
    own: dict[str, Any] = {"sender": GREETER, "to": GREETER, "what": "Fired", "timer": "_expire"}
    records = [
        record("handled", 1, sent=1.0, started=1.001, ended=1.003, name="bob"),
        record("sent", 2, parent=1, sent=1.002, what="Save", **away),
        record("crashed", 2, parent=1, node=TWO, started=1.004, reason="KeyError: x", what="Save", **away),
        record("handled", 3, parent=1, sent=2.0, started=2.0, **own),
        record("dropped", 4, parent=3, sent=2.0, started=2.001, reason="gone", what="Save", **away),
        record("sent", 5, parent=3, sent=2.0, what="Lost", **away),
    ]
    read: dict[str, Any] = json.loads(msgspec.json.encode(export(merge(records))))
    return read


def events(phase: str) -> list[dict[str, Any]]:
    return [event for event in document()["traceEvents"] if event["ph"] == phase]


REQUIRED: dict[str, dict[str, type | tuple[type, ...]]] = {
    "M": {"args": dict},
    "X": {"ts": (int, float), "dur": (int, float), "cat": str},
    "i": {"ts": (int, float), "s": str, "cat": str, "args": dict},
    "s": {"ts": (int, float), "id": str, "cat": str},
    "f": {"ts": (int, float), "id": str, "cat": str, "bp": str},
}


def test_every_event_has_what_its_phase_requires_and_a_named_place() -> None:
    told = document()
    assert set(told) == {"traceEvents", "displayTimeUnit", "otherData"}
    named = {
        (event["name"], event["pid"], event["tid"]) for event in told["traceEvents"] if event["ph"] == "M"
    }
    for event in told["traceEvents"]:
        for key, kind in ({"name": str, "pid": int, "tid": int} | REQUIRED[event["ph"]]).items():
            assert isinstance(event[key], kind), (key, event)
        assert event.get("ts", 0) >= 0
        assert event.get("dur", 1) > 0
        if event["ph"] != "M":
            assert ("process_name", event["pid"], 0) in named
            assert ("thread_name", event["pid"], event["tid"]) in named


def test_nodes_are_processes_and_actors_are_their_threads() -> None:
    names = {(event["name"], event["pid"], event["tid"]): event["args"] for event in events("M")}
    assert names["process_name", 1, 0] == {"name": ONE}
    assert names["process_name", 2, 0] == {"name": TWO}
    assert names["thread_name", 1, 1] == {"name": "client"}
    assert names["thread_name", 1, 2] == {"name": "greeter"}
    assert names["thread_name", 2, 3] == {"name": "store"}
    assert {name for name, _, _ in names} == {
        f"{what}_{which}" for what in ("process", "thread") for which in ("name", "sort_index")
    }


def test_a_turn_is_a_slice_in_microseconds_from_the_first_message() -> None:
    turn = next(event for event in events("X") if event["name"] == "Greet")
    assert (turn["ts"], turn["dur"]) == (pytest.approx(1000, abs=1), pytest.approx(2000, abs=1))
    assert turn["args"]["fields"] == {"name": "bob"}
    assert turn["args"]["trace"] == "0000000000000001"


def test_a_timer_is_a_slice_with_its_name_and_no_arrow() -> None:
    assert [event["name"] for event in events("X") if event["name"].startswith("timer")] == ["timer _expire"]
    assert len(events("s")) == 2


def test_an_arrow_leads_from_within_a_slice_of_the_sender_to_the_beginning_of_one_of_the_receiver() -> None:
    starts, ends = events("s"), events("f")
    assert [event["id"] for event in starts] == [event["id"] for event in ends]
    slices = events("X")
    for event in starts:
        assert any(
            event["tid"] == turn["tid"] and turn["ts"] <= event["ts"] <= turn["ts"] + turn["dur"]
            for turn in slices
        ), event
    for start, event in zip(starts, ends, strict=True):
        assert event["bp"] == "e"
        assert start["ts"] <= event["ts"]
        assert any(event["tid"] == turn["tid"] and event["ts"] == turn["ts"] for turn in slices)


def test_what_went_wrong_is_marked_where_it_did() -> None:
    greeter, store = 2, 3
    assert [(event["name"], event["tid"], event["s"]) for event in events("i")] == [
        ("Save: crashed", store, "t"),
        ("Lost: not handled", greeter, "t"),
        ("Save: dropped", greeter, "t"),
    ]
    assert events("i")[0]["args"]["reason"] == "KeyError: x"


def test_nothing_recorded_makes_a_document_without_events() -> None:
    assert export(merge([]))["traceEvents"] == []
