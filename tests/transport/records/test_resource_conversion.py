"""What offer operations make of resources."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.transport.records.samples import SOURCES, dynamic, on_disk, scalar, static, volume
from transport.records.ids import AgentID, TaskID
from transport.records.offer import Offer
from transport.records.resource import Resource
from transport.records.resource_conversion import apply_operation, conversion_of
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.value import Value

Operation = Offer.Operation
Type = Operation.Type
parse = Resources.parse
DISK = scalar("disk", 10, (dynamic("a"),))


def reserve(*resources: Resource, source: tuple[Resource, ...] = ()) -> Offer.Operation:
    return Operation(type=Type.RESERVE, reserve=Operation.Reserve(resources=resources, source=source))


def unreserve(*resources: Resource) -> Offer.Operation:
    return Operation(type=Type.UNRESERVE, unreserve=Operation.Unreserve(resources=resources))


def create(*volumes: Resource) -> Offer.Operation:
    return Operation(type=Type.CREATE, create=Operation.Create(volumes=volumes))


def destroy(*volumes: Resource) -> Offer.Operation:
    return Operation(type=Type.DESTROY, destroy=Operation.Destroy(volumes=volumes))


def grow(volume: Resource, addition: Resource) -> Offer.Operation:
    body = Operation.GrowVolume(volume=volume, addition=addition)
    return Operation(type=Type.GROW_VOLUME, grow_volume=body)


def shrink(volume: Resource, less: float) -> Offer.Operation:
    body = Operation.ShrinkVolume(volume=volume, subtract=Value.Scalar(value=less))
    return Operation(type=Type.SHRINK_VOLUME, shrink_volume=body)


def test_reserving_and_unreserving_are_each_others_undoing() -> None:
    offered = parse("cpus:4;mem:1024")
    reserved = scalar("cpus", 1.5, (dynamic("a", "ops"),))
    after = apply_operation(offered, reserve(reserved))
    assert after == parse("cpus:2.5;mem:1024") + Resources([reserved])
    assert apply_operation(after, unreserve(reserved)) == offered


def test_a_reservation_is_refined_and_the_level_taken_off_again() -> None:
    refined = scalar("cpus", 1, (static("a"), dynamic("a/b")))
    after = apply_operation(parse("cpus(a):4"), reserve(refined))
    assert after == parse("cpus(a):3") + Resources([refined])
    assert apply_operation(after, unreserve(refined)) == parse("cpus(a):4")


def test_the_older_format_reserves_as_well() -> None:
    old = replace(scalar("cpus", 1), role="a", reservation=Resource.ReservationInfo(principal="ops"))
    after = apply_operation(parse("cpus:4"), reserve(old))
    assert after == parse("cpus:3") + Resources([scalar("cpus", 1, (dynamic("a", "ops"),))])


def test_a_reservation_passes_from_role_to_role_with_a_source() -> None:
    mine, yours = scalar("cpus", 1, (dynamic("a"),)), scalar("cpus", 1, (dynamic("b"),))
    assert apply_operation(Resources([mine]), reserve(yours, source=(mine,))) == Resources([yours])
    with pytest.raises(ValueError, match="must differ in their reservations alone"):
        conversion_of(reserve(yours, source=(scalar("cpus", 2, (dynamic("a"),)),)))


@pytest.mark.parametrize("shared", [False, True])
def test_a_volume_is_made_on_reserved_disk_and_destroyed_again(shared: bool) -> None:
    made = volume("v", 4, shared=shared)
    after = apply_operation(Resources([DISK]), create(made))
    assert after == Resources([made, scalar("disk", 6, (dynamic("a"),))])
    assert apply_operation(after, destroy(made)) == Resources([DISK])


def test_a_mount_disk_becomes_a_volume_as_a_whole() -> None:
    mount = SOURCES[2]
    disk = scalar("disk", 10, (dynamic("a"),), on_disk(source=mount))
    made = scalar("disk", 10, (dynamic("a"),), on_disk("v", source=mount))
    assert apply_operation(Resources([disk]), create(made)) == Resources([made])
    part = scalar("disk", 4, (dynamic("a"),), on_disk("v", source=mount))
    with pytest.raises(ValueError, match="is not contained"):
        apply_operation(Resources([disk]), create(part))


def test_a_shared_volume_is_not_destroyed_under_others() -> None:
    made = volume("v", 4, shared=True)
    with pytest.raises(ValueError, match="shared with others"):
        apply_operation(Resources([made, made]), destroy(made))


def test_a_volume_grows_and_shrinks() -> None:
    small, large = volume("v", 4), volume("v", 6)
    rest = scalar("disk", 2, (dynamic("a"),))
    assert apply_operation(Resources([small, rest]), grow(small, rest)) == Resources([large])
    assert apply_operation(Resources([large]), shrink(large, 2)) == Resources([small, rest])


def test_launches_convert_nothing() -> None:
    task = TaskInfo(name="t", task_id=TaskID(value="t"), agent_id=AgentID(value="s"))
    launch = Operation(type=Type.LAUNCH, launch=Operation.Launch(task_infos=(task,)))
    assert apply_operation(parse("cpus:1"), launch) == parse("cpus:1")


VOLUME = volume("v", 4)
MOUNTED = scalar("disk", 4, (dynamic("a"),), on_disk("v", source=SOURCES[2]))
SHARED = volume("v", 4, shared=True)


@pytest.mark.parametrize(
    ("operation", "rule"),
    [
        (reserve(scalar("cpus", 5, (dynamic("a"),))), "RESERVE: cpus:5 is not contained in cpus:4"),
        (reserve(scalar("cpus", 1)), "RESERVE: cpus must end in a dynamic reservation"),
        (reserve(scalar("cpus", 1, (static("a"),))), "RESERVE: cpus must end in a dynamic reservation"),
        (unreserve(scalar("cpus", 1, (static("a"),))), "UNRESERVE: cpus must end in a dynamic reservation"),
        (unreserve(VOLUME), "UNRESERVE: disk has a persistent volume on it"),
        (create(DISK), "CREATE: disk must be a persistent volume"),
        (destroy(DISK), "DESTROY: disk must be a persistent volume"),
        (grow(VOLUME, scalar("disk", 1)), "addition must be of the same disk and reservation"),
        (grow(VOLUME, scalar("disk", 0, (dynamic("a"),))), "addition must not be 0"),
        (grow(MOUNTED, DISK), "a disk that is given whole keeps its size"),
        (grow(SHARED, DISK), "a shared volume keeps its size"),
        (grow(DISK, DISK), "GROW_VOLUME: disk must be a persistent volume"),
        (shrink(VOLUME, 4), "subtract must be more than 0 and less than the volume"),
        (shrink(VOLUME, 0), "subtract must be more than 0 and less than the volume"),
        (shrink(VOLUME, -1), "subtract must be more than 0 and less than the volume"),
        (shrink(SHARED, 1), "a shared volume keeps its size"),
        (Operation(type=Type.RESERVE), "RESERVE: the field of its type must be set"),
        (Operation(type=Type.CREATE_DISK), "CREATE_DISK: what it makes of resources cannot be foretold"),
        (Operation(), "operation: what it makes of resources cannot be foretold"),
    ],
)
def test_an_operation_that_breaks_a_rule_is_refused_with_the_rule(
    operation: Offer.Operation, rule: str
) -> None:
    with pytest.raises(ValueError) as refused:
        apply_operation(parse("cpus:4"), operation)
    assert rule in str(refused.value)


def test_what_an_operation_consumes_and_makes_has_the_same_quantities() -> None:
    operations = [
        reserve(scalar("cpus", 1, (dynamic("a"),))),
        unreserve(scalar("cpus", 1, (dynamic("a"),))),
        create(VOLUME),
        destroy(SHARED),
        grow(VOLUME, DISK),
        shrink(VOLUME, 1),
    ]
    for operation in operations:
        consumed, converted = conversion_of(operation)
        assert consumed
        assert consumed.quantities == converted.quantities
