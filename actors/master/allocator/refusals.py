"""Filters: what subscriptions refused on an agent, and for how long they are not offered it again."""

from __future__ import annotations

import heapq
import math

from actors.master.allocator.portion import Portion
from transport.records.resources import Resources

_DEFAULT_SECONDS = 5.0
_LONGEST_SECONDS = 365 * 24 * 60 * 60.0
_MOST_KEPT = 64
_SWEEP_AT_LEAST = 16


def refusal_seconds(asked: float | None, least: float) -> float:
    """For how long a refusal holds (mesos-protocol.md §2.9); 0 for one that is not to be remembered.

    What is not given, negative or no number counts as 5 seconds, more than a year as 365 days, and
    what is left never as fewer than `least`.
    """
    if asked is None or math.isnan(asked) or asked < 0:
        asked = _DEFAULT_SECONDS
    return max(min(asked, _LONGEST_SECONDS), least) if asked else 0.0


class Refused:
    """Those who refused offers of at most the same resources, on one agent."""

    __slots__ = ("_covers", "_ends", "_until", "mask", "resources")

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        #: The bits of those whose refusal still holds.
        self.mask = 0
        self._until: dict[int, float] = {}
        # A heap of (time, bit); an entry whose time is not that in _until is out of date.
        self._ends: list[tuple[float, int]] = []
        self._covers: dict[Portion, bool] = {}

    def refuse(self, bit: int, until: float) -> None:
        """Note that a subscription does not want these resources before `until`."""
        if until > self._until.get(bit, -math.inf):
            self._until[bit] = until
            self.mask |= bit
            if len(self._ends) > 2 * len(self._until) + _SWEEP_AT_LEAST:
                self._ends = [(end, refuser) for refuser, end in self._until.items()]
                heapq.heapify(self._ends)
            else:
                heapq.heappush(self._ends, (until, bit))

    def revive(self, bits: int) -> None:
        """Forget that these subscriptions refused."""
        gone = self.mask & bits
        self.mask ^= gone
        while gone:
            bit = gone & -gone
            del self._until[bit]
            gone ^= bit

    def expire(self, now: float) -> None:
        """Forget what held until now."""
        while self._ends and self._ends[0][0] <= now:
            until, bit = heapq.heappop(self._ends)
            if self._until.get(bit) == until:
                self.revive(bit)

    def covers(self, portion: Portion) -> bool:
        """Whether an offer of the portion is an offer of what was refused, or of less."""
        verdict = self._covers.get(portion)
        if verdict is None:
            if len(self._covers) >= _MOST_KEPT:
                self._covers.clear()
            verdict = self._covers[portion] = self.resources.contains(portion.resources)
        return verdict

    @property
    def end(self) -> float:
        """When the first of the refusals ends, or earlier."""
        return self._ends[0][0] if self._ends else math.inf

    def until(self, bit: int) -> float | None:
        """Until when a subscription's refusal holds, if it has refused."""
        return self._until.get(bit)


class Refusals:
    """All that was refused on one agent."""

    def __init__(self) -> None:
        self._refused: dict[Resources, Refused] = {}
        #: The bits of all who refused something.
        self.mask = 0
        #: When the first refusal ends.
        self.end = math.inf
        # The portion that was last asked about, and the answer.
        self._portion: Portion | None = None
        self._uninterested = 0

    def refuse(self, bit: int, resources: Resources, until: float) -> None:
        """Note that a subscription does not want these resources, or less, before `until`."""
        refused = self._refused.get(resources)
        if refused is None:
            refused = self._refused[resources] = Refused(resources)
        refused.refuse(bit, until)
        self.mask |= bit
        self.end = min(self.end, until)
        self._portion = None

    def revive(self, bits: int) -> None:
        """Forget what these subscriptions refused."""
        if self.mask & bits:
            for refused in self._refused.values():
                refused.revive(bits)
            self._sum_up()

    def expire(self, now: float) -> None:
        """Forget what held until now."""
        for refused in self._refused.values():
            refused.expire(now)
        self._sum_up()

    def covers(self, bit: int, portion: Portion) -> bool:
        """Whether a subscription refused what the portion holds, or more."""
        return any(refused.mask & bit and refused.covers(portion) for refused in self._refused.values())

    def uninterested(self, portion: Portion, beneficiaries: int) -> int:
        """The bits of those who refused all that they could be offered of a portion.

        `beneficiaries` are the bits of those who may see any of its reservations.
        """
        if portion is not self._portion:
            mask = 0
            for refused in self._refused.values():
                if refused.covers(portion):
                    mask |= refused.mask
                elif refused.covers(portion.unreserved):
                    mask |= refused.mask & ~beneficiaries
            self._portion, self._uninterested = portion, mask
        return self._uninterested

    def of(self, bit: int) -> list[tuple[Resources, float]]:
        """What a subscription refused, and until when."""
        return [
            (refused.resources, until)
            for refused in self._refused.values()
            if (until := refused.until(bit)) is not None
        ]

    def _sum_up(self) -> None:
        self._refused = {resources: refused for resources, refused in self._refused.items() if refused.mask}
        self.mask = 0
        self.end = math.inf
        for refused in self._refused.values():
            self.mask |= refused.mask
            self.end = min(self.end, refused.end)
        self._portion = None
