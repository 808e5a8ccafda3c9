from __future__ import annotations

import msgspec
import pytest

from tests.benchmarks.figure import (
    Size,
    absent,
    alone,
    at_least,
    at_most,
    compared,
    in_turns,
    percentile_of,
    rounded,
)


def test_a_comparison_takes_the_median_of_the_ratios_of_pairs() -> None:
    figure = compared("tell", "messages/s", "bare", [(10, 10), (30, 60), (90, 30)], at_least(1.5))
    assert (figure.value, figure.against, figure.ratio) == (30, "bare: 30", 1.0)
    assert (figure.goal, figure.met) == (">= 1.5", False)


@pytest.mark.parametrize(("value", "met"), [(19.0, True), (20.0, True), (21.0, False)])
def test_a_figure_without_a_yardstick_is_held_against_its_goal(value: float, met: bool) -> None:
    figure = alone("timers", "ms late", [value], at_most(20))
    assert (figure.value, figure.goal, figure.met) == (value, "<= 20", met)


def test_what_is_not_installed_is_neither_met_nor_missed() -> None:
    figure = absent("tell", "messages/s", "ray", at_least(10))
    assert figure.met is None
    assert figure.against == "ray: absent, not installed"


def test_a_line_is_a_json_object_with_every_field() -> None:
    line = msgspec.json.decode(alone("timers", "ms late", [1.23456]).line())
    assert line == {
        "figure": "timers",
        "value": 1.235,
        "unit": "ms late",
        "against": None,
        "ratio": None,
        "goal": None,
        "met": None,
    }


def test_runs_alternate_which_of_the_two_goes_first() -> None:
    order: list[str] = []

    def run(name: str, value: float) -> float:
        order.append(name)
        return value

    runs = in_turns(lambda: run("ours", 1), lambda: run("theirs", 2), 3)
    assert runs == [(1, 2)] * 3
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]


@pytest.mark.parametrize(("percent", "expected"), [(0, 1), (50, 3), (99, 4), (100, 4)])
def test_a_percentile_is_one_of_the_values(percent: float, expected: float) -> None:
    assert percentile_of([3, 1, 4, 2], percent) == expected


def test_figures_keep_four_digits() -> None:
    assert [rounded(value) for value in (123456.0, 0.00123456)] == [123500.0, 0.001235]


def test_a_scaled_size_never_becomes_nothing() -> None:
    assert (Size(scale=0.001).of(100), Size(scale=0.001).of(100, least=2), Size(scale=2).of(100)) == (
        1,
        2,
        200,
    )
