"""Reckons with clocks of nodes that differ, from nothing but the messages between the nodes.

A message cannot arrive before it was sent. If the quickest message from A to B seems to take -2.9 s, and the
quickest from B to A 3.1 s, then B's clock is some 3.0 s behind A's, when both directions are equally quick.
With messages in one direction only, no more than a bound is known; it is taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Crossing(NamedTuple):
    """A message that went from one node to another, in seconds of each node's own clock."""

    source: str
    target: str
    sent: float
    arrived: float


class Clocks(NamedTuple):
    """What to add to the times of each node, and what was found out."""

    shifts: Mapping[str, float]
    notes: tuple[str, ...]

    def shift(self, node: str) -> float:
        """Seconds to add to a time of `node`."""
        return self.shifts.get(node, 0.0)


class _Lead(NamedTuple):
    """How far the second clock of a pair is ahead of the first (negative: behind)."""

    seconds: float
    both_ways: bool


def reckon(crossings: Iterable[Crossing]) -> Clocks:
    """Find shifts after which no message arrives before it was sent; no shift where none is needed."""
    quickest: dict[tuple[str, str], float] = {}
    for crossing in crossings:
        pair = (crossing.source, crossing.target)
        seconds = crossing.arrived - crossing.sent
        quickest[pair] = min(seconds, quickest.get(pair, seconds))
    neighbours: dict[str, list[str]] = {}
    for source, target in sorted(quickest):
        for one, other in ((source, target), (target, source)):
            if other not in neighbours.setdefault(one, []):
                neighbours[one].append(other)
    # The node that talks with most others keeps its clock; the others follow along a spanning tree.
    shifts: dict[str, float] = {}
    notes: list[str] = []
    for root in sorted(neighbours, key=lambda node: (-len(neighbours[node]), node)):
        if root not in shifts:
            _follow(root, neighbours, quickest, shifts, notes)
    return Clocks(shifts, tuple(notes))


def _follow(
    root: str,
    neighbours: Mapping[str, list[str]],
    quickest: Mapping[tuple[str, str], float],
    shifts: dict[str, float],
    notes: list[str],
) -> None:
    shifts[root] = 0.0
    waiting = deque([root])
    while waiting:
        one = waiting.popleft()
        for other in neighbours[one]:
            if other in shifts:
                continue
            lead = _lead(quickest.get((one, other)), quickest.get((other, one)))
            shifts[other] = shifts[one] - lead.seconds
            waiting.append(other)
            if lead.seconds:
                notes.append(_note(one, other, lead))


def _lead(there: float | None, back: float | None) -> _Lead:
    """The lead of the target's clock, from the seconds of the quickest messages there and back."""
    if there is None or back is None:
        seconds = min(there, 0.0) if there is not None else max(-(back or 0.0), 0.0)
        return _Lead(seconds, both_ways=False)
    if there >= 0.0 and back >= 0.0:
        return _Lead(0.0, both_ways=True)
    return _Lead((there - back) / 2, both_ways=True)


def _note(one: str, other: str, lead: _Lead) -> str:
    direction = "ahead of" if lead.seconds > 0 else "behind"
    how_sure = "" if lead.both_ways else "at least "
    return f"the clock of {other} is {how_sure}{abs(lead.seconds):.4f} s {direction} that of {one}: corrected"
