"""What an offer must hold to be worth making."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from transport.records.framework import OfferFilters
from transport.records.quantities import Quantities
from transport.records.scalar import to_thousandths


class Minimum:
    """Alternatives of which an offer must satisfy one; with none, anything at all will do."""

    __slots__ = ("alternatives",)

    def __init__(self, alternatives: Sequence[Quantities]) -> None:
        self.alternatives = tuple(alternatives)

    @classmethod
    def parse(cls, text: str) -> Minimum:
        """Read `cpus:0.01|mem:32`, the form of --min_allocatable_resources; raises ValueError."""
        return cls([Quantities.parse(part) for part in text.split("|")] if text else [])

    @classmethod
    def of(cls, filters: OfferFilters) -> Minimum | None:
        """What a framework's offer filters ask for, or None where they leave it to the master."""
        asked = filters.min_allocatable_resources
        if asked is None:
            return None
        return cls(
            [
                Quantities({name: to_thousandths(scalar.value) for name, scalar in each.quantities.items()})
                for each in asked.quantities
            ]
        )

    def is_met(self, thousandths: Mapping[str, int]) -> bool:
        """Whether amounts satisfy one of the alternatives."""
        return not self.alternatives or any(
            all(thousandths.get(name, 0) >= needed for name, needed in each.thousandths.items())
            for each in self.alternatives
        )

    def has_room(self, room: Mapping[str, int]) -> bool:
        """Whether an alternative could be satisfied with at most so much of each name in `room`."""
        return not self.alternatives or any(
            all(room.get(name, needed) >= needed for name, needed in each.thousandths.items())
            for each in self.alternatives
        )

    def __str__(self) -> str:
        return "|".join(map(str, self.alternatives))
