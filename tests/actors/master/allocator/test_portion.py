from __future__ import annotations

import pytest

from actors.master.allocator.capability import EVERYTHING, REFINED, REVOCABLE, SHARED
from actors.master.allocator.lanes import Lanes
from actors.master.allocator.minimum import Minimum
from actors.master.allocator.portion import Portion, Portions, allocation_role
from tests.actors.master.allocator.factories import resources
from tests.transport.records.samples import Disk, dynamic, on_disk, scalar, static, volume
from transport.records.quantities import InsufficientError
from transport.records.resources import Resources

MINIMUM = Minimum.parse("cpus:0.01|mem:32")


def portions() -> Portions:
    return Portions(Lanes(), MINIMUM)


def test_equal_resources_are_one_portion() -> None:
    make = portions()

    assert make.of(resources("cpus:4;mem:8")) is make.of(resources("mem:8;cpus:4"))


def test_volumes_that_differ_in_where_they_are_seen_are_not() -> None:
    """They count as the same, yet each must be offered as it is."""
    make = portions()
    here, there = Resources([volume("v", 1, "here")]), Resources([volume("v", 1, "there")])

    assert make.of(here) is not make.of(there)
    assert str(make.of(there).tagged("a")) == str(there.allocate("a"))


def test_each_role_sees_what_is_reserved_for_it_or_above_it() -> None:
    offer = portions().of(resources("cpus:1;cpus(a):2;cpus(b):4"))

    assert offer.seen_by("a/x", EVERYTHING).resources == resources("cpus:1;cpus(a):2")
    assert offer.seen_by("ab", EVERYTHING).resources == resources("cpus:1")


@pytest.mark.parametrize(
    ("kind", "special"),
    [
        (REVOCABLE, resources("cpus*:2")),
        (SHARED, Resources([volume("v", 1, shared=True)])),
        (REFINED, Resources([scalar("cpus", 2, (static("a"), dynamic("a/x")))])),
    ],
)
def test_only_those_who_can_deal_with_a_kind_see_it(kind: int, special: Resources) -> None:
    offer = portions().of(resources("cpus:1") + special)

    assert offer.seen_by("a/x", EVERYTHING).resources == resources("cpus:1") + special
    assert offer.seen_by("a/x", EVERYTHING & ~kind).resources == resources("cpus:1")


def test_free_is_what_quotas_count() -> None:
    offer = portions().of(resources("cpus:1;cpus(a):2;cpus*:4;ports:[1-9]"))

    assert offer.free_thousandths == {"cpus": 1000}
    assert offer.thousandths == {"cpus": 7000, "ports": 9000}


def test_it_is_limited_in_what_is_free_alone() -> None:
    offer = portions().of(resources("cpus:4;mem:64;cpus(a):2"))

    assert offer.limited({"cpus": 1500}).resources == resources("cpus:1.5;mem:64;cpus(a):2")


def test_disks_are_kept_in_the_order_of_their_descriptions_and_mounts_as_a_whole() -> None:
    mounts = [
        scalar(
            "disk",
            100,
            disk=on_disk(source=Disk.Source(type=Disk.Source.Type.MOUNT, mount=Disk.Source.Mount(root=root))),
        )
        for root in "nm"
    ]
    offer = portions().of(Resources([*mounts, scalar("disk", 50)]))

    limited = offer.limited({"disk": 160000})

    assert limited.resources == Resources([scalar("disk", 50), mounts[1]])
    assert offer.limited({"disk": 99000}).resources == Resources([scalar("disk", 50)])


def test_could_meet_never_denies_what_limiting_would_leave() -> None:
    offer = portions().of(resources("cpus:4;mem:16;cpus(a):2"))

    assert offer.could_meet(MINIMUM, {"cpus": 0})
    assert not portions().of(resources("cpus:4;mem:16")).could_meet(MINIMUM, {"cpus": 5})


def test_what_is_not_part_of_it_cannot_be_taken_away() -> None:
    make = portions()

    with pytest.raises(InsufficientError):
        make.of(resources("cpus:1")).minus(make.of(resources("cpus:2")))


def test_memory_stays_bounded_however_many_kinds_there_are() -> None:
    make = portions()
    one = make.of(resources("cpus:1"))
    portion: Portion = one
    for _ in range(20_000):
        portion = portion.plus(one)

    assert portion.thousandths == {"cpus": 20_001_000}
    assert len(make.kept) <= 2**14
    assert len(make._by_resources) <= 2**14


@pytest.mark.parametrize(
    "given", [resources("cpus:1"), resources("cpus:1").allocate("a") + resources("mem:1")]
)
def test_what_is_not_allocated_to_one_role_has_no_allocation_role(given: Resources) -> None:
    with pytest.raises(ValueError, match="must be allocated to one role"):
        allocation_role(given)
