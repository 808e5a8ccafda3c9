"""The text and JSON grammars of resources (mesos-protocol.md §9.1), and how they are shown (§9.3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec.structs import replace

from transport import decoders
from transport.records.labels import Labels
from transport.records.reservation_format import upgrade
from transport.records.resource import Resource
from transport.records.value import Value
from transport.records.value_text import format_ranges, format_scalar, format_set, parse_value
from transport.records.volume import Volume

_ReservationInfo = Resource.ReservationInfo
_Source = Resource.DiskInfo.Source

_RESOURCES: Final = decoders.of_json(tuple[Resource, ...], strict=False)


def parse_resources(text: str, default_role: str = "*") -> tuple[Resource, ...]:
    """Read `cpus:4;ports:[31000-32000];disk(role):100` or a JSON array of resources, for a command line.

    Raises ValueError naming the rule that `text` breaks; `resource_validation` checks what the records say.
    """
    if text.lstrip().startswith("["):
        resources = _parse_json(text, default_role)
    else:
        items = filter(None, (item.strip() for item in text.split(";")))
        resources = tuple(_parse_item(item, default_role) for item in items)
    _check_command_line(resources)
    return resources


def _parse_json(text: str, default_role: str) -> tuple[Resource, ...]:
    try:
        resources = _RESOURCES.decode(text)
    except msgspec.DecodeError as error:
        raise ValueError(f"resources: not a JSON array of resources: {error}") from error
    return tuple(_with_default_role(resource, default_role) for resource in resources)


def _with_default_role(resource: Resource, default_role: str) -> Resource:
    if resource.role is None and not resource.reservations:
        resource = replace(resource, role=default_role)
    return upgrade(resource)


def _parse_item(item: str, default_role: str) -> Resource:
    head, colon, rest = item.partition(":")
    if not colon or not head.strip() or ":" in rest:
        raise ValueError(f"resource {item!r}: must be name:value or name(role):value")
    name, role = _parse_head(head.strip(), item, default_role)
    value = parse_value(rest)
    if value.type is Value.Type.TEXT:
        raise ValueError(f"resource {item!r}: a text is no resource")
    resource = Resource(
        name=name, type=value.type, scalar=value.scalar, ranges=value.ranges, set=value.set, role=role
    )
    return upgrade(resource)


def _parse_head(head: str, item: str, default_role: str) -> tuple[str, str]:
    name, parenthesis, role = head.partition("(")
    if not parenthesis and ")" not in name:
        return name, default_role
    if not role.endswith(")") or "(" in role or ")" in name + role[:-1]:
        raise ValueError(f"resource {item!r}: parentheses do not match")
    return name.strip(), role[:-1].strip()


def _check_command_line(resources: Iterable[Resource]) -> None:
    types: dict[str, Value.Type] = {}
    for resource in resources:
        name = resource.name
        if resource.disk is not None and resource.disk.persistence is not None:
            raise ValueError(f"resource {name}: a persistent volume cannot be declared, only created")
        if resource.revocable is not None:
            raise ValueError(f"resource {name}: a revocable resource cannot be declared")
        if any(level.type is _ReservationInfo.Type.DYNAMIC for level in resource.reservations):
            raise ValueError(f"resource {name}: a dynamic reservation cannot be declared, only made")
        if types.setdefault(name, resource.type) is not resource.type:
            raise ValueError(f"resource {name}: is declared with two types")


def format_resources(resources: Iterable[Resource]) -> str:
    """Write resources of the stack form in the text grammar.

    Raises ValueError for what it cannot say (`to_json` can): anything but an amount and one static
    reservation.
    """
    return ";".join(map(_format_item, resources))


def _format_item(resource: Resource) -> str:
    plain = Resource(name=resource.name, type=resource.type, reservations=resource.reservations)
    if replace(resource, scalar=None, ranges=None, set=None) != plain:
        raise ValueError(f"resource {describe(resource)}: has no form in the text grammar")
    if not resource.reservations:
        return f"{resource.name}:{_format_amount(resource)}"
    level = resource.reservations[-1]
    if resource.reservations != (_ReservationInfo(type=_ReservationInfo.Type.STATIC, role=level.role),):
        raise ValueError(f"resource {describe(resource)}: has no form in the text grammar")
    return f"{resource.name}({level.role}):{_format_amount(resource)}"


def to_json(resources: Iterable[Resource]) -> str:
    """Write resources as a JSON array."""
    return msgspec.json.encode(tuple(resources)).decode()


def describe(resource: Resource) -> str:
    """Show a resource of the stack form as Mesos logs it: `cpus(reservations: [(STATIC,role)]):4`."""
    parts = [resource.name]
    if resource.allocation_info is not None:
        parts.append(f"(allocated: {resource.allocation_info.role})")
    if resource.reservations:
        levels = ",".join(f"({_describe_reservation(level)})" for level in resource.reservations)
        parts.append(f"(reservations: [{levels}])")
    if resource.disk is not None:
        parts.append(f"[{_describe_disk(resource.disk)}]")
    if resource.revocable is not None:
        parts.append("{REV}")
    if resource.shared is not None:
        parts.append("<SHARED>")
    return f"{''.join(parts)}:{_format_amount(resource)}"


def _format_amount(resource: Resource) -> str:
    if resource.scalar is not None:
        return format_scalar(resource.scalar)
    if resource.ranges is not None:
        return format_ranges(resource.ranges)
    return format_set(resource.set or Value.Set())


def _describe_reservation(level: Resource.ReservationInfo) -> str:
    parts = [level.type.value if level.type is not None else "UNKNOWN", level.role or ""]
    if level.principal is not None:
        parts.append(level.principal)
    if level.labels is not None:
        parts.append(_describe_labels(level.labels))
    return ",".join(parts)


def _describe_labels(labels: Labels) -> str:
    pairs = (label.key if label.value is None else f"{label.key}: {label.value}" for label in labels.labels)
    return f"{{{', '.join(pairs)}}}"


def _describe_disk(disk: Resource.DiskInfo) -> str:
    parts = [] if disk.source is None else [_describe_source(disk.source)]
    if disk.persistence is not None:
        parts.append(disk.persistence.id)
    volume = "" if disk.volume is None else f":{_describe_volume(disk.volume)}"
    return ",".join(parts) + volume


def _describe_source(source: Resource.DiskInfo.Source) -> str:
    kind = source.type.value
    if source.id is not None or source.profile is not None:
        return f"{kind}({source.vendor or ''},{source.id or ''},{source.profile or ''})"
    place = source.mount if source.type is _Source.Type.MOUNT else source.path
    return kind if place is None or place.root is None else f"{kind}:{place.root}"


def _describe_volume(volume: Volume) -> str:
    if volume.host_path is None:
        return volume.container_path
    return f"{volume.host_path}:{volume.container_path}:{volume.mode.value.lower()}"
