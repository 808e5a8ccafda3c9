"""What the whole cluster has, and the scale on which shares of it are exact integers."""

from __future__ import annotations

import math
from collections.abc import Collection

from actors.master.allocator.lanes import MASK, Lanes


class Scale:
    """The totals at one time, and what makes shares of them comparable.

    A share is an amount divided by the total of its name. To compare shares of different names without
    rounding, each is multiplied by a common multiple of all totals: amount x (multiple / total) is an
    integer, and these integers order as the shares do.
    """

    __slots__ = ("_totals", "multipliers", "whole")

    def __init__(self, totals: dict[int, int]) -> None:
        """From the total of each name that counts, by where its lane begins."""
        self._totals = totals
        #: The integer that a share of the whole cluster comes to.
        self.whole = math.lcm(*totals.values())
        self.multipliers = tuple((shift, self.whole // total) for shift, total in totals.items())

    def shares(self, packed: int) -> list[int]:
        """The shares that packed amounts are, one for each name that counts."""
        return [(packed >> shift & MASK) * multiplier for shift, multiplier in self.multipliers]

    def least_change(self, now: Scale) -> tuple[int, int]:
        """How little of itself a share keeps when the totals become those of `now`.

        Returns a pair so that old_share x first > new_share x second, each share on its own scale, means
        that whoever had the old share has more than the new one now.
        """
        kept, of = 1, 0  # as a fraction: infinity
        for shift, total in self._totals.items():
            total_now = now._totals.get(shift)
            if total_now is None:
                return 0, 1
            if total * of < kept * total_now:
                kept, of = total, total_now
        return kept * now.whole, of * self.whole


class Totals:
    """The scalars of all agents."""

    def __init__(self, lanes: Lanes, excluded: Collection[str] = ()) -> None:
        """Begin with nothing; names in `excluded` never count towards a share."""
        self._lanes = lanes
        self._excluded = frozenset(excluded)
        #: Packed amounts.
        self.packed = 0
        #: Another object whenever the totals have changed.
        self.scale = Scale({})

    def add(self, packed: int) -> None:
        """Count so much more, or less where it is negative."""
        if packed:
            self.packed += packed
            totals = {
                shift: total
                for name, shift in self._lanes.shifts.items()
                if (total := self.packed >> shift & MASK) and name not in self._excluded
            }
            self.scale = Scale(totals)
