"""Chance instead of fairness: clients in random order, the weighty ones mostly early."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Generic

from actors.master.allocator.sorter import Client, ClientTree, S


class RandomSorter(ClientTree[S], Generic[S]):
    """Shuffles clients anew for each turn.

    A client's chance to come next is its weight relative to its siblings', times that of the node above.
    Draws are hashes of the turn's name, so the same turn always gives the same order.
    """

    def __init__(self, name: str) -> None:
        """Sorters of different names shuffle independently."""
        super().__init__()
        self._name = name

    def first(self, mask: int, turn: str) -> Client[S] | None:
        """The next client behind which takers of `mask` stand."""
        return next(self.order(mask, turn), None)

    def order(self, mask: int, turn: str) -> Iterator[Client[S]]:
        """All clients behind which takers of `mask` stand, the next one first."""
        if not self.root.mask & mask:
            return
        chances = list(self._chances(self.root, Fraction(1)))
        common = math.lcm(*(chance.denominator for _client, chance in chances))
        lots = [(client, int(chance * common)) for client, chance in chances]
        total = sum(lot for _client, lot in lots)
        while lots:
            drawn = _draw(f"{self._name}\0{turn}\0{len(lots)}", total)
            place = 0
            while drawn >= lots[place][1]:
                drawn -= lots[place][1]
                place += 1
            client, lot = lots.pop(place)
            total -= lot
            if client.mask & mask:
                yield client

    def _chances(self, inner: Client[S], chance: Fraction) -> Iterator[tuple[Client[S], Fraction]]:
        """All active clients below a node, each with its chance to be the first."""
        active = [child for child in inner.children.values() if child.mask]
        weights = [self.weights.get(child.path, Fraction(1)) for child in active]
        total = sum(weights)
        for child, weight in zip(active, weights, strict=True):
            if child.children:
                yield from self._chances(child, chance * weight / total)
            else:
                yield child, chance * weight / total


def _draw(name: str, below: int) -> int:
    """A number from 0 to below `below`, each as likely as the others to a part in 2^128."""
    size = (below.bit_length() + 128) // 8 + 1
    return int.from_bytes(hashlib.shake_128(name.encode()).digest(size)) % below
