"""Quantities: maps of thousandths that add, subtract and compare."""

from __future__ import annotations

import pytest

from transport.records.quantities import NOTHING, InsufficientError, Quantities

parse = Quantities.parse


def test_a_name_without_any_is_zero_and_left_out() -> None:
    assert Quantities({"cpus": 0}) == NOTHING
    assert not NOTHING
    assert parse("cpus:1")["mem"] == 0
    assert "mem" not in parse("cpus:1;mem:0")


def test_quantities_add_and_subtract_by_name() -> None:
    assert parse("cpus:0.1;mem:5") + parse("cpus:0.2;disk:1") == parse("cpus:0.3;mem:5;disk:1")
    assert parse("cpus:0.3;mem:5") - parse("cpus:0.3;mem:1") == parse("mem:4")


def test_more_than_there_is_cannot_be_subtracted() -> None:
    with pytest.raises(InsufficientError, match="too little cpus"):
        parse("mem:5") - parse("cpus:1")


def test_without_takes_what_there_is() -> None:
    assert parse("cpus:1;mem:5").without(parse("cpus:2;mem:1;gpus:1")) == parse("mem:4")


def test_contains_compares_every_name() -> None:
    assert parse("cpus:1;mem:5").contains(parse("cpus:1"))
    assert parse("cpus:1").contains(NOTHING)
    assert not parse("cpus:1;mem:5").contains(parse("cpus:1.001"))
    assert not NOTHING.contains(parse("cpus:0.001"))


def test_quantities_compare_and_hash_whatever_the_order() -> None:
    assert parse("cpus:1;mem:2") == parse("mem:2;cpus:1")
    assert len({parse("cpus:1;mem:2"), parse("mem:2;cpus:1")}) == 1
    assert parse("cpus:1") != "cpus:1"


def test_text_survives_a_round_trip() -> None:
    text = "cpus:0.01;mem:32"
    assert str(parse(text)) == text
    assert list(parse(text)) == ["cpus", "mem"]
    assert len(parse(text)) == 2


def test_a_negative_quantity_is_refused() -> None:
    with pytest.raises(ValueError, match=r"cpus:-0\.001: must not be negative"):
        Quantities({"cpus": -1})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("cpus", "name:number"),
        (":1", "name:number"),
        ("ports:[1-2]", "name:number"),
        ("cpus:-1", "negative"),
        ("cpus:1;cpus:2", "given twice"),
    ],
)
def test_text_that_breaks_a_rule_is_refused_with_the_rule(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        parse(text)
