"""Which rule a resource breaks (mesos-protocol.md §9.4)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

import msgspec
from msgspec.structs import replace

from transport.records.names import id_error, is_strict_subrole, role_error
from transport.records.reservation_format import upgrade
from transport.records.resource import Resource
from transport.records.scalar import to_thousandths
from transport.records.value import Value

_ReservationInfo = Resource.ReservationInfo
_Source = Resource.DiskInfo.Source

#: The most that Mesos' own arithmetic, 64 bits of thousandths, can count.
_MOST: Final = 9_223_372_036_854_774
#: What sets a resource apart from others of its name is told with each offer and task that has some of it.
_MOST_NAME_LENGTH: Final = 255
_MOST_DETAIL_BYTES: Final = 4_096
_PLAIN: Final = (None, (), None, None)


def resources_error(resources: Iterable[Resource]) -> str | None:
    """Which rule one of the resources breaks, or None."""
    return next(filter(None, map(resource_error, resources)), None)


def resource_error(resource: Resource) -> str | None:
    """Which rule a resource breaks, its reservation being in any format (§9.5), or None."""
    for rule in (_value_error, _format_error, _reservation_error, _disk_error, _sharing_error, _detail_error):
        error = rule(resource)
        if error is not None:
            return f"resource {resource.name[:_MOST_NAME_LENGTH]!r}: {error}"
    return None


def _value_error(resource: Resource) -> str | None:
    if not resource.name:
        return "name must not be empty"
    if len(resource.name) > _MOST_NAME_LENGTH:
        return f"name must not be longer than {_MOST_NAME_LENGTH}"
    values = {
        Value.Type.SCALAR: resource.scalar,
        Value.Type.RANGES: resource.ranges,
        Value.Type.SET: resource.set,
    }
    if resource.type not in values:
        return f"type must be SCALAR, RANGES or SET, not {resource.type.value}"
    if [kind for kind, value in values.items() if value is not None] != [resource.type]:
        return f"must have a value of its type {resource.type.value} and no other"
    if resource.scalar is not None:
        return _scalar_error(resource.name, resource.scalar.value)
    if resource.ranges is not None:
        return _ranges_error(resource.ranges)
    if resource.set is not None and len(set(resource.set.item)) < len(resource.set.item):
        return "set must have no word twice"
    return None


def _scalar_error(name: str, value: float) -> str | None:
    if not math.isfinite(value):
        return f"scalar must be finite, not {value}"
    if value < 0:
        return f"scalar must not be negative: {value}"
    if value > _MOST:
        return f"scalar must not be more than {_MOST}: {value}"
    if value and not to_thousandths(value):
        return f"scalar must not be so small that it counts as 0: {value}"
    if name == "gpus" and to_thousandths(value) % 1000:
        return f"gpus must be a whole number, not {value}"
    return None


def _ranges_error(ranges: Value.Ranges) -> str | None:
    for range_ in ranges.range:
        if range_.begin > range_.end:
            return f"range {range_.begin}-{range_.end} must not begin after it ends"
    for range_, following in pairwise(sorted(ranges.range, key=lambda range_: range_.begin)):
        if following.begin <= range_.end:
            return f"ranges must not overlap, but {following.begin} is in two of them"
    return None


def _format_error(resource: Resource) -> str | None:
    """The fields of the older format, alone or beside the stack."""
    role, old = resource.role, resource.reservation
    if not resource.reservations:
        if role is not None and (error := role_error(role)) is not None:
            return error
        if old is None:
            return None
        if old.type is not None or old.role is not None:
            return "reservation must have neither type nor role where there is no stack of reservations"
        return "role '*' cannot be reserved dynamically" if role in (None, "*") else None
    if role is None and old is None:
        return None
    if len(resource.reservations) > 1:
        return "role and reservation must not be set beside a refined reservation"
    (level,) = resource.reservations
    told = replace(old or _ReservationInfo(), type=level.type, role=role)
    if (old is not None) != (level.type is _ReservationInfo.Type.DYNAMIC) or told != level:
        return "role and reservation must say the same as reservations"
    return None


def _reservation_error(resource: Resource) -> str | None:
    for level in resource.reservations:
        if level.type not in (_ReservationInfo.Type.STATIC, _ReservationInfo.Type.DYNAMIC):
            return "each of reservations must have type STATIC or DYNAMIC"
        if level.role is None:
            return "each of reservations must have a role"
        if (error := role_error(level.role)) is not None:
            return error
        if level.role == "*":
            return "role '*' cannot be reserved"
    for level, refined in pairwise(resource.reservations):
        if refined.type is _ReservationInfo.Type.STATIC:
            return "only the first of reservations may be STATIC"
        if not is_strict_subrole(refined.role or "", level.role or ""):
            return f"reservation for {refined.role!r} does not refine that for {level.role!r}"
    return None


def _disk_error(resource: Resource) -> str | None:
    disk = resource.disk
    if disk is None:
        return None
    if resource.name != "disk":
        return "disk must be set only for the resource named disk"
    source = disk.source
    if source is not None:
        if source.type is _Source.Type.UNKNOWN:
            return "disk.source.type must be known"
        whole = source.type in (_Source.Type.BLOCK, _Source.Type.RAW)
        if whole and (source.mount is not None or source.path is not None):
            return f"disk.source of type {source.type.value} must have neither mount nor path"
    return None if disk.persistence is None else _volume_error(resource, disk, disk.persistence.id)


def _volume_error(resource: Resource, disk: Resource.DiskInfo, identifier: str) -> str | None:
    if resource.revocable is not None:
        return "a persistent volume must not be revocable"
    if not upgrade(resource).reservations:
        return "a persistent volume must be on reserved disk"
    if (error := id_error(identifier)) is not None:
        return f"disk.persistence.id: {error}"
    volume = disk.volume
    if volume is None:
        return "a persistent volume must say where it is seen: disk.volume"
    if volume.host_path is not None:
        return "disk.volume.host_path must not be set for a persistent volume"
    path = volume.container_path
    if "/" in path or path in ("", ".", ".."):
        return f"disk.volume.container_path must be a single relative component, not {path!r}"
    return None


def _sharing_error(resource: Resource) -> str | None:
    if resource.shared is not None and (resource.disk is None or resource.disk.persistence is None):
        return "only a persistent volume can be shared"
    return None


def _detail_error(resource: Resource) -> str | None:
    details = (resource.reservation, resource.reservations, resource.disk, resource.provider_id)
    if details == _PLAIN or len(msgspec.msgpack.encode(details)) <= _MOST_DETAIL_BYTES:
        return None
    return f"reservations and disk must not have more than {_MOST_DETAIL_BYTES} bytes together"
