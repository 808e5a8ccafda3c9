"""What tells one resource from another, and the amounts that resources of one identity hold."""

from __future__ import annotations

from functools import lru_cache

import msgspec
from msgspec.structs import force_setattr, replace

from transport.records.amount import Amount
from transport.records.ids import ResourceProviderID
from transport.records.labels import Labels
from transport.records.ranges import coalesce
from transport.records.resource import Resource
from transport.records.scalar import from_thousandths, to_thousandths
from transport.records.value import Value

_DiskInfo = Resource.DiskInfo
_Source = Resource.DiskInfo.Source
_ReservationInfo = Resource.ReservationInfo


class _Aside:
    """Carries what belongs to a resource without telling it from others: all are equal.

    `disk` is None where the identity's own says everything.
    """

    __slots__ = ("disk",)

    def __init__(self, disk: Resource.DiskInfo | None) -> None:
        self.disk = disk

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Aside)

    def __hash__(self) -> int:
        return 0


_NOTHING_ASIDE = _Aside(None)


class ResourceIdentity(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """All of a resource but its amount; resources of equal identity add up.

    A disk that is given whole (a persistent volume, a mount) has its size in its identity, and the
    amount counts copies: no part of it can be taken, and a shared volume counts its users.
    """

    name: str
    type: Value.Type
    reservations: tuple[Resource.ReservationInfo, ...] = ()
    #: Source and persistent id. Where a container sees the volume and who made it stand aside.
    disk: Resource.DiskInfo | None = None
    aside: _Aside = _NOTHING_ASIDE
    provider: str | None = None
    revocable: bool = False
    shared: bool = False
    #: The role to which the resource is allocated.
    allocation: str | None = None
    #: Thousandths of a resource that is given whole; None for one that can be divided.
    size: int | None = None
    #: The role for which it is reserved, given by `reservations`; None for an unreserved resource.
    reserved_role: str | None = None
    #: Whether it is a persistent volume, given by `disk`.
    persistent: bool = False

    def __post_init__(self) -> None:
        role = self.reservations[-1].role if self.reservations else None
        force_setattr(self, "reserved_role", role)
        force_setattr(self, "persistent", self.disk is not None and self.disk.persistence is not None)

    def allocatable_to(self, role: str) -> bool:
        """Whether it is unreserved, or reserved for the role or for one above it."""
        reserved = self.reserved_role
        return reserved is None or role == reserved or role.startswith(f"{reserved}/")

    def allocated(self, role: str | None) -> ResourceIdentity:
        """The same resource, allocated to `role` or (None) to nobody."""
        if self.allocation == role:
            return self
        # Equal keys of a cache may differ in what stands aside.
        return _allocated(self, role) if self.aside.disk is None else replace(self, allocation=role)

    def reserved(self, reservations: tuple[Resource.ReservationInfo, ...]) -> ResourceIdentity:
        """The same resource with another stack of reservations."""
        return replace(self, reservations=tuple(map(_canonical_reservation, reservations)))

    def to_record(self, amount: Amount) -> Resource:
        """The resource as it travels; of one given whole, a single copy."""
        kind = self.type
        thousandths = amount if self.size is None else self.size
        provider = None if self.provider is None else ResourceProviderID(value=self.provider)
        allocation = None if self.allocation is None else Resource.AllocationInfo(role=self.allocation)
        return Resource(
            provider_id=provider,
            name=self.name,
            type=kind,
            scalar=Value.Scalar(value=from_thousandths(thousandths)) if kind is Value.Type.SCALAR else None,
            ranges=_ranges_record(amount) if kind is Value.Type.RANGES else None,
            set=Value.Set(item=tuple(sorted(amount))) if kind is Value.Type.SET else None,
            allocation_info=allocation,
            reservations=self.reservations,
            disk=self.aside.disk or self.disk,
            revocable=Resource.RevocableInfo() if self.revocable else None,
            shared=Resource.SharedInfo() if self.shared else None,
        )


def identify(resource: Resource) -> tuple[ResourceIdentity, Amount]:
    """Split a valid resource of the stack form into identity and amount."""
    amount: Amount
    size = None
    if resource.scalar is not None:
        amount = to_thousandths(resource.scalar.value)
        if amount and resource.disk is not None and _is_given_whole(resource.disk):
            size, amount = amount, 1
    elif resource.ranges is not None:
        amount = coalesce((range_.begin, range_.end) for range_ in resource.ranges.range)
    else:
        amount = frozenset(resource.set.item if resource.set is not None else ())
    disk = None if resource.disk is None else _comparable(resource.disk)
    identity = ResourceIdentity(
        name=resource.name,
        type=resource.type,
        reservations=tuple(map(_canonical_reservation, resource.reservations)),
        disk=disk,
        aside=_NOTHING_ASIDE if resource.disk == disk else _Aside(resource.disk),
        provider=None if resource.provider_id is None else resource.provider_id.value,
        revocable=resource.revocable is not None,
        shared=resource.shared is not None,
        allocation=None if resource.allocation_info is None else resource.allocation_info.role,
        size=size,
    )
    return (_interned(identity) if identity.aside.disk is None else identity), amount


def _is_given_whole(disk: Resource.DiskInfo) -> bool:
    if disk.persistence is not None:
        return True
    if disk.source is None or disk.source.type is _Source.Type.PATH:
        return False
    # Raw storage without an id is a pool from which disks are made.
    return disk.source.type is not _Source.Type.RAW or disk.source.id is not None


def _comparable(disk: Resource.DiskInfo) -> Resource.DiskInfo:
    persistence = disk.persistence and _DiskInfo.Persistence(id=disk.persistence.id)
    source = disk.source
    if source is not None and source.metadata is not None:
        source = replace(source, metadata=_canonical_labels(source.metadata))
    return _DiskInfo(persistence=persistence, source=source)


def _canonical_reservation(reservation: Resource.ReservationInfo) -> Resource.ReservationInfo:
    if reservation.labels is None:
        return reservation
    return replace(reservation, labels=_canonical_labels(reservation.labels))


def _canonical_labels(labels: Labels) -> Labels:
    """Sort labels: their order tells nothing apart, and some languages' maps have none."""
    return Labels(labels=tuple(sorted(labels.labels, key=lambda label: (label.key, label.value or ""))))


def _ranges_record(ranges: tuple[tuple[int, int], ...]) -> Value.Ranges:
    return Value.Ranges(range=tuple(Value.Range(begin=begin, end=end) for begin, end in ranges))


@lru_cache(maxsize=2**16)
def _interned(identity: ResourceIdentity) -> ResourceIdentity:
    """Let equal identities be one object, which makes finding them in a dict faster."""
    return identity


@lru_cache(maxsize=2**16)
def _allocated(identity: ResourceIdentity, role: str | None) -> ResourceIdentity:
    return replace(identity, allocation=role)
