"""What the whole cluster has, and the scale on which shares of it are exact integers."""

from __future__ import annotations

import math
from collections.abc import Collection

from actors.master.allocator.lanes import MASK, Lanes


class Totals:
    """The scalars of all agents.

    A share is an amount divided by the total of its name. To compare shares of different names without
    rounding, each is multiplied by a common multiple of all totals: amount x (multiple / total) is an
    integer, and these integers order as the shares do.
    """

    def __init__(self, lanes: Lanes, excluded: Collection[str] = ()) -> None:
        """Begin with nothing; names in `excluded` never count towards a share."""
        self._lanes = lanes
        self._excluded = frozenset(excluded)
        #: Packed amounts.
        self.packed = 0
        #: Grows with every change: what was scaled at another version is void.
        self.version = 0
        self._scale: tuple[tuple[int, int], ...] = ()
        self._whole = 1
        self._scale_version = 0

    def add(self, packed: int) -> None:
        """Count so much more (or less, where it is negative)."""
        self.packed += packed
        self.version += 1

    def void(self) -> None:
        """Declare void whatever was reckoned of shares."""
        self.version += 1

    @property
    def whole(self) -> int:
        """The integer that a share of the whole cluster comes to."""
        self._rescale()
        return self._whole

    def scaled(self, packed: int) -> list[int]:
        """The shares that packed amounts are, one for each name that counts."""
        self._rescale()
        return [(packed >> shift & MASK) * scale for shift, scale in self._scale]

    def _rescale(self) -> None:
        if self._scale_version == self.version:
            return
        counted = {
            name: amount
            for name, amount in self._lanes.unpack(self.packed).items()
            if name not in self._excluded
        }
        self._whole = math.lcm(*counted.values())
        self._scale = tuple(
            (self._lanes.shift(name), self._whole // amount) for name, amount in counted.items()
        )
        self._scale_version = self.version
