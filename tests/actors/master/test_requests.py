"""What is filled in of what frameworks ask for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.requests import complete, request_executor, request_task
from tests.actors.master.market import (
    Operation,
    Type,
    create,
    default_executor,
    destroy,
    executor,
    grow,
    launch,
    reserve,
    shrink,
    task,
    under,
    unreserve,
)
from tests.transport.records.samples import dynamic, scalar, static, volume
from transport.records.check import HealthCheck
from transport.records.command import CommandInfo
from transport.records.ids import FrameworkID
from transport.records.offer import Offer
from transport.records.resource import Resource
from transport.records.resources import Resources

F = FrameworkID(value="f")
TO_A = Resource.AllocationInfo(role="a")
CPU = scalar("cpus", 1, (dynamic("a", "ops"),))
OLD_CPU = replace(scalar("cpus", 1), role="a", reservation=Resource.ReservationInfo(principal="ops"))
DISK = scalar("disk", 10, (dynamic("a"),))
VOLUME = volume("v", 10)
COMMAND = CommandInfo(value="true")
HTTP = HealthCheck.HTTPCheckInfo(port=80)


def allocated(resource: Resource) -> Resource:
    return replace(resource, allocation_info=TO_A)


def test_resources_of_tasks_and_executors_are_allocated_and_their_reservations_brought_up_to_date() -> None:
    static_mem = replace(scalar("mem", 32), role="a")
    (info,) = under(replace(executor(), resources=(static_mem,)), replace(task(), resources=(OLD_CPU,)))
    request = request_task(info, F, "a")
    assert request.info.resources == (allocated(CPU),)
    assert request.resources == Resources([allocated(CPU)])
    assert request.executor is not None
    assert request.executor.info is request.info.executor
    assert request.executor.info.resources == (allocated(scalar("mem", 32, (static("a"),))),)
    assert request.executor.resources == Resources(request.executor.info.resources)


def test_an_allocation_that_is_told_must_be_the_one_of_the_offer() -> None:
    told = replace(task(), resources=(allocated(CPU),))
    assert request_task(told, F, "a").info.resources == (allocated(CPU),)
    with pytest.raises(ValueError, match="resource 'cpus': must be allocated to role 'b', not 'a'"):
        request_task(told, F, "b")


def test_resources_that_break_a_rule_are_refused() -> None:
    with pytest.raises(ValueError, match="resource 'cpus': scalar must not be negative"):
        request_task(replace(task(), resources=(scalar("cpus", -1),)), F, "a")
    with pytest.raises(ValueError, match="resource 'cpus': scalar must not be negative"):
        request_executor(replace(executor(), resources=(scalar("cpus", -1),)), F, "a")


def test_an_executor_is_given_its_framework_unless_it_names_one() -> None:
    assert request_executor(executor(), F, "a").info.framework_id == F
    other = FrameworkID(value="g")
    assert request_executor(replace(executor(), framework_id=other), F, "a").info.framework_id == other


def test_the_tasks_of_a_group_are_given_its_executor_unless_they_name_one() -> None:
    group = request_executor(default_executor(), F, "a")
    assert request_task(task(), F, "a", group).executor is group
    (own,) = under(executor("other"), task())
    named = request_task(own, F, "a", group).executor
    assert named is not None
    assert named.info.executor_id.value == "other"
    assert request_task(task(), F, "a").executor is None


@pytest.mark.parametrize(
    ("check", "kind"),
    [
        (HealthCheck(command=COMMAND), HealthCheck.Type.COMMAND),
        (HealthCheck(http=HTTP), HealthCheck.Type.HTTP),
        (HealthCheck(type=HealthCheck.Type.TCP, http=HTTP), HealthCheck.Type.TCP),
        (HealthCheck(command=COMMAND, http=HTTP), None),
        (HealthCheck(tcp=HealthCheck.TCPCheckInfo(port=80)), None),
        (HealthCheck(), None),
    ],
)
def test_the_type_of_a_health_check_is_inferred_from_its_fields(
    check: HealthCheck, kind: HealthCheck.Type | None
) -> None:
    completed = request_task(replace(task(), health_check=check), F, "a").info.health_check
    assert completed is not None
    assert completed.type is kind


@pytest.mark.parametrize(
    ("operation", "completed"),
    [
        (reserve(OLD_CPU), reserve(allocated(CPU))),
        (
            reserve(CPU, source=(scalar("cpus", 1),)),
            reserve(allocated(CPU), source=(allocated(scalar("cpus", 1)),)),
        ),
        (unreserve(OLD_CPU), unreserve(allocated(CPU))),
        (create(VOLUME), create(allocated(VOLUME))),
        (destroy(VOLUME), destroy(allocated(VOLUME))),
        (grow(VOLUME, DISK), grow(allocated(VOLUME), allocated(DISK))),
        (shrink(VOLUME, 1), shrink(allocated(VOLUME), 1)),
        (launch(task()), launch(task())),
        (Operation(type=Type.CREATE_DISK), Operation(type=Type.CREATE_DISK)),
        (Operation(), Operation()),
    ],
)
def test_operations_are_completed_like_tasks(operation: Offer.Operation, completed: Offer.Operation) -> None:
    assert complete(operation, "a") == completed


def test_operations_of_operators_are_allocated_to_nobody() -> None:
    assert complete(reserve(OLD_CPU), None) == reserve(CPU)
    with pytest.raises(ValueError, match="resource 'cpus': must be allocated to nobody, not 'a'"):
        complete(reserve(allocated(CPU)), None)


@pytest.mark.parametrize(
    "kind",
    [Type.RESERVE, Type.UNRESERVE, Type.CREATE, Type.DESTROY, Type.GROW_VOLUME, Type.SHRINK_VOLUME],
)
def test_an_operation_must_have_the_field_of_its_type(kind: Type) -> None:
    with pytest.raises(ValueError, match=f"{kind.value}: the field {kind.value.lower()} must be set"):
        complete(Operation(type=kind), "a")
