from __future__ import annotations

import pytest

from actors.trace.clocks import Crossing, reckon


def crossing(source: str, target: str, seconds: float, ahead: float) -> Crossing:
    """A message that takes `seconds` to a node whose clock is `ahead` of the sender's."""
    return Crossing(source, target, 100.0, 100.0 + seconds + ahead)


def test_clocks_that_contradict_nothing_are_left_alone() -> None:
    clocks = reckon([crossing("a", "b", 0.01, 0.005), crossing("b", "a", 0.01, -0.005)])
    assert clocks.shift("b") == 0.0
    assert clocks.notes == ()


def test_with_messages_both_ways_the_difference_is_estimated() -> None:
    clocks = reckon(
        [crossing("a", "b", 0.010, 3.0), crossing("a", "b", 0.5, 3.0), crossing("b", "a", 0.012, -3.0)]
    )
    assert clocks.shift("a") == 0.0
    assert clocks.shift("b") == pytest.approx(-3.0, abs=0.002)
    assert clocks.notes == ("the clock of b is 2.9990 s ahead of that of a: corrected",)


@pytest.mark.parametrize(("source", "target"), [("a", "b"), ("b", "a")])
def test_with_messages_one_way_only_a_bound_is_taken(source: str, target: str) -> None:
    clocks = reckon([crossing(source, target, 0.01, -2.0)])
    difference = clocks.shift(target) - clocks.shift(source)
    assert difference == pytest.approx(1.99)
    assert "at least 1.9900 s" in clocks.notes[0]


def test_messages_one_way_that_seem_slow_prove_nothing() -> None:
    assert reckon([crossing("a", "b", 0.01, 5.0)]).notes == ()


def test_clocks_are_corrected_along_a_chain_of_nodes() -> None:
    clocks = reckon(
        crossing(source, target, 0.01, ahead * sign)
        for one, other, ahead in (("a", "b", 3.0), ("b", "c", 4.0))
        for source, target, sign in ((one, other, 1), (other, one, -1))
    )
    assert clocks.shift("b") == 0.0  # it talks with most
    assert clocks.shift("a") == pytest.approx(3.0)
    assert clocks.shift("c") == pytest.approx(-4.0)


def test_nodes_that_do_not_talk_are_left_alone() -> None:
    assert reckon([]).shift("a") == 0.0
