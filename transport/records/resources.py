"""Sums of resources: what an agent has, what an offer holds, what a task takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from transport.records.amount import Amount, add, common, contains, quantity, subtract
from transport.records.quantities import InsufficientError, Quantities, of_positive
from transport.records.reservation_format import upgrade
from transport.records.resource import Resource
from transport.records.resource_identity import ResourceIdentity, identify
from transport.records.resource_text import describe, parse_resources
from transport.records.resource_validation import resource_error
from transport.records.value import Value

_SCALAR = Value.Type.SCALAR


class Resources:
    """An immutable sum of resources, each counted once per identity (mesos-protocol.md §9.3).

    Two sums are equal when they hold the same amounts of the same identities, in whatever order; the
    order of iteration is that in which identities were first added. Iteration gives records in the
    stack form of reservations, one for each copy of a volume that is given whole.
    """

    __slots__ = ("_amounts", "_hash", "_quantities", "_scalar_quantities")

    # No amount is empty.
    _amounts: dict[ResourceIdentity, Amount]
    # Computed when first asked for.
    _hash: int
    _quantities: Quantities
    _scalar_quantities: Quantities

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        """Add up records; raises ValueError naming the rule that one of them breaks.

        Each may have its reservation in any of the three formats (§9.5).
        """
        self._amounts = {}
        for resource in resources:
            error = resource_error(resource)
            if error is not None:
                raise ValueError(error)
            identity, amount = identify(upgrade(resource))
            if amount:
                _add(self._amounts, identity, amount)

    @classmethod
    def parse(cls, text: str, default_role: str = "*") -> Resources:
        """Read the text grammar or a JSON array, as in the flag --resources (§9.1).

        Raises ValueError naming the rule that `text` breaks.
        """
        return cls(parse_resources(text, default_role))

    # --- the algebra ---

    def __add__(self, other: Resources) -> Resources:
        if not self._amounts:
            return other
        if not other._amounts:
            return self
        amounts = self._amounts.copy()
        get = amounts.get
        for identity, amount in other._amounts.items():
            mine = get(identity)
            if mine is None:
                amounts[identity] = amount
            elif type(amount) is int:
                amounts[identity] = mine + amount
            else:
                amounts[identity] = add(mine, amount)
        return _resources(amounts)

    def __sub__(self, other: Resources) -> Resources:
        """What remains; raises InsufficientError unless `self` contains `other`."""
        amounts = self._amounts.copy()
        get = amounts.get
        for identity, amount in other._amounts.items():
            mine = get(identity)
            if mine == amount:
                del amounts[identity]
            elif mine is None:
                raise _insufficient(self, other, identity)
            elif type(amount) is int:
                if mine < amount:
                    raise _insufficient(self, other, identity)
                amounts[identity] = mine - amount
            else:
                if not contains(mine, amount):
                    raise _insufficient(self, other, identity)
                amounts[identity] = subtract(mine, amount)
        return _resources(amounts)

    def without(self, other: Resources) -> Resources:
        """What remains where as much as there is of `other` is taken away, as Mesos subtracts."""
        amounts = self._amounts.copy()
        for identity, amount in other._amounts.items():
            mine = amounts.get(identity)
            if mine is None:
                continue
            rest = subtract(mine, amount)
            if rest:
                amounts[identity] = rest
            else:
                del amounts[identity]
        return _resources(amounts)

    def contains(self, other: Resources) -> bool:
        """Whether there is at least as much of every identity as in `other`."""
        get = self._amounts.get
        for identity, amount in other._amounts.items():
            mine = get(identity)
            if mine is None:
                return False
            if type(amount) is int:
                if mine < amount:
                    return False
            elif mine != amount and not contains(mine, amount):
                return False
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Resources) and self._amounts == other._amounts

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            self._hash = hash(frozenset(self._amounts.items()))
            return self._hash

    def __bool__(self) -> bool:
        return bool(self._amounts)

    def __iter__(self) -> Iterator[Resource]:
        for identity, amount in self._amounts.items():
            record = identity.to_record(amount)
            for _ in range(1 if identity.size is None else amount):
                yield record

    def __len__(self) -> int:
        """How many records iteration gives."""
        return sum(1 if identity.size is None else amount for identity, amount in self._amounts.items())

    def __str__(self) -> str:
        return "; ".join(map(describe, self)) if self._amounts else "{}"

    def __repr__(self) -> str:
        return f"<Resources {self}>"

    # --- what there is ---

    @property
    def quantities(self) -> Quantities:
        """How much of each name there is in all; a shared volume counts once, however many use it."""
        try:
            return self._quantities
        except AttributeError:
            self._quantities = _count(self._amounts, scalars_only=False)
            return self._quantities

    @property
    def scalar_quantities(self) -> Quantities:
        """How much of each name there is in scalars alone: what shares and quotas count."""
        try:
            return self._scalar_quantities
        except AttributeError:
            self._scalar_quantities = _count(self._amounts, scalars_only=True)
            return self._scalar_quantities

    @property
    def identities(self) -> Iterable[ResourceIdentity]:
        """The identities that there is something of, in order."""
        return self._amounts.keys()

    @property
    def names(self) -> tuple[str, ...]:
        """The names that there is something of, in order."""
        return tuple(dict.fromkeys(identity.name for identity in self._amounts))

    # --- parts ---

    def where(self, chosen: Callable[[ResourceIdentity], bool]) -> Resources:
        """The resources whose identities are chosen."""
        amounts = {identity: amount for identity, amount in self._amounts.items() if chosen(identity)}
        return self if len(amounts) == len(self._amounts) else _resources(amounts)

    @property
    def scalars(self) -> Resources:
        """All of type SCALAR."""
        return self.where(lambda identity: identity.type is _SCALAR)

    def reserved(self, role: str | None = None) -> Resources:
        """What is reserved for exactly `role`, or (None) for any role."""
        if role is None:
            return self.where(lambda identity: identity.reserved_role is not None)
        return self.where(lambda identity: identity.reserved_role == role)

    @property
    def reservations(self) -> dict[str, Resources]:
        """What is reserved, by role."""
        return self._grouped(lambda identity: identity.reserved_role)

    @property
    def unreserved(self) -> Resources:
        """What is reserved for nobody."""
        return self.where(lambda identity: identity.reserved_role is None)

    @property
    def without_refined(self) -> Resources:
        """What a framework sees that does not know refined reservations (stacks of two or more)."""
        return self.where(lambda identity: len(identity.reservations) < 2)

    @property
    def revocable(self) -> Resources:
        """What may be taken back at any time."""
        return self.where(lambda identity: identity.revocable)

    @property
    def non_revocable(self) -> Resources:
        """What is not taken back."""
        return self.where(lambda identity: not identity.revocable)

    @property
    def shared(self) -> Resources:
        """What several tasks may use at once."""
        return self.where(lambda identity: identity.shared)

    @property
    def non_shared(self) -> Resources:
        """What one task uses alone."""
        return self.where(lambda identity: not identity.shared)

    @property
    def persistent_volumes(self) -> Resources:
        """The persistent volumes."""
        return self.where(lambda identity: identity.persistent)

    def allocatable_to(self, role: str) -> Resources:
        """What the role may be offered: the unreserved, its own reservations and those of roles above."""
        return self.where(lambda identity: identity.allocatable_to(role))

    # --- the same amounts under other identities ---

    def allocate(self, role: str) -> Resources:
        """The same, allocated to `role`."""
        return self._changed(lambda identity: identity.allocated(role))

    def unallocate(self) -> Resources:
        """The same, allocated to nobody."""
        return self._changed(lambda identity: identity.allocated(None))

    @property
    def allocations(self) -> dict[str, Resources]:
        """What is allocated, by role."""
        return self._grouped(lambda identity: identity.allocation)

    def flatten(self, reservations: tuple[Resource.ReservationInfo, ...] = ()) -> Resources:
        """The same, each with this stack of reservations in place of its own."""
        return self._changed(lambda identity: identity.reserved(reservations))

    def to_unreserved(self) -> Resources:
        """The same, reserved for nobody."""
        return self.flatten()

    def push_reservation(self, reservation: Resource.ReservationInfo) -> Resources:
        """The same, reserved one level deeper; raises ValueError unless that refines each stack."""
        pushed = self._changed(lambda identity: identity.reserved((*identity.reservations, reservation)))
        return Resources(pushed)

    def pop_reservation(self) -> Resources:
        """The same without the last level of reservation; raises ValueError where there is none."""
        unreserved = self.unreserved
        if unreserved:
            raise ValueError(f"cannot unreserve {unreserved}: is not reserved")
        return self._changed(lambda identity: identity.reserved(identity.reservations[:-1]))

    # --- choosing amounts ---

    def limit(self, thousandths: Mapping[str, int]) -> Resources:
        """As much as fits: of each named scalar at most so much, of all other resources all.

        A disk that is given whole is kept or left. What comes first in iteration is kept first.
        """
        room = dict(thousandths)
        amounts = {}
        for identity, amount in self._amounts.items():
            if identity.type is _SCALAR and identity.name in room:
                unit = identity.size or 1
                amount = min(amount, max(room[identity.name], 0) // unit)
                room[identity.name] -= amount * unit
            if amount:
                amounts[identity] = amount
        return _resources(amounts)

    def find(self, target: Resources) -> Resources | None:
        """Resources from here in the amounts of `target`, whatever their reservations; None if too few.

        Of each, those reserved as in `target` are taken first, then unreserved ones, then any.
        """
        found, remaining = Resources(), self
        for identity, amount in target._amounts.items():
            wanted = _resources({identity.reserved(()): amount})
            for preferred in _by_preference(identity.reserved_role):
                taken = remaining.where(preferred).matching(wanted)
                found += taken
                remaining -= taken
                wanted -= taken.to_unreserved()
                if not wanted:
                    break
            else:
                return None
        return found

    def matching(self, wanted: Resources) -> Resources:
        """As much of `wanted`, all of it unreserved, as there is here under whatever reservations."""
        missing = wanted._amounts.copy()
        taken: dict[ResourceIdentity, Amount] = {}
        for identity, amount in self._amounts.items():
            flat = identity.reserved(())
            want = missing.get(flat)
            if want and (part := common(amount, want)):
                taken[identity] = part
                missing[flat] = subtract(want, part)
        return _resources(taken)

    def _changed(self, change: Callable[[ResourceIdentity], ResourceIdentity]) -> Resources:
        amounts: dict[ResourceIdentity, Amount] = {}
        for identity, amount in self._amounts.items():
            _add(amounts, change(identity), amount)
        return _resources(amounts)

    def _grouped(self, key: Callable[[ResourceIdentity], str | None]) -> dict[str, Resources]:
        groups: dict[str, dict[ResourceIdentity, Amount]] = {}
        for identity, amount in self._amounts.items():
            name = key(identity)
            if name is not None:
                groups.setdefault(name, {})[identity] = amount
        return {name: _resources(amounts) for name, amounts in groups.items()}


def _resources(amounts: dict[ResourceIdentity, Amount]) -> Resources:
    """Skip the constructor, for amounts that are known to be sound."""
    resources = object.__new__(Resources)
    resources._amounts = amounts
    return resources


def _add(amounts: dict[ResourceIdentity, Amount], identity: ResourceIdentity, more: Amount) -> None:
    mine = amounts.get(identity)
    amounts[identity] = more if mine is None else add(mine, more)


def _by_preference(role: str | None) -> tuple[Callable[[ResourceIdentity], bool], ...]:
    return (
        lambda identity: identity.reserved_role == role,
        lambda identity: identity.reserved_role is None,
        lambda _: True,
    )


def _count(amounts: dict[ResourceIdentity, Amount], *, scalars_only: bool) -> Quantities:
    thousandths: dict[str, int] = {}
    for identity, amount in amounts.items():
        if scalars_only and identity.type is not _SCALAR:
            continue
        if identity.size is not None:
            amount = identity.size if identity.shared else identity.size * amount
        elif type(amount) is not int:
            amount = quantity(amount)
        thousandths[identity.name] = thousandths.get(identity.name, 0) + amount
    return of_positive(thousandths)


def _insufficient(mine: Resources, other: Resources, identity: ResourceIdentity) -> InsufficientError:
    return InsufficientError(f"cannot subtract {other} from {mine}: there is too little {identity.name}")
