"""Quotas kept: what roles consume, what must be left for guarantees, and what each may still be offered.

A quota on a role counts what all roles below it consume. To honour guarantees, so much must stay free in
the cluster as they still require: a role requires what its own guarantee lacks, or what the roles below
it require together, whichever is more. What its own guarantee lacks beyond that is *credit*: any role at
or below may be given that much without regard to others (mesos-protocol.md §10, where only top-level
roles have quotas; for those credit is guarantee less consumption).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actors.master.allocator.lanes import MASK, Lanes
from actors.master.allocator.minimum import Minimum
from actors.master.allocator.portion import Portion
from actors.master.allocator.quota import NO_QUOTA, Quota
from actors.master.allocator.role import Role

_NO_BOUND: Final[Mapping[str, int]] = {}


class Headroom:
    """Says how much of what is free a role may be offered."""

    def __init__(self, lanes: Lanes, minimum: Minimum) -> None:
        """`minimum` is what an offer holds at least, for frameworks that say nothing else."""
        self._lanes = lanes
        self._minimum = minimum
        #: Packed scalars in the cluster that nobody is allocated, neither reserved nor revocable.
        self.free = 0
        #: What guarantees still require of that, by name.
        self.required: dict[str, int] = {}
        #: Roles that have credit, and roles whose limits leave no room for an offer.
        self.with_credit = Marks()
        self.exhausted = Marks()
        self._with_quota: dict[Role, None] = {}

    # --- what changes ---

    def consume(self, role: Role, packed: int) -> None:
        """Note that a role consumes so much more, or (negative) less."""
        for node in role.lineage:
            node.consumed += packed
        if self._with_quota:
            self._look_for_room(role)
            if role.top.guarantors:
                self._require(role)

    def reserve(self, role: Role, packed: int) -> None:
        """Note that so much more, or (negative) less, is reserved for a role."""
        for node in role.lineage:
            node.reserved += packed
        self.consume(role, packed)

    @property
    def has_quotas(self) -> bool:
        """Whether any role has a quota."""
        return bool(self._with_quota)

    def set_quota(self, role: Role, quota: Quota) -> None:
        """Replace a role's quota."""
        role.top.guarantors += bool(quota.guarantees) - bool(role.quota.guarantees)
        role.quota = quota
        self._with_quota.pop(role, None)
        if quota != NO_QUOTA:
            self._with_quota[role] = None
        for below in role.subtree():
            below.limited = tuple(node for node in below.lineage if node.quota.limits)
        self.exhausted.set(role, marked=False)
        self._look_for_room(role)
        self._require(role)

    def subscribed(self, role: Role, bit: int) -> None:
        """Note that a role has another bit."""
        self.with_credit.add(role, bit)
        self.exhausted.add(role, bit)

    def unsubscribed(self, bit: int) -> None:
        """Note that a bit is no role's any more."""
        self.with_credit.bits &= ~bit
        self.exhausted.bits &= ~bit

    # --- what is asked ---

    def room(self, role: Role, portion: Portion, *, guaranteed: bool) -> Mapping[str, int]:
        """How many thousandths a role may be offered of what is free in a portion.

        Names of which it may be offered all are left out. While guarantees are served (`guaranteed`),
        the role may take its credit beside what nobody else is guaranteed.
        """
        if not self.required and not role.limited:
            return _NO_BOUND
        room = {}
        for name, amount in portion.free_thousandths.items():
            most = amount
            if name in self.required:
                most = self.surplus(name) + (role.credit(name) if guaranteed else 0)
            if role.limited:
                most = self.room_below_limits(role, name, most)
            if most < amount:
                room[name] = most
        return room

    def room_below_limits(self, role: Role, name: str, most: int) -> int:
        """How many thousandths of a name the limits at and above a role leave, up to `most`."""
        for node in role.limited:
            limit = node.quota.limits.get(name)
            if limit is not None:
                most = min(most, max(limit - self._consumed(node, name), 0))
        return most

    def surplus(self, name: str) -> int:
        """How much is free beyond what guarantees require."""
        return max(self._amount(self.free, name) - self.required.get(name, 0), 0)

    # --- how it is kept ---

    def _consumed(self, role: Role, name: str) -> int:
        return self._amount(role.consumed, name)

    def _amount(self, packed: int, name: str) -> int:
        # A quota may be of what no agent has: such a name gets no lane, for all sums would be longer by it.
        shift = self._lanes.shifts.get(name)
        return 0 if shift is None else packed >> shift & MASK

    def _require(self, role: Role) -> None:
        """Reckon what a role and those above it require, after its consumption or quota changed."""
        for node in role.lineage:
            below = node.required_below
            if not node.quota.guarantees and not below and not node.required:
                continue
            lacking = {
                name: lack
                for name, guarantee in node.quota.guarantees.items()
                if (lack := guarantee - self._consumed(node, name)) > 0
            }
            node.own_credit = {
                name: credit for name, lack in lacking.items() if (credit := lack - below.get(name, 0)) > 0
            }
            self.with_credit.set(node, marked=bool(node.own_credit))
            required = {name: max(lacking.get(name, 0), below.get(name, 0)) for name in {**lacking, **below}}
            above = self.required if node is node.top else node.lineage[1].required_below
            _replace(above, node.required, required)
            node.required = required

    def _look_for_room(self, role: Role) -> None:
        """Find out which limits at or above a role leave no room for an offer."""
        for node in role.limited:
            room = {
                name: max(limit - self._consumed(node, name), 0)
                for name, limit in node.quota.limits.items()
                if name in self._lanes.shifts
            }
            self.exhausted.set(node, marked=not self._minimum.has_room(room))


class Marks:
    """Roles that something is true of, and the bits of all roles at or below them."""

    def __init__(self) -> None:
        self.bits = 0
        self._by_top: dict[Role, dict[Role, None]] = {}

    def __contains__(self, role: Role) -> bool:
        return role in self._by_top.get(role.top, ())

    def set(self, role: Role, *, marked: bool) -> None:
        """Mark a role, or take its mark away."""
        if marked == (role in self):
            return
        marks = self._by_top.setdefault(role.top, {})
        if marked:
            marks[role] = None
            self.bits |= role.bits
            return
        del marks[role]
        self.bits &= ~role.top.bits
        for other in marks:
            self.bits |= other.bits
        if not marks:
            del self._by_top[role.top]

    def add(self, role: Role, bit: int) -> None:
        """Note that a role has another bit."""
        marks = self._by_top.get(role.top, ())
        if any(node in marks for node in role.lineage):
            self.bits |= bit


def _replace(totals: dict[str, int], old: Mapping[str, int], new: Mapping[str, int]) -> None:
    """Put `new` in the place of `old` in sums by name; a sum of 0 is left out."""
    for name in {**old, **new}:
        total = totals.get(name, 0) - old.get(name, 0) + new.get(name, 0)
        totals[name] = total
        if not total:
            del totals[name]
