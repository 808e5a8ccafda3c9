"""Resources with what the allocator reckons of them, computed once for all agents that look alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actors.master.allocator.capability import EVERYTHING, kinds_of
from actors.master.allocator.lanes import Lanes
from actors.master.allocator.minimum import Minimum
from actors.master.allocator.totals import Scale
from transport.records.names import is_strict_subrole
from transport.records.resource_identity import ResourceIdentity
from transport.records.resources import Resources
from transport.records.value import Value

#: A cluster has few kinds of agents and of tasks; what does not recur must not be kept for ever.
_MOST_KEPT: Final = 2**14


class Portion:
    """Resources that nobody is allocated: all that an agent has, what is available of it, or an offer.

    Portions never change. Equal ones from one `Portions` are mostly one object, so an answer that was
    worked out for one agent serves all that look like it.
    """

    __slots__ = (
        "_portions",
        "_tagged",
        "_verdicts",
        "counted",
        "free",
        "free_thousandths",
        "is_empty",
        "is_plain",
        "is_worthwhile",
        "kinds",
        "packed",
        "reservations",
        "resources",
        "scale",
        "shared",
        "shares",
        "thousandths",
        "unreserved",
    )

    def __init__(self, portions: Portions, resources: Resources) -> None:
        """For `Portions.of` alone."""
        lanes = portions.lanes
        self._portions = portions
        self.resources = resources
        self.is_empty = not resources
        #: How much of each name there is in all.
        self.thousandths = resources.quantities.thousandths
        #: All scalars but shared ones, packed: what shares count.
        self.packed = lanes.pack(resources.non_shared.scalar_quantities.thousandths)
        #: Scalars that are neither reserved nor revocable, by name and packed: what quotas count.
        self.free_thousandths = resources.where(is_free).quantities.thousandths
        self.free = lanes.pack(self.free_thousandths)
        #: Shared volumes: what tells each from all others, its size, packed, and how many copies.
        self.shared = tuple(
            (identity, lanes.pack({identity.name: identity.size or 0}), len(resources.where(identity.__eq__)))
            for identity in resources.shared.identities
        )
        #: All scalars, packed; a shared volume counts once.
        self.counted = self.packed + sum(packed for _identity, packed, _copies in self.shared)
        #: The roles for which something here is reserved, each with the scalars among it, packed.
        self.reservations = tuple(
            (role, lanes.pack(reserved.scalar_quantities.thousandths))
            for role, reserved in resources.reservations.items()
        )
        #: The kinds of resources here that only some frameworks can deal with (`capability`).
        self.kinds = 0
        for identity in resources.identities:
            self.kinds |= kinds_of(identity)
        #: Whether everybody may be offered all of it.
        self.is_plain = not self.reservations and not self.kinds
        #: What is reserved for nobody, and whether that alone is worth an offer by the master's measure.
        self.unreserved = self if not self.reservations else portions.of(resources.unreserved)
        self.is_worthwhile = not self.unreserved.is_empty and portions.minimum.is_met(
            self.unreserved.thousandths
        )
        # What the DRF sorter keeps with a portion, see there.
        self.scale: Scale | None = None
        self.shares: list[int] = []
        self._tagged: dict[str, Resources] = {}
        self._verdicts: dict[Minimum, bool] = {}

    def tagged(self, role: str) -> Resources:
        """The resources, allocated to a role."""
        tagged = self._tagged.get(role)
        if tagged is None:
            tagged = self._tagged[role] = self.resources.allocate(role)
        return tagged

    def meets(self, minimum: Minimum) -> bool:
        """Whether there is anything here, and enough of it to be worth an offer."""
        verdict = self._verdicts.get(minimum)
        if verdict is None:
            verdict = self._verdicts[minimum] = not self.is_empty and minimum.is_met(self.thousandths)
        return verdict

    def seen_by(self, role: str, kinds: int) -> Portion:
        """What a framework that can deal with `kinds` may be offered in a role."""
        if self.is_plain:
            return self
        seen = self
        if self.reservations:
            seen = self._visible_to(role) if self.is_reserved_for(role) else self.unreserved
        return seen if not seen.kinds or kinds == EVERYTHING else seen.of_kinds(kinds)

    def is_reserved_for(self, role: str) -> bool:
        """Whether anything here is reserved for a role or for one above it."""
        for reserved, _packed in self.reservations:
            if role == reserved or is_strict_subrole(role, reserved):
                return True
        return False

    def _visible_to(self, role: str) -> Portion:
        key = ("visible to", self, role)
        kept = self._portions.kept.get(key)
        return self._portions.keep(key, self.resources.allocatable_to(role)) if kept is None else kept

    def of_kinds(self, kinds: int) -> Portion:
        """What belongs to no other kinds (`capability`)."""
        key = ("of kinds", self, kinds)
        kept = self._portions.kept.get(key)
        if kept is None:
            kept = self._portions.keep(
                key, self.resources.where(lambda identity: not kinds_of(identity) & ~kinds)
            )
        return kept

    def plus(self, other: Portion) -> Portion:
        """Both together."""
        key = ("plus", self, other)
        kept = self._portions.kept.get(key)
        return self._portions.keep(key, self.resources + other.resources) if kept is None else kept

    def minus(self, other: Portion) -> Portion:
        """What is left without `other`; raises InsufficientError unless that is part of this."""
        key = ("minus", self, other)
        kept = self._portions.kept.get(key)
        return self._portions.keep(key, self.resources - other.resources) if kept is None else kept

    def could_meet(self, minimum: Minimum, room: Mapping[str, int]) -> bool:
        """Whether `limited(room)` may meet the minimum; if not, there is no need to make it."""
        free = self.free_thousandths
        missing = {name: max(free.get(name, 0) - amount, 0) for name, amount in room.items()}
        return minimum.is_met(
            {name: amount - missing.get(name, 0) for name, amount in self.thousandths.items()}
        )

    def limited(self, room: Mapping[str, int]) -> Portion:
        """The same with at most so many thousandths of each named scalar that is free.

        Of several resources of one name, such as disks, those whose description comes first are kept;
        what is given whole is kept or left.
        """
        free = self.resources.where(is_free)
        if len(free.names) < sum(1 for _ in free.identities):
            each = [free.where(one.__eq__) for one in free.identities]
            free = sum(sorted(each, key=str), Resources())
        bound = self.resources.where(lambda identity: not is_free(identity))
        return self._portions.of(bound + free.limit(room))


class Portions:
    """Makes portions, and remembers those that it made."""

    def __init__(self, lanes: Lanes, minimum: Minimum) -> None:
        """`minimum` is what the master asks of an offer."""
        self.lanes = lanes
        self.minimum = minimum
        #: What portions were found to give, by what they were asked.
        self.kept: dict[object, Portion] = {}
        self._by_resources: dict[Resources, Portion] = {}
        self.nothing = self.of(Resources())

    def of(self, resources: Resources) -> Portion:
        """The portion of resources that are allocated to nobody."""
        for identity in resources.identities:
            if identity.aside.disk is not None:
                # Equal resources may differ in what stands aside, such as where a container sees a volume.
                return Portion(self, resources)
        portion = self._by_resources.get(resources)
        if portion is None:
            if len(self._by_resources) >= _MOST_KEPT:
                self._by_resources.clear()
            portion = self._by_resources[resources] = Portion(self, resources)
        return portion

    def keep(self, key: object, resources: Resources) -> Portion:
        """The portion of `resources`, kept as the answer to `key`."""
        if len(self.kept) >= _MOST_KEPT:
            self.kept.clear()
        portion = self.kept[key] = self.of(resources)
        return portion


def is_free(identity: ResourceIdentity) -> bool:
    """Whether it is a scalar that quotas count: neither reserved nor revocable."""
    return identity.type is Value.Type.SCALAR and identity.reserved_role is None and not identity.revocable


def allocation_role(resources: Resources) -> str:
    """The role to which some resources are allocated; raises ValueError where it is not just one."""
    role, *others = dict.fromkeys(identity.allocation for identity in resources.identities)
    if role is None or others:
        raise ValueError(f"resources must be allocated to one role, not {resources}")
    return role
