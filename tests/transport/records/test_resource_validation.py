"""Each rule of mesos-protocol.md §9.4, by what breaks it and what the refusal says."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from tests.transport.records.samples import (
    any_resource,
    dynamic,
    on_disk,
    ranges,
    scalar,
    static,
    volume,
    words,
)
from transport.records.resource import Resource
from transport.records.resource_validation import resource_error, resources_error
from transport.records.value import Value
from transport.records.volume import Volume

Source = Resource.DiskInfo.Source
CPU = scalar("cpus", 1)
VOLUME = volume("v", 1)


def seen_at(path: str, host_path: str | None = None) -> Resource:
    assert VOLUME.disk is not None
    seen = Volume(mode=Volume.Mode.RW, container_path=path, host_path=host_path)
    return replace(VOLUME, disk=replace(VOLUME.disk, volume=seen))


def old(role: str | None, reservation: Resource.ReservationInfo | None = None) -> Resource:
    return replace(CPU, role=role, reservation=reservation or Resource.ReservationInfo())


def disk_of(source: Resource.DiskInfo.Source) -> Resource:
    return scalar("disk", 1, disk=on_disk(source=source))


BROKEN = [
    (scalar("", 1), "name must not be empty"),
    (replace(CPU, type=Value.Type.TEXT), "type must be SCALAR, RANGES or SET, not TEXT"),
    (replace(CPU, scalar=None), "must have a value of its type SCALAR and no other"),
    (replace(CPU, set=Value.Set()), "must have a value of its type SCALAR and no other"),
    (replace(CPU, type=Value.Type.SET), "must have a value of its type SET and no other"),
    (scalar("cpus", -1), "scalar must not be negative: -1"),
    (scalar("cpus", float("nan")), "scalar must be finite, not nan"),
    (scalar("x" * 256, 1), "name must not be longer than 255"),
    (scalar("cpus", 1, (dynamic("a", "p" * 5000),)), "must not have more than 4096 bytes"),
    (scalar("cpus", 1e16), "scalar must not be more than 9223372036854774: 1e+16"),
    (scalar("cpus", 0.0004), "scalar must not be so small that it counts as 0: 0.0004"),
    (scalar("gpus", 1.5), "gpus must be a whole number, not 1.5"),
    (ranges("ports", (2, 1)), "range 2-1 must not begin after it ends"),
    (ranges("ports", (5, 9), (1, 5)), "ranges must not overlap, but 5 is in two of them"),
    (words("zones", "a", "b", "a"), "set must have no word twice"),
    (replace(CPU, role="a//b"), "role 'a//b': must not begin or end with a slash, nor have two in a row"),
    (old("*"), "role '*' cannot be reserved dynamically"),
    (old(None), "role '*' cannot be reserved dynamically"),
    (old("a", Resource.ReservationInfo(role="a")), "must have neither type nor role"),
    (scalar("cpus", 1, (Resource.ReservationInfo(role="a"),)), "must have type STATIC or DYNAMIC"),
    (scalar("cpus", 1, (replace(static("a"), role=None),)), "each of reservations must have a role"),
    (scalar("cpus", 1, (static("*"),)), "role '*' cannot be reserved"),
    (scalar("cpus", 1, (static("-a"),)), "role '-a': a component must not begin with a dash"),
    (scalar("cpus", 1, (dynamic("a"), static("a/b"))), "only the first of reservations may be STATIC"),
    (scalar("cpus", 1, (static("a"), dynamic("a"))), "reservation for 'a' does not refine that for 'a'"),
    (scalar("cpus", 1, (static("a"), dynamic("ab"))), "reservation for 'ab' does not refine that for 'a'"),
    (replace(scalar("cpus", 1, (static("a"),)), role="b"), "must say the same as reservations"),
    (replace(scalar("cpus", 1, (dynamic("a"),)), role="a"), "must say the same as reservations"),
    (
        replace(scalar("cpus", 1, (static("a"), dynamic("a/b"))), role="a/b"),
        "must not be set beside a refined reservation",
    ),
    (scalar("mem", 1, disk=on_disk()), "disk must be set only for the resource named disk"),
    (
        scalar("disk", 1, disk=on_disk(source=Source(type=Source.Type.UNKNOWN))),
        "disk.source.type must be known",
    ),
    (
        disk_of(Source(type=Source.Type.RAW, path=Source.Path())),
        "disk.source of type RAW must have neither mount nor path",
    ),
    (
        disk_of(Source(type=Source.Type.BLOCK, mount=Source.Mount())),
        "disk.source of type BLOCK must have neither mount nor path",
    ),
    (replace(VOLUME, reservations=()), "a persistent volume must be on reserved disk"),
    (replace(VOLUME, revocable=Resource.RevocableInfo()), "a persistent volume must not be revocable"),
    (volume("a/b", 1), "disk.persistence.id: id 'a/b': must have no control characters"),
    (
        replace(VOLUME, disk=Resource.DiskInfo(persistence=Resource.DiskInfo.Persistence(id="v"))),
        "a persistent volume must say where it is seen",
    ),
    (seen_at("/data"), "disk.volume.container_path must be a single relative component, not '/data'"),
    (seen_at("a/b"), "disk.volume.container_path must be a single relative component, not 'a/b'"),
    (seen_at(".."), "disk.volume.container_path must be a single relative component, not '..'"),
    (seen_at("data", host_path="/h"), "disk.volume.host_path must not be set"),
    (replace(CPU, shared=Resource.SharedInfo()), "only a persistent volume can be shared"),
    (scalar("disk", 1, disk=on_disk(), shared=True), "only a persistent volume can be shared"),
]


@pytest.mark.parametrize(("resource", "rule"), BROKEN)
def test_a_resource_that_breaks_a_rule_is_told_which(resource: Resource, rule: str) -> None:
    error = resource_error(resource)
    assert error is not None
    assert error.startswith(f"resource {resource.name[:255]!r}: ")
    assert rule in error


@pytest.mark.parametrize(
    "resource",
    [
        scalar("cpus", 0),
        scalar("gpus", 2),
        ranges("ports"),
        ranges("ports", (5, 9), (1, 4)),
        replace(CPU, role="*"),
        replace(CPU, role="a"),
        old("a", Resource.ReservationInfo(principal="ops")),
        replace(scalar("cpus", 1, (static("a"),)), role="a"),
        replace(
            scalar("cpus", 1, (dynamic("a", "ops"),)),
            role="a",
            reservation=Resource.ReservationInfo(principal="ops"),
        ),
        replace(VOLUME, reservations=(), role="a"),
        scalar("cpus", 1, (dynamic("a"), dynamic("a/b"), dynamic("a/b/c"))),
    ],
)
def test_a_resource_in_any_format_may_be_sound(resource: Resource) -> None:
    assert resource_error(resource) is None


def test_the_first_broken_rule_of_several_resources_is_told() -> None:
    assert resources_error([CPU, VOLUME]) is None
    assert resources_error([CPU, scalar("mem", -1), scalar("", 1)]) == resource_error(scalar("mem", -1))


def test_the_samples_of_the_property_tests_are_sound() -> None:
    rng = Random(17)
    assert resources_error(any_resource(rng) for _ in range(500)) is None
