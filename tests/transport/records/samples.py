"""Random resources for property tests; the same seed gives the same ones."""

from __future__ import annotations

from random import Random

from transport.records.ids import ResourceProviderID
from transport.records.labels import Label, Labels
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.scalar import from_thousandths
from transport.records.value import Value
from transport.records.volume import Volume

Level = Resource.ReservationInfo
Disk = Resource.DiskInfo


def static(role: str) -> Resource.ReservationInfo:
    return Level(type=Level.Type.STATIC, role=role)


def dynamic(role: str, principal: str | None = None, **labels: str) -> Resource.ReservationInfo:
    pairs = tuple(Label(key=key, value=value) for key, value in labels.items())
    told = Labels(labels=pairs) if pairs else None
    return Level(type=Level.Type.DYNAMIC, role=role, principal=principal, labels=told)


STACKS = (
    (),
    (static("a"),),
    (dynamic("a"),),
    (dynamic("b", "ops", rack="r1"),),
    (static("a"), dynamic("a/x", "ops")),
)
SOURCES = (
    None,
    Disk.Source(type=Disk.Source.Type.PATH, path=Disk.Source.Path(root="/p")),
    Disk.Source(type=Disk.Source.Type.MOUNT, mount=Disk.Source.Mount(root="/m1")),
    Disk.Source(type=Disk.Source.Type.RAW, profile="fast"),
    Disk.Source(type=Disk.Source.Type.RAW, id="r1", profile="fast"),
)


def scalar(
    name: str,
    value: float,
    reservations: tuple[Resource.ReservationInfo, ...] = (),
    disk: Resource.DiskInfo | None = None,
    *,
    shared: bool = False,
) -> Resource:
    return Resource(
        name=name,
        type=Value.Type.SCALAR,
        scalar=Value.Scalar(value=value),
        reservations=reservations,
        disk=disk,
        shared=Resource.SharedInfo() if shared else None,
    )


def ranges(name: str, *pairs: tuple[int, int]) -> Resource:
    found = tuple(Value.Range(begin=begin, end=end) for begin, end in pairs)
    return Resource(name=name, type=Value.Type.RANGES, ranges=Value.Ranges(range=found))


def words(name: str, *items: str) -> Resource:
    return Resource(name=name, type=Value.Type.SET, set=Value.Set(item=items))


def on_disk(persistent: str | None = None, path: str = "data", source: Disk.Source | None = None) -> Disk:
    if persistent is None:
        return Disk(source=source)
    volume = Volume(mode=Volume.Mode.RW, container_path=path)
    return Disk(persistence=Disk.Persistence(id=persistent), volume=volume, source=source)


def volume(persistent: str, size: float, path: str = "data", *, shared: bool = False) -> Resource:
    return scalar("disk", size, (dynamic("a"),), on_disk(persistent, path), shared=shared)


def any_resource(rng: Random) -> Resource:
    """A valid resource of any kind; small amounts and few names, so that identities meet."""
    kind = rng.choice(("scalar", "scalar", "ranges", "set", "disk", "volume"))
    if kind == "ranges":
        begins = sorted(rng.sample(range(0, 100, 10), rng.randint(1, 4)))
        resource = ranges("ports", *((begin, begin + rng.randint(0, 9)) for begin in begins))
    elif kind == "set":
        resource = words("zones", *sorted(rng.sample("abcdef", rng.randint(1, 4))))
    elif kind == "disk":
        source = rng.choice(SOURCES)
        size = from_thousandths(rng.randint(1, 5) * 500)
        resource = scalar("disk", size, disk=None if source is None else on_disk(source=source))
    elif kind == "volume":
        return volume(rng.choice("vw"), rng.randint(1, 2), rng.choice("pq"), shared=rng.random() < 0.5)
    else:
        resource = scalar(rng.choice(("cpus", "mem")), from_thousandths(rng.randint(1, 5000)))
    return Resource(
        name=resource.name,
        type=resource.type,
        scalar=resource.scalar,
        ranges=resource.ranges,
        set=resource.set,
        disk=resource.disk,
        reservations=rng.choice(STACKS),
        revocable=Resource.RevocableInfo() if rng.random() < 0.1 else None,
        allocation_info=Resource.AllocationInfo(role="a") if rng.random() < 0.1 else None,
        provider_id=ResourceProviderID(value="p") if rng.random() < 0.1 else None,
    )


def any_resources(rng: Random, most: int = 6) -> Resources:
    return Resources(any_resource(rng) for _ in range(rng.randint(0, most)))
