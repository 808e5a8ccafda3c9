"""Dominant-resource fairness: who holds the smallest share of the cluster comes first."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Final, Generic

from actors.master.allocator.portion import Portion
from actors.master.allocator.sorter import Client, ClientTree, Entry, S
from actors.master.allocator.totals import Scale, Totals

#: The exact common multiple of many odd weights would have too many digits to reckon with.
_MOST_BITS: Final = 2_048


class DrfSorter(ClientTree[S], Generic[S]):
    """Orders siblings by weighted dominant share, then by how often they were served, then by path.

    A dominant share is the largest of the shares of the cluster's scalars, that of a role divided by its
    weight; it is kept as an integer on a `Scale`. Each inner node ranks its children. An allocation moves
    only those that it touches, other changes wait until somebody asks. When the totals have changed a
    ranking stays on the old scale as long as that suffices to say who is first: adding one agent to ten
    thousand changes all shares, but the order of very few.
    """

    def __init__(self, totals: Totals) -> None:
        """Reckon shares of `totals`, which several sorters may have in common."""
        super().__init__()
        self._totals = totals
        # A multiple of the numerators of all weights, so that a share divided by a weight is an integer; or
        # so large that what is rounded off does not matter.
        self._common = 1

    def set_weight(self, role: str, weight: Fraction) -> None:
        """Weigh a role, whether or not it is there; 1 unless set."""
        super().set_weight(role, weight)
        self._common = _common_multiple(self.weights.values())
        _forget_ranking(self.root)

    def allocated(self, client: Client[S], portion: Portion, agent_id: str) -> None:
        """Note what somebody was given of an agent."""
        if portion.shared:
            super().allocated(client, portion, agent_id)
            self._distrust(client)
            return
        node = client
        while (parent := node.parent) is not None:
            node.held += portion.packed
            node.allocations += 1
            scale = parent.scale
            if scale is not None:
                shares = node.shares
                dominant = place = 0
                for share in portion.shares if portion.scale is scale else _shares(portion, scale):
                    shares[place] = share = shares[place] + share
                    place += 1  # noqa: SIM113 - enumerate takes longer
                    if share > dominant:
                        dominant = share
                if node.mask:
                    ranking = parent.ranking
                    # Who is served is mostly who came first, and then need not be searched for.
                    place = 0
                    if ranking[0] is not node.entry:
                        place = bisect_left(ranking, node.entry)  # type: ignore[type-var]
                    if place < parent.skipped:
                        parent.skipped = 0
                    del ranking[place]
                    node.entry = entry = (dominant * node.factor, node.allocations, node.path, node)
                    insort(ranking, entry)
            node = parent

    def released(self, client: Client[S], portion: Portion, agent_id: str) -> None:
        """Note what somebody has no more."""
        if portion.shared:
            super().released(client, portion, agent_id)
            self._distrust(client)
            return
        node = client
        while (parent := node.parent) is not None:
            node.held -= portion.packed
            scale = parent.scale
            if scale is not None:
                gone = portion.shares if portion.scale is scale else _shares(portion, scale)
                node.shares = [share - less for share, less in zip(node.shares, gone, strict=True)]
                if not node.has_moved:
                    node.has_moved = True
                    parent.moved.append(node)
            node = parent

    def exchanged(self, client: Client[S], old: Portion, new: Portion, agent_id: str) -> None:
        """Note that what somebody holds of an agent was made into something else."""
        super().exchanged(client, old, new, agent_id)
        self._distrust(client)

    def first(self, mask: int, turn: str) -> Client[S] | None:
        """The next one among those of `mask`."""
        node = self.root
        scale = self._totals.scale
        while node.children and node.mask:
            if node.moved or node.scale is None:
                self._rank(node)
            node = node.ranking[0][3] if node.scale is scale else self._first_of_old(node, mask)
        if node.mask & mask:
            return node
        mask &= self.root.mask
        if not mask:
            return None
        role = self.leaves[(mask & -mask).bit_length()].parent
        # When all are of one role there is no need to look for it.
        return next(self._walk(role if role and not mask & ~role.mask else self.root, mask), None)

    def order(self, mask: int, turn: str) -> Iterator[Client[S]]:
        """All of `mask`, the next one first, those of a role together."""
        return self._walk(self.root, mask)

    def share(self, client: Client[S]) -> Fraction:
        """The dominant share of a node, a role's divided by its weight; 1 is the whole cluster."""
        scale = self._totals.scale
        share = Fraction(max(scale.shares(client.held), default=0), scale.whole)
        return share / self.weights.get(client.path, 1) if client.children else share

    def _walk(self, inner: Client[S], mask: int) -> Iterator[Client[S]]:
        if inner.moved or inner.scale is not self._totals.scale:
            self._rank(inner, anew=inner.scale is not self._totals.scale)
        ranking = inner.ranking
        # Who is asked for is often among those who were asked for before.
        begin = 0 if mask & ~inner.skipped_mask else inner.skipped
        for place in range(begin, len(ranking)):
            client = ranking[place][3]
            if client.mask & mask:
                if begin >= 0:
                    inner.skipped, inner.skipped_mask, begin = place, mask, -1
                if client.children:
                    yield from self._walk(client, mask)
                else:
                    yield client

    def _first_of_old(self, inner: Client[S], mask: int) -> Client[S]:
        """The first child among takers of `mask`, found on a scale that is not that of the totals.

        A share of old totals bounds what it is now from below, so most children need no second look.
        """
        scale = self._totals.scale
        left, right = inner.scale.least_change(scale) if inner.scale is not None else (0, 1)
        best: Entry[S] | None = None
        for entry in inner.ranking:
            if best is not None and entry[0] * left > best[0] * right:
                break
            child = entry[3]
            if not child.mask & mask:
                continue
            if best is not None and child.held == best[3].held and child.factor == best[3].factor:
                continue  # the same share at any time, so their order stays
            inner.looked_at += 1
            dominant = max(scale.shares(child.held), default=0) * child.factor
            now = (dominant, child.allocations, child.path, child)
            if best is None or now < best:
                best = now
            if inner.looked_at > len(inner.ranking):
                # As much was spent on looking at children as it takes to rank them.
                self._rank(inner, anew=True)
                return next(entry[3] for entry in inner.ranking if entry[3].mask & mask)
        return best[3] if best is not None else inner.ranking[0][3]

    def _rank(self, inner: Client[S], *, anew: bool = False) -> None:
        """Bring the ranking of a node's children up to date; `anew`, on the scale of the totals."""
        ranking = inner.ranking
        inner.skipped = 0
        if anew or inner.scale is None:
            inner.scale = scale = self._totals.scale
            inner.looked_at = 0
            if self.weights and not inner.has_takers:
                self._weigh(inner)
            for child in inner.children.values():
                child.shares = scale.shares(child.held)
            ranking[:] = sorted(_entry(child) for child in inner.children.values() if child.mask)
        else:
            for child in inner.moved:
                if child.entry is not None and child.mask:
                    del ranking[bisect_left(ranking, child.entry)]
                    insort(ranking, _entry(child))
        for child in inner.moved:
            child.has_moved = False
        inner.moved.clear()

    def _weigh(self, inner: Client[S]) -> None:
        for child in inner.children.values():
            weight = self.weights.get(child.path, Fraction(1))
            child.factor = self._common * weight.denominator // weight.numerator

    def _distrust(self, client: Client[S]) -> None:
        """Have the shares on the way from a client to the root reckoned anew."""
        node = client
        while (parent := node.parent) is not None:
            parent.scale = None
            node = parent


def _common_multiple(weights: Iterable[Fraction]) -> int:
    common = 1
    for weight in weights:
        common = math.lcm(common, weight.numerator)
        if common.bit_length() > _MOST_BITS:
            return 1 << _MOST_BITS
    return common


def _entry(node: Client[S]) -> Entry[S]:
    node.entry = entry = (max(node.shares, default=0) * node.factor, node.allocations, node.path, node)
    return entry


def _shares(portion: Portion, scale: Scale) -> list[int]:
    portion.scale = scale
    portion.shares = shares = scale.shares(portion.packed)
    return shares


def _forget_ranking(node: Client[S]) -> None:
    node.scale, node.factor = None, 1
    for child in node.children.values():
        _forget_ranking(child)
