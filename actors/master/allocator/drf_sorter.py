"""Dominant-resource fairness: who holds the smallest share of the cluster comes first."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterator
from fractions import Fraction
from typing import Generic

from actors.master.allocator.portion import Portion
from actors.master.allocator.sorter import Client, ClientTree, Entry, S
from actors.master.allocator.totals import Totals


class DrfSorter(ClientTree[S], Generic[S]):
    """Orders siblings by weighted dominant share, then by how often they were served, then by path.

    A client's dominant share is the largest of its shares of the cluster's scalars, divided by its
    weight. Shares are kept as integers on the scale of `Totals`. Each inner node ranks its children; an
    allocation moves only those that it touches, and other changes wait until somebody asks.
    """

    def __init__(self, totals: Totals) -> None:
        """Reckon shares of `totals`, which several sorters may have in common."""
        super().__init__()
        self._totals = totals
        # A multiple of the numerators of all weights, so that a share divided by a weight is an integer.
        self._common = 1

    def set_weight(self, path: str, weight: Fraction) -> None:
        """Weigh whatever is or will be at the path; 1 unless set."""
        super().set_weight(path, weight)
        self._common = math.lcm(*(known.numerator for known in self.weights.values()))
        self._totals.void()

    def allocated(self, client: Client[S], portion: Portion, agent_id: str) -> None:
        """Note what a client was given of an agent."""
        if portion.shared:
            super().allocated(client, portion, agent_id)
            self._distrust(client)
            return
        version = self._totals.version
        scaled = portion.scaled if portion.scaled_version == version else self._scaled(portion)
        node = client
        while (parent := node.parent) is not None:
            node.held += portion.packed
            node.allocations += 1
            if parent.version == version:
                shares = node.scaled
                dominant = place = 0
                for share in scaled:
                    shares[place] = share = shares[place] + share
                    place += 1  # noqa: SIM113 - enumerate takes longer
                    if share > dominant:
                        dominant = share
                if node.mask:
                    ranking = parent.ranking
                    # Who is served is mostly who came first, and then need not be searched for.
                    if ranking[0] is node.entry:
                        del ranking[0]
                    else:
                        del ranking[bisect_left(ranking, node.entry)]  # type: ignore[type-var]
                    node.entry = entry = (dominant * node.factor, node.allocations, node.path, node)
                    insort(ranking, entry)
            node = parent

    def released(self, client: Client[S], portion: Portion, agent_id: str) -> None:
        """Note what a client has no more."""
        if portion.shared:
            super().released(client, portion, agent_id)
            self._distrust(client)
            return
        version = self._totals.version
        scaled = portion.scaled if portion.scaled_version == self._totals.version else self._scaled(portion)
        node = client
        while (parent := node.parent) is not None:
            node.held -= portion.packed
            if parent.version == version:
                node.scaled = [share - gone for share, gone in zip(node.scaled, scaled, strict=True)]
                if not node.has_moved:
                    node.has_moved = True
                    parent.moved.append(node)
            node = parent

    def exchanged(self, client: Client[S], old: Portion, new: Portion, agent_id: str) -> None:
        """Note that what a client holds of an agent was made into something else."""
        super().exchanged(client, old, new, agent_id)
        self._distrust(client)

    def first(self, mask: int, turn: str) -> Client[S] | None:
        """The next client behind which takers of `mask` stand."""
        node = self.root
        version = self._totals.version
        while node.mask & mask:
            if not node.children:
                return node
            if node.moved or node.version != version:
                self._rank(node)
            node = node.ranking[0][3]
        mask &= self.root.mask
        if not mask:
            return None
        leaf = self.leaves[(mask & -mask).bit_length()]
        return leaf if not mask & ~leaf.mask else next(self._walk(self.root, mask), None)

    def order(self, mask: int, turn: str) -> Iterator[Client[S]]:
        """All clients behind which takers of `mask` stand, the next one first."""
        return self._walk(self.root, mask)

    def share(self, client: Client[S]) -> Fraction:
        """The weighted dominant share of a node; 1 is the whole cluster."""
        dominant = max(self._totals.scaled(client.held), default=0)
        return Fraction(dominant, self._totals.whole) / self.weights.get(client.path, 1)

    def _walk(self, inner: Client[S], mask: int) -> Iterator[Client[S]]:
        if inner.moved or inner.version != self._totals.version:
            self._rank(inner)
        for entry in inner.ranking:
            client = entry[3]
            if client.mask & mask:
                if client.children:
                    yield from self._walk(client, mask)
                else:
                    yield client

    def _rank(self, inner: Client[S]) -> None:
        """Bring the ranking of a node's children up to date."""
        ranking = inner.ranking
        version = self._totals.version
        if inner.version != version:
            inner.version = version
            for child in inner.children.values():
                self._scale(child)
            ranking[:] = sorted(_entry(child) for child in inner.children.values() if child.mask)
        else:
            for child in inner.moved:
                if child.entry is not None and child.mask:
                    del ranking[bisect_left(ranking, child.entry)]
                    insort(ranking, _entry(child))
        for child in inner.moved:
            child.has_moved = False
        inner.moved.clear()

    def _scale(self, node: Client[S]) -> None:
        weight = self.weights.get(node.path, Fraction(1))
        node.factor = self._common * weight.denominator // weight.numerator
        node.scaled = self._totals.scaled(node.held)

    def _scaled(self, portion: Portion) -> list[int]:
        portion.scaled = self._totals.scaled(portion.packed)
        portion.scaled_version = self._totals.version
        return portion.scaled

    def _distrust(self, client: Client[S]) -> None:
        """Have the shares on the way from a client to the root reckoned anew."""
        node = client
        while (parent := node.parent) is not None:
            parent.version = -1
            node = parent


def _entry(node: Client[S]) -> Entry[S]:
    node.entry = entry = (max(node.scaled, default=0) * node.factor, node.allocations, node.path, node)
    return entry
