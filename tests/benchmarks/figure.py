"""One measured figure, what it is compared with, and whether it is good enough."""

from __future__ import annotations

import importlib
import statistics
from collections.abc import Callable, Iterator, Sequence

import msgspec


class Goal(msgspec.Struct, frozen=True):
    """A limit for a figure's ratio, or for its value where there is no ratio."""

    limit: float
    least: bool

    def met(self, measured: float) -> bool:
        return measured >= self.limit if self.least else measured <= self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.least else '<='} {self.limit:,g}"


def at_least(limit: float) -> Goal:
    return Goal(limit, least=True)


def at_most(limit: float) -> Goal:
    return Goal(limit, least=False)


class Figure(msgspec.Struct, frozen=True):
    """What a benchmark prints; None stands for what does not apply or could not be measured."""

    figure: str
    value: float | None
    unit: str
    #: What it is compared with, and that one's value in the same unit.
    against: str | None = None
    ratio: float | None = None
    goal: str | None = None
    met: bool | None = None

    def line(self) -> str:
        return msgspec.json.encode(self).decode()


class Size(msgspec.Struct, frozen=True):
    """How much to measure: `rounds` of each comparison, and `scale` times the usual work in each."""

    rounds: int = 5
    scale: float = 1.0

    def of(self, usual: int, least: int = 1) -> int:
        return max(least, round(usual * self.scale))


def alone(figure: str, unit: str, values: Sequence[float], goal: Goal | None = None) -> Figure:
    """A figure that is held against nothing but its goal."""
    value = median_of(values)
    return Figure(
        figure, rounded(value), unit, goal=str(goal) if goal else None, met=goal.met(value) if goal else None
    )


def compared(
    figure: str, unit: str, against: str, runs: Sequence[tuple[float, float]], goal: Goal | None = None
) -> Figure:
    """A figure and its yardstick, as pairs measured right after each other."""
    ratio = median_of([ours / theirs for ours, theirs in runs])
    theirs = rounded(median_of([theirs for _ours, theirs in runs]))
    return Figure(
        figure,
        rounded(median_of([ours for ours, _theirs in runs])),
        unit,
        f"{against}: {theirs:,.10g}",
        rounded(ratio),
        str(goal) if goal else None,
        goal.met(ratio) if goal else None,
    )


def absent(figure: str, unit: str, against: str, goal: Goal) -> Figure:
    """A comparison with something that is not installed here."""
    return Figure(figure, None, unit, f"{against}: absent, not installed", None, str(goal), None)


def in_turns(
    ours: Callable[[], float], theirs: Callable[[], float], rounds: int
) -> list[tuple[float, float]]:
    """Measure both, again and again; each one goes first in every other round."""
    runs = []
    for number in range(rounds):
        if number % 2:
            second = theirs()
            runs.append((ours(), second))
        else:
            runs.append((ours(), theirs()))
    return runs


def median_of(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile_of(values: Sequence[float], percent: float) -> float:
    """The smallest of `values` that is not below `percent` of them."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def rounded(value: float) -> float:
    """Four significant digits: more would only be noise."""
    return float(f"{value:.4g}")


def figures_of(module: str, size: Size) -> Iterator[Figure]:
    """What the `figures` of a module gives, which is imported only now: children import its package too."""
    figures: Callable[[Size], Iterator[Figure]] = importlib.import_module(module).figures
    return figures(size)
