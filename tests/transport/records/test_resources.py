"""The laws of the algebra, and what each view of a sum holds."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import msgspec
import pytest

from tests.transport.records.samples import (
    SOURCES,
    any_resource,
    any_resources,
    dynamic,
    on_disk,
    ranges,
    scalar,
    static,
    volume,
    words,
)
from transport.records.quantities import InsufficientError, Quantities
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.volume import Volume

parse = Resources.parse
NOTHING = Resources()
_, PATH, MOUNT, POOL, RAW = SOURCES
SEEN = Volume(mode=Volume.Mode.RW, container_path="data")


def pairs(seed: int, number: int = 2_000) -> Iterator[tuple[Resources, Resources]]:
    rng = Random(seed)
    for _ in range(number):
        yield any_resources(rng), any_resources(rng)


# --- laws ---


def test_a_million_operations_on_scalars_do_not_drift() -> None:
    rng = Random(5)
    tasks = [Resources([scalar("cpus", n / 1000), scalar("mem", n / 7)]) for n in range(1, 101)]
    running: list[Resources] = []
    total = start = parse("cpus:1000000;mem:1000000")
    for _ in range(500_000):
        task = rng.choice(tasks)
        total -= task
        running.append(task)
        if len(running) > 50:
            total += running.pop(rng.randrange(50))
    for task in running:
        total += task
    assert total == start


def test_subtracting_undoes_adding() -> None:
    for left, right in pairs(6):
        assert left.scalars + right.scalars - right.scalars == left.scalars
        new = right.without(left)  # ports and words are united: only those not there yet can be taken out
        assert left + new - new == left


def test_adding_is_commutative_and_associative() -> None:
    rng = Random(7)
    for left, right in pairs(7):
        third = any_resources(rng)
        assert left + right == right + left
        assert (left + right) + third == left + (right + third)
        assert left + NOTHING == left == NOTHING + left


def test_a_sum_contains_its_parts_and_what_is_contained_can_be_subtracted() -> None:
    for left, right in pairs(8):
        assert (left + right).contains(left)
        assert left.contains(left)
        if left.contains(right):
            assert (left - right) + right == left
        else:
            with pytest.raises(InsufficientError, match="cannot subtract"):
                left - right


def test_without_takes_no_more_than_there_is() -> None:
    for left, right in pairs(9):
        rest = left.without(right)
        assert left.contains(rest)
        if left.contains(right):
            assert rest == left - right
        assert left.without(left + right) == NOTHING


def test_quantities_of_a_sum_are_the_sum_of_quantities() -> None:
    rng = Random(10)
    for _ in range(2_000):
        resources = [any_resource(rng) for _ in range(5)]
        divisible = [one for one in resources if one.name not in ("ports", "zones") and one.shared is None]
        total = Quantities()
        for one in divisible:
            total += Resources([one]).quantities
        assert Resources(divisible).quantities == total == Resources(divisible).scalar_quantities


def test_records_add_up_to_the_sum_that_they_came_from() -> None:
    rng = Random(11)
    for _ in range(2_000):
        resources = any_resources(rng)
        records = list(resources)
        assert len(records) == len(resources)
        rng.shuffle(records)
        assert Resources(records) == resources
        assert hash(Resources(records)) == hash(resources)


def test_what_is_reserved_and_unreserved_is_everything() -> None:
    for resources, _ in pairs(12, 500):
        parts = [resources.unreserved, *resources.reservations.values()]
        assert sum(parts, NOTHING) == resources
        assert resources.unreserved + resources.reserved() == resources
        assert resources.revocable + resources.non_revocable == resources
        assert resources.shared + resources.non_shared == resources
        for role, part in resources.reservations.items():
            assert resources.reserved(role) == part


def test_allocating_and_unallocating_keeps_everything_else() -> None:
    for resources, _ in pairs(13, 500):
        free = resources.unallocate()
        assert free.allocate("r").unallocate() == free
        assert free.allocate("r").quantities == free.quantities
        assert set(free.allocate("r").allocations) == ({"r"} if free else set())
        assert free.allocations == {}


# --- identities ---


def cpu(**details: object) -> Resource:
    return msgspec.convert(
        {"name": "cpus", "type": "SCALAR", "scalar": {"value": 1.0}, **details}, type=Resource
    )


def test_each_part_of_an_identity_keeps_resources_apart() -> None:
    different = [
        scalar("mem", 1),
        cpu(),
        scalar("cpus", 1, (static("a"),)),
        scalar("cpus", 1, (dynamic("a"),)),
        scalar("cpus", 1, (dynamic("a", "ops"),)),
        scalar("cpus", 1, (dynamic("a", "ops", rack="1"),)),
        scalar("cpus", 1, (static("a"), dynamic("a/b"))),
        cpu(allocation_info={"role": "a"}),
        cpu(revocable={}),
        cpu(provider_id={"value": "p"}),
        scalar("disk", 1),
        scalar("disk", 1, disk=on_disk(source=PATH)),
        scalar("disk", 1, disk=on_disk(source=MOUNT)),
    ]
    assert len(Resources(different)) == len(different)
    for one in different:
        rest = Resources(other for other in different if other is not one)
        assert not rest.contains(Resources([one]))


def test_the_order_of_labels_tells_nothing_apart() -> None:
    left = Resources([scalar("cpus", 1, (dynamic("a", x="1", y="2"),))])
    right = Resources([scalar("cpus", 1, (dynamic("a", y="2", x="1"),))])
    assert left == right
    assert (left + right).quantities["cpus"] == 2000


def test_where_a_volume_is_seen_and_who_made_it_tell_nothing_apart_but_are_kept() -> None:
    here, there = Resources([volume("v", 1, "here")]), Resources([volume("v", 1, "there")])
    assert here == there
    assert here - there == NOTHING
    for resources, path in ((here, "here"), (there, "there"), (there.allocate("a"), "there")):
        (record,) = resources
        assert record.disk is not None
        assert record.disk.volume is not None
        assert record.disk.volume.container_path == path


def test_disk_that_is_to_be_seen_somewhere_is_the_disk_that_is_offered() -> None:
    used = scalar("disk", 1, disk=Resource.DiskInfo(volume=SEEN))
    plain = scalar("disk", 2, disk=Resource.DiskInfo())
    assert (Resources([plain]) - Resources([used])).quantities["disk"] == 1000
    assert (Resources([used]) + Resources([plain])).quantities["disk"] == 3000
    assert list(Resources([used])) == [used]


def test_a_volume_is_whole_or_not_there() -> None:
    large, small = Resources([volume("v", 2)]), Resources([volume("v", 1)])
    assert not large.contains(small)
    assert large.without(small) == large
    assert (large + small).quantities["disk"] == 3000


@pytest.mark.parametrize(
    ("source", "whole"), [(None, False), (PATH, False), (MOUNT, True), (POOL, False), (RAW, True)]
)
def test_disks_are_given_whole_as_their_source_has_it(
    source: Resource.DiskInfo.Source | None, whole: bool
) -> None:
    disk = on_disk(source=source) if source else None
    two, one = Resources([scalar("disk", 2, disk=disk)]), Resources([scalar("disk", 1, disk=disk)])
    assert two.contains(one) is not whole
    assert len(two + one) == (2 if whole else 1)


def test_a_shared_volume_counts_its_users_and_its_size_once() -> None:
    one = Resources([volume("v", 2, shared=True)])
    two = one + one
    assert two != one
    assert two.contains(two)
    assert not one.contains(two)
    assert len(two) == 2
    assert two.quantities == one.quantities == Quantities.parse("disk:2")
    assert two - one == one


# --- amounts ---


def test_nothing_of_a_resource_is_nothing() -> None:
    assert Resources([scalar("cpus", 0), ranges("ports"), words("zones"), scalar("disk", 0)]) == NOTHING
    assert not NOTHING
    assert parse("cpus:1") - parse("cpus:1") == NOTHING


def test_ranges_and_sets_unite_and_differ() -> None:
    resources = parse("ports:[1-5];zones:{a,b}") + parse("ports:[4-9];zones:{b,c}")
    assert resources == parse("ports:[1-9];zones:{a,b,c}")
    assert resources - parse("ports:[3-4];zones:{a}") == parse("ports:[1-2,5-9];zones:{b,c}")
    assert resources.quantities == Quantities({"ports": 9000, "zones": 3000})
    assert resources.scalar_quantities == Quantities()


@pytest.mark.parametrize("more", ["cpus:4.001", "mem:1", "ports:[9-11]", "zones:{z}", "cpus(a):1"])
def test_what_is_not_contained_is_not_subtracted_and_the_name_is_told(more: str) -> None:
    have = parse("cpus:4;ports:[1-10];zones:{a}")
    assert not have.contains(parse(more))
    with pytest.raises(InsufficientError, match=f"too little {parse(more).names[0]}"):
        have - parse(more)


def test_a_sum_cannot_be_made_of_what_breaks_a_rule() -> None:
    with pytest.raises(ValueError, match="resource 'cpus': scalar must not be negative"):
        Resources([scalar("cpus", -1)])


# --- views ---


def test_a_role_may_be_offered_what_is_reserved_for_it_or_above_it_or_for_nobody() -> None:
    resources = parse("cpus:1;cpus(a):2;cpus(a/b):3;cpus(a/b/c):4;cpus(ab):5")
    assert resources.allocatable_to("a/b") == parse("cpus:1;cpus(a):2;cpus(a/b):3")
    assert resources.allocatable_to("*") == parse("cpus:1")


def test_refined_reservations_can_be_left_out() -> None:
    refined = scalar("cpus", 2, (static("a"), dynamic("a/b")))
    assert (parse("cpus(a):1") + Resources([refined])).without_refined == parse("cpus(a):1")


def test_persistent_volumes_are_found() -> None:
    volumes = Resources([volume("v", 1), volume("w", 1)])
    assert (volumes + parse("disk(a):5;cpus:1")).persistent_volumes == volumes


def test_names_are_told_once_and_in_order() -> None:
    assert parse("mem:1;cpus:1;mem(a):1").names == ("mem", "cpus")


def test_a_view_of_everything_is_the_sum_itself() -> None:
    resources = parse("cpus:1;mem:2")
    assert resources.unreserved is resources


# --- reservations ---


def test_a_reservation_is_pushed_and_popped() -> None:
    resources = parse("cpus:1;mem(a):2")
    with pytest.raises(ValueError, match="does not refine"):
        resources.push_reservation(dynamic("b"))
    pushed = parse("cpus(a):1").push_reservation(dynamic("a/b", "ops"))
    assert pushed.reserved("a/b") == pushed
    assert pushed.pop_reservation() == parse("cpus(a):1")
    with pytest.raises(ValueError, match="is not reserved"):
        resources.pop_reservation()


def test_flattening_gives_everything_the_same_reservation() -> None:
    resources = parse("cpus:1;cpus(a):2;cpus(b):3")
    assert resources.to_unreserved() == parse("cpus:6")
    assert resources.flatten((static("c"),)) == parse("cpus(c):6")


# --- choosing ---


def test_a_limit_keeps_what_comes_first_and_what_it_does_not_name() -> None:
    resources = parse("cpus(a):2;cpus:3;mem:10;ports:[1-2]")
    assert resources.limit({"cpus": 2500}) == parse("cpus(a):2;cpus:0.5;mem:10;ports:[1-2]")
    assert resources.limit({"cpus": 0, "mem": 0}) == parse("ports:[1-2]")
    assert resources.limit({}) == resources


def test_a_limit_keeps_or_leaves_what_is_given_whole() -> None:
    disks = Resources([volume("v", 3), volume("w", 1)])
    assert disks.limit({"disk": 2000}) == Resources([volume("w", 1)])


def test_the_reservation_that_is_wanted_is_found_first_then_the_unreserved_then_any() -> None:
    resources = parse("cpus(b):1;cpus:2;cpus(a):3")
    assert resources.find(parse("cpus(a):2")) == parse("cpus(a):2")
    assert resources.find(parse("cpus(a):4")) == parse("cpus(a):3;cpus:1")
    assert resources.find(parse("cpus:3")) == parse("cpus:2;cpus(b):1")
    assert resources.find(parse("cpus:7")) is None
    assert resources.find(parse("mem:1")) is None
    assert parse("ports(a):[1-9]").find(parse("ports:[2-3]")) == parse("ports(a):[2-3]")


def test_what_is_found_is_there_in_the_wanted_amounts() -> None:
    for resources, wanted in pairs(14):
        resources, wanted = resources.scalars, wanted.scalars
        found = resources.find(wanted)
        if found is not None:
            assert resources.contains(found)
            assert found.to_unreserved() == wanted.to_unreserved()
        else:
            assert not resources.to_unreserved().contains(wanted.to_unreserved())
