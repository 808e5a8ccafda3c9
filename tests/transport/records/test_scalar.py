"""Scalars: exact in thousandths, whatever the float that they came as."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest

from transport.records.scalar import format_thousandths, from_thousandths, parse_scalar, to_thousandths


@pytest.mark.parametrize(
    ("value", "thousandths"),
    [
        (0.0, 0),
        (4.0, 4000),
        (0.1, 100),
        (0.0004, 0),
        (0.0005, 1),
        (-0.0005, -1),
        (1.0005, 1001),
        (0.00049999999999999994, 0),
        (0.3 - 0.1, 200),
        (1e15, 10**18),
        (1.6e308, int(1.6e308) * 1000),
    ],
)
def test_thousandths_are_rounded_to_the_nearest_halves_away_from_zero(value: float, thousandths: int) -> None:
    assert to_thousandths(value) == thousandths


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_what_is_not_finite_is_no_scalar(value: float) -> None:
    with pytest.raises(ValueError, match="must be finite"):
        to_thousandths(value)


def test_rounding_agrees_with_decimal_arithmetic() -> None:
    rng = Random(1)
    for _ in range(10_000):
        value = rng.choice((1, 1000, 1e6)) * rng.random()
        exact = Decimal(value * 1000).quantize(Decimal(1), ROUND_HALF_UP)
        assert to_thousandths(value) == int(exact)


def test_thousandths_survive_being_numbers_and_text() -> None:
    rng = Random(2)
    for _ in range(10_000):
        thousandths = rng.randrange(10 ** rng.randint(1, 15))
        assert to_thousandths(from_thousandths(thousandths)) == thousandths
        parsed = parse_scalar(format_thousandths(thousandths))
        assert parsed is not None
        assert to_thousandths(parsed) == thousandths


@pytest.mark.parametrize(
    ("thousandths", "text"),
    [(0, "0"), (4000, "4"), (500, "0.5"), (1, "0.001"), (-1025, "-1.025"), (10**18, "1000000000000000")],
)
def test_text_has_no_needless_zeros(thousandths: int, text: str) -> None:
    assert format_thousandths(thousandths) == text


@pytest.mark.parametrize("text", ["", "x", "1_000", "0x10", "1,5", "٣", "[1-2]", "1 2"])
def test_what_is_no_number_is_told_from_a_wrong_one(text: str) -> None:
    assert parse_scalar(text) is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("-1", "negative"),
        ("inf", "finite"),
        ("-Infinity", "finite"),
        ("NaN", "finite"),
        ("1e999", "finite"),
        ("1e-310", "subnormal"),
    ],
)
def test_a_number_that_no_scalar_may_be_is_refused_with_the_rule(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        parse_scalar(text)
