"""Durations of protobuf, from text."""

from __future__ import annotations

import pytest

from transport.records.duration import Duration


@pytest.mark.parametrize(
    ("text", "seconds", "nanos"),
    [
        ("0ns", 0, 0),
        ("1ns", 0, 1),
        ("3us", 0, 3_000),
        ("1500ms", 1, 500_000_000),
        ("15secs", 15, 0),
        ("0.1mins", 6, 0),
        ("-2.25hrs", -8_100, 0),
        ("1days", 86_400, 0),
        ("2weeks", 1_209_600, 0),
        ("0.0000000019secs", 0, 1),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int, nanos: int) -> None:
    assert Duration.parse(text) == Duration(seconds=seconds, nanos=nanos)


@pytest.mark.parametrize("text", ["", "10", "mins", "10 mins", "10minutes", "1e3secs", ".secs", "\u0661secs"])
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be a number and a unit .* as in 15secs"):
        Duration.parse(text)


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than 15250 weeks"):
        Duration.parse("9" * 19 + "ns")
