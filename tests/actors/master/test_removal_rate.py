from __future__ import annotations

import pytest

from actors.master.removal_rate import RemovalRate


def test_without_a_limit_everybody_goes_at_once() -> None:
    rate = RemovalRate.parse(None)
    rate.add("a", "x")
    rate.add("b", "y")
    assert [rate.take(0.0), rate.take(0.0), rate.take(0.0)] == [("a", "x"), ("b", "y"), None]


def test_there_is_a_pause_between_two() -> None:
    rate = RemovalRate.parse("2/1mins")
    rate.add("a", "x")
    rate.add("b", "x")
    rate.add("c", "x")
    assert rate.take(100.0) == ("a", "x")
    assert rate.take(129.9) is None
    assert rate.wait_seconds(120.0) == 10.0
    assert rate.take(130.0) == ("b", "x")
    assert len(rate) == 1


def test_who_need_not_go_gives_its_turn_to_the_next() -> None:
    rate = RemovalRate.parse("1/1mins")
    rate.add("a", "x")
    rate.add("b", "x")
    assert rate.discard("a")
    assert not rate.discard("a")
    assert "a" not in rate
    assert rate.take(0.0) == ("b", "x")


def test_the_first_reason_counts() -> None:
    rate = RemovalRate()
    rate.add("a", "first")
    rate.add("a", "second")
    assert rate.take(0.0) == ("a", "first")
    assert len(rate) == 0


@pytest.mark.parametrize(
    "text", ["", "1", "1/", "/1mins", "0/1mins", "-1/1mins", "1/0secs", "1/-1secs", "x/1mins"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"rate|duration"):
        RemovalRate.parse(text)
