"""Chance instead of fairness: roles, frameworks or both in random order, weighty roles mostly early."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Generic

from actors.master.allocator.drf_sorter import DrfSorter
from actors.master.allocator.sorter import Client, S
from actors.master.allocator.totals import Totals


class RandomSorter(DrfSorter[S], Generic[S]):
    """Shuffles anew for each turn; what is not left to chance is ordered as `DrfSorter` does.

    A role's chance to come next is its weight relative to its siblings', times that of the role above.
    Draws are hashes of the turn's name, so the same turn always gives the same order.
    """

    def __init__(self, totals: Totals, *, roles: bool, frameworks: bool) -> None:
        """Say which of both to shuffle."""
        super().__init__(totals)
        self._shuffles_roles = roles
        self._shuffles_frameworks = frameworks

    def first(self, mask: int, turn: str) -> Client[S] | None:
        """The next one among those of `mask`."""
        return next(self.order(mask, turn), None)

    def order(self, mask: int, turn: str) -> Iterator[Client[S]]:
        """All of `mask`, the next one first, those of a role together."""
        for role in self._roles(mask, turn):
            if not role.mask & mask:
                continue
            takers: Iterable[Client[S]] = self._walk(role, mask)
            if self._shuffles_frameworks:
                active = [(child, Fraction(1)) for child in role.children.values() if child.mask]
                takers = _shuffled(active, f"{turn}\0{role.path}")
            yield from (taker for taker in takers if taker.mask & mask)

    def _roles(self, mask: int, turn: str) -> Iterator[Client[S]]:
        if self._shuffles_roles:
            yield from _shuffled(list(self._chances(self.root, Fraction(1))), turn)
            return
        before: Client[S] | None = None
        for taker in self._walk(self.root, mask):
            if taker.parent is not None and taker.parent is not before:
                before = taker.parent
                yield before

    def _chances(self, inner: Client[S], chance: Fraction) -> Iterator[tuple[Client[S], Fraction]]:
        """All active roles below a node, each with its chance to be the first."""
        active = [child for child in inner.children.values() if child.mask]
        weights = [self.weights.get(child.path, Fraction(1)) for child in active]
        total = sum(weights)
        for child, weight in zip(active, weights, strict=True):
            if child.has_takers:
                yield child, chance * weight / total
            else:
                yield from self._chances(child, chance * weight / total)


def _shuffled(chances: list[tuple[Client[S], Fraction]], name: str) -> Iterator[Client[S]]:
    """Draw one after another, each with its chance among those that are left."""
    common = math.lcm(*(chance.denominator for _client, chance in chances))
    lots = [(client, int(chance * common)) for client, chance in chances]
    total = sum(lot for _client, lot in lots)
    while lots:
        drawn = _draw(f"{name}\0{len(lots)}", total)
        place = 0
        while drawn >= lots[place][1]:
            drawn -= lots[place][1]
            place += 1
        client, lot = lots.pop(place)
        total -= lot
        yield client


def _draw(name: str, below: int) -> int:
    """A number from 0 to below `below`, each as likely as the others to a part in 2^128."""
    size = (below.bit_length() + 128) // 8 + 1
    return int.from_bytes(hashlib.shake_128(name.encode()).digest(size)) % below
