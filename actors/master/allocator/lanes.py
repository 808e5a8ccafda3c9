"""Amounts of several resources in one integer, so that adding them all is one addition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Bits for each name. An amount may have 63 bits (2^53 x 1000); ten million agents add 24 more.
WIDTH: Final = 96
MASK: Final = (1 << WIDTH) - 1
_LARGEST: Final = 1 << 72


class Lanes:
    """Gives each resource name its own bits of an integer.

    Sums and differences of packed amounts are those of the integers, as long as no lane goes below
    zero: take away only what was added before. A lane that an integer does not reach holds 0, so new
    names may come at any time.
    """

    def __init__(self) -> None:
        #: Where the lane of each name begins, in bits.
        self.shifts: dict[str, int] = {}

    def shift(self, name: str) -> int:
        """Where the lane of a name begins; a new name gets the next one."""
        return self.shifts.setdefault(name, WIDTH * len(self.shifts))

    def pack(self, thousandths: Mapping[str, int]) -> int:
        """Put amounts into their lanes; raises ValueError for one that no sum has room for."""
        packed = 0
        for name, amount in thousandths.items():
            if not 0 <= amount < _LARGEST:
                raise ValueError(f"{name}: must be from 0 to 2^72 thousandths, got {amount}")
            packed += amount << self.shift(name)
        return packed

    def unpack(self, packed: int) -> dict[str, int]:
        """The amounts by name, without those that are 0."""
        return {name: amount for name, shift in self.shifts.items() if (amount := packed >> shift & MASK)}
