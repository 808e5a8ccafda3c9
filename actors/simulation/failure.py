"""How a simulation says that what it ran is wrong."""

from __future__ import annotations


class SimulationFailure(AssertionError):  # noqa: N818  the noun of the field
    """An invariant was broken, or what had to happen did not; the text tells how to see it again."""
