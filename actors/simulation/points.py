"""Fault points: the named places in code where a test can have something go wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

#: What happens at an armed point: an exception is raised there, or a function is called with the node, such
#: as `Simulation.crash`, `Simulation.pause` or one of a test.
Action = Exception | Callable[[Any], object]


class FaultPoint(NamedTuple):
    """A place in code as one node passed it."""

    point: str
    node: str
    #: How often so far.
    times: int


class Armed:
    """A fault that waits at a point for the `nth` pass from when it was armed."""

    def __init__(self, point: str, node: str | None, nth: int, action: Action) -> None:
        if nth < 1:
            raise ValueError(f"nth {nth}: must be at least 1, the next time the point is passed")
        self.point = point
        self.node = node
        self.action = action
        #: Passes still to come, the fatal one included; 0 once it has struck.
        self.passes_left = nth

    @property
    def struck(self) -> bool:
        """Whether it has happened."""
        return self.passes_left == 0


class FaultPoints:
    """Which points were passed, how often, and which faults wait there."""

    def __init__(self) -> None:
        self._passed: dict[tuple[str, str], int] = {}
        self._armed: list[Armed] = []

    def arm(self, armed: Armed) -> Armed:
        """Have a fault wait at its point."""
        self._armed.append(armed)
        return armed

    def disarm(self) -> None:
        """Let nothing wait any more."""
        self._armed.clear()

    def passed(self) -> tuple[FaultPoint, ...]:
        """Every point passed so far, by name and node."""
        return tuple(FaultPoint(point, node, times) for (point, node), times in sorted(self._passed.items()))

    def strike(self, point: str, node: str) -> list[Action]:
        """Count a pass; returns what happens now."""
        key = (point, node)
        self._passed[key] = self._passed.get(key, 0) + 1
        if not self._armed:
            return []
        due = []
        for armed in self._armed:
            if armed.point == point and armed.node in (None, node):
                armed.passes_left -= 1
                if armed.struck:
                    due.append(armed)
        self._armed = [armed for armed in self._armed if not armed.struck]
        return [armed.action for armed in due]
