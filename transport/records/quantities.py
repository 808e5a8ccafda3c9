"""How much of each resource, whatever its reservations: what shares, quotas and filters compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from transport.records.scalar import format_thousandths, parse_scalar, to_thousandths


class InsufficientError(ValueError):
    """More was to be subtracted than there is."""


class Quantities:
    """An immutable map from a resource's name to thousandths of it; a name with none is left out.

    For ranges and sets a quantity is a thousand times the number of their elements.
    """

    __slots__ = ("thousandths",)

    #: The quantities themselves, for loops that cannot spare a call. Nobody changes it.
    thousandths: Mapping[str, int]

    def __init__(self, thousandths: Mapping[str, int] | None = None) -> None:
        self.thousandths = {name: amount for name, amount in (thousandths or {}).items() if amount}
        for name, amount in self.thousandths.items():
            if amount < 0:
                raise ValueError(f"quantity {name}:{format_thousandths(amount)}: must not be negative")

    @classmethod
    def parse(cls, text: str) -> Quantities:
        """Read `cpus:0.01;mem:32`; raises ValueError naming the rule that `text` breaks."""
        thousandths: dict[str, int] = {}
        for item in filter(None, (item.strip() for item in text.split(";"))):
            name, colon, value = (part.strip() for part in item.partition(":"))
            number = parse_scalar(value) if colon and name else None
            if number is None:
                raise ValueError(f"quantity {item!r}: must be name:number")
            if name in thousandths:
                raise ValueError(f"quantity {item!r}: {name} is given twice")
            thousandths[name] = to_thousandths(number)
        return cls(thousandths)

    def __getitem__(self, name: str) -> int:
        return self.thousandths.get(name, 0)

    def __contains__(self, name: str) -> bool:
        return name in self.thousandths

    def __iter__(self) -> Iterator[str]:
        return iter(self.thousandths)

    def __len__(self) -> int:
        return len(self.thousandths)

    def __add__(self, other: Quantities) -> Quantities:
        total = dict(self.thousandths)
        for name, amount in other.thousandths.items():
            total[name] = total.get(name, 0) + amount
        return of_positive(total)

    def __sub__(self, other: Quantities) -> Quantities:
        """What remains; raises InsufficientError where `other` has more of a name."""
        remaining = dict(self.thousandths)
        for name, amount in other.thousandths.items():
            rest = remaining.get(name, 0) - amount
            if rest > 0:
                remaining[name] = rest
            elif rest == 0:
                del remaining[name]
            else:
                raise InsufficientError(f"cannot subtract {other} from {self}: there is too little {name}")
        return of_positive(remaining)

    def without(self, other: Quantities) -> Quantities:
        """What remains where as much as there is of `other` is taken away."""
        remaining = dict(self.thousandths)
        for name, amount in other.thousandths.items():
            rest = remaining.get(name, 0) - amount
            if rest > 0:
                remaining[name] = rest
            else:
                remaining.pop(name, None)
        return of_positive(remaining)

    def contains(self, other: Quantities) -> bool:
        """Whether there is at least as much of every name as in `other`."""
        mine = self.thousandths
        for name, amount in other.thousandths.items():  # noqa: SIM110 - a generator takes twice as long
            if mine.get(name, 0) < amount:
                return False
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantities) and self.thousandths == other.thousandths

    def __hash__(self) -> int:
        return hash(frozenset(self.thousandths.items()))

    def __str__(self) -> str:
        return ";".join(f"{name}:{format_thousandths(amount)}" for name, amount in self.thousandths.items())

    def __repr__(self) -> str:
        return f"Quantities.parse({str(self)!r})"


def of_positive(positive: dict[str, int]) -> Quantities:
    """Quantities that are known to be above zero, unchecked; nobody changes `positive` any more."""
    quantities = object.__new__(Quantities)
    quantities.thousandths = positive
    return quantities


NOTHING: Final = Quantities()
