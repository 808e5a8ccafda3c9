"""What an offer operation does to resources: some are consumed, others come in their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from transport.records.offer import Offer
from transport.records.reservation_format import upgrade
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.scalar import from_thousandths, to_thousandths
from transport.records.value import Value

_Type = Offer.Operation.Type
_DYNAMIC = Resource.ReservationInfo.Type.DYNAMIC
_Body = TypeVar("_Body")


class ResourceConversion(NamedTuple):
    """Resources that are used up, and those that are made of them."""

    consumed: Resources
    converted: Resources


def apply_operation(resources: Resources, operation: Offer.Operation) -> Resources:
    """The resources after an operation; raises ValueError naming what is wrong or missing."""
    consumed, converted = conversion_of(operation)
    if not resources.contains(consumed):
        raise ValueError(f"{_name(operation)}: {consumed} is not contained in {resources}")
    remaining = resources - consumed
    if operation.type is _Type.DESTROY and not set(consumed.identities).isdisjoint(remaining.identities):
        raise ValueError(f"DESTROY: {consumed} is shared with others that still use it")
    return remaining + converted


def conversion_of(operation: Offer.Operation) -> ResourceConversion:
    """What an operation consumes and makes; raises ValueError naming the rule that it breaks.

    Launches convert nothing. CREATE_DISK and DESTROY_DISK are refused: only the resource provider knows
    what they make.
    """
    if operation.type in (_Type.LAUNCH, _Type.LAUNCH_GROUP):
        return ResourceConversion(Resources(), Resources())
    convert = _CONVERSIONS.get(operation.type) if operation.type is not None else None
    if convert is None:
        raise ValueError(f"{_name(operation)}: what it makes of resources cannot be foretold")
    return convert(operation)


def _reserve(operation: Offer.Operation) -> ResourceConversion:
    reserve = _body(operation, operation.reserve)
    reserved = Resources(reserve.resources)
    for identity in reserved.identities:
        if not identity.reservations or identity.reservations[-1].type is not _DYNAMIC:
            raise ValueError(f"RESERVE: {identity.name} must end in a dynamic reservation")
    source = Resources(reserve.source) if reserve.source else reserved.pop_reservation()
    if source.to_unreserved() != reserved.to_unreserved():
        raise ValueError("RESERVE: source and resources must differ in their reservations alone")
    return ResourceConversion(source, reserved)


def _unreserve(operation: Offer.Operation) -> ResourceConversion:
    reserved = Resources(_body(operation, operation.unreserve).resources)
    for identity in reserved.identities:
        if not identity.reservations or identity.reservations[-1].type is not _DYNAMIC:
            raise ValueError(f"UNRESERVE: {identity.name} must end in a dynamic reservation")
        if identity.persistent:
            raise ValueError(f"UNRESERVE: {identity.name} has a persistent volume on it")
    return ResourceConversion(reserved, reserved.pop_reservation())


def _create(operation: Offer.Operation) -> ResourceConversion:
    volumes = _body(operation, operation.create).volumes
    return ResourceConversion(_space_of("CREATE", volumes), Resources(volumes))


def _destroy(operation: Offer.Operation) -> ResourceConversion:
    volumes = _body(operation, operation.destroy).volumes
    return ResourceConversion(Resources(volumes), _space_of("DESTROY", volumes))


def _grow(operation: Offer.Operation) -> ResourceConversion:
    grow = _body(operation, operation.grow_volume)
    volume, addition = _resizable("GROW_VOLUME", grow.volume), upgrade(grow.addition)
    space = Resources([addition])
    if not space:
        raise ValueError("GROW_VOLUME: addition must not be 0")
    if tuple(space.identities) != tuple(_space_of("GROW_VOLUME", (volume,)).identities):
        raise ValueError("GROW_VOLUME: addition must be of the same disk and reservation as the volume")
    grown = _resized(volume, _size(volume) + _size(addition))
    return ResourceConversion(Resources([volume]) + space, Resources([grown]))


def _shrink(operation: Offer.Operation) -> ResourceConversion:
    shrink = _body(operation, operation.shrink_volume)
    volume, less = _resizable("SHRINK_VOLUME", shrink.volume), to_thousandths(shrink.subtract.value)
    if not 0 < less < _size(volume):
        raise ValueError("SHRINK_VOLUME: subtract must be more than 0 and less than the volume")
    freed = _space_of("SHRINK_VOLUME", (_resized(volume, less),))
    shrunk = Resources([_resized(volume, _size(volume) - less)])
    return ResourceConversion(Resources([volume]), shrunk + freed)


_CONVERSIONS: Mapping[_Type, Callable[[Offer.Operation], ResourceConversion]] = {
    _Type.RESERVE: _reserve,
    _Type.UNRESERVE: _unreserve,
    _Type.CREATE: _create,
    _Type.DESTROY: _destroy,
    _Type.GROW_VOLUME: _grow,
    _Type.SHRINK_VOLUME: _shrink,
}


def _name(operation: Offer.Operation) -> str:
    return "operation" if operation.type is None else operation.type.value


def _body(operation: Offer.Operation, body: _Body | None) -> _Body:
    if body is None:
        raise ValueError(f"{_name(operation)}: the field of its type must be set")
    return body


def _space_of(operation: str, volumes: tuple[Resource, ...]) -> Resources:
    """The reserved disk that volumes are made on."""
    space = []
    for volume in volumes:
        if volume.disk is None or volume.disk.persistence is None:
            raise ValueError(f"{operation}: {volume.name} must be a persistent volume")
        source = volume.disk.source
        disk = None if source is None else Resource.DiskInfo(source=source)
        space.append(replace(volume, disk=disk, shared=None))
    return Resources(space)


def _resizable(operation: str, volume: Resource) -> Resource:
    source = volume.disk.source if volume.disk is not None else None
    if volume.shared is not None:
        raise ValueError(f"{operation}: a shared volume keeps its size")
    if source is not None and source.type is not Resource.DiskInfo.Source.Type.PATH:
        raise ValueError(f"{operation}: a volume on a disk that is given whole keeps its size")
    return upgrade(volume)


def _size(resource: Resource) -> int:
    return to_thousandths(resource.scalar.value) if resource.scalar is not None else 0


def _resized(volume: Resource, thousandths: int) -> Resource:
    return replace(volume, scalar=Value.Scalar(value=from_thousandths(thousandths)))
