"""Operations on resources."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.agent import AgentEntry
from actors.master.framework import FrameworkEntry
from actors.master.requests import complete
from actors.master.validation.operation import Claimant, operation_error, operation_id_error
from tests.actors.master.market import (
    ABILITIES,
    Ability,
    AgentAbility,
    Market,
    Operation,
    Type,
    create,
    default_executor,
    destroy,
    grow,
    launch,
    launch_group,
    named,
    reserve,
    shrink,
    task,
    unreserve,
)
from tests.transport.records.samples import dynamic, on_disk, scalar, static, volume
from transport.records.ids import ResourceProviderID
from transport.records.offer import Offer
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.volume import Volume

CPU = scalar("cpus", 1, (dynamic("a"),))
OPS_CPU = scalar("cpus", 1, (dynamic("a", "ops"),))
DISK = scalar("disk", 10, (dynamic("a"),))
VOLUME = volume("v", 10)
SHARED = volume("v", 10, shared=True)
REVOCABLE = replace(CPU, revocable=Resource.RevocableInfo())
PROVIDED = replace(CPU, provider_id=ResourceProviderID(value="p"))


def made_by(principal: str | None, mode: Volume.Mode = Volume.Mode.RW, **fields: object) -> Resource:
    assert VOLUME.disk is not None
    assert VOLUME.disk.persistence is not None
    assert VOLUME.disk.volume is not None
    disk = replace(
        VOLUME.disk,
        persistence=replace(VOLUME.disk.persistence, principal=principal),
        volume=replace(VOLUME.disk.volume, mode=mode, **fields),
    )
    return replace(VOLUME, disk=disk)


def setting(
    *capabilities: Ability, role: str = "a", principal: str | None = None
) -> tuple[Market, FrameworkEntry, AgentEntry]:
    market = Market()
    framework, agent, _ = market.stall("cpus:4;disk:1000", *capabilities, role=role, principal=principal)
    return market, framework, agent


def error_of(
    operation: Offer.Operation, *capabilities: Ability, role: str = "a", principal: str | None = None
) -> str | None:
    _, framework, agent = setting(*capabilities, role=role, principal=principal)
    return operation_error(complete(operation, role), agent, Claimant.of(framework))


@pytest.mark.parametrize(
    "operation",
    [reserve(CPU), reserve(OPS_CPU), unreserve(CPU), create(VOLUME), grow(VOLUME, DISK), shrink(VOLUME, 1)],
)
def test_a_sound_operation_breaks_no_rule(operation: Offer.Operation) -> None:
    assert error_of(operation) is None


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (Operation(), "operation: must have a type that is known"),
        (Operation(type=Type.UNKNOWN), "operation: must have a type that is known"),
        (Operation(type=Type.CREATE_DISK), "CREATE_DISK: is not supported"),
        (Operation(type=Type.DESTROY_DISK), "DESTROY_DISK: is not supported"),
        (reserve(), "RESERVE: must name resources"),
        (reserve(PROVIDED), "RESERVE: resources of resource providers are not supported"),
        (unreserve(PROVIDED), "UNRESERVE: resources of resource providers are not supported"),
        (reserve(CPU, source=(scalar("cpus", 1),)), "RESERVE: source is for operators alone"),
        (reserve(scalar("cpus", 1)), "RESERVE: cpus must end in a dynamic reservation"),
        (reserve(VOLUME), "RESERVE: disk must not be a persistent volume"),
        (reserve(REVOCABLE), "RESERVE: cpus must not be revocable"),
        (reserve(scalar("cpus", 1, (dynamic("b"),))), "RESERVE: cpus was offered to role 'a', and can be"),
        (create(DISK), "CREATE: disk must be a persistent volume"),
        (create(made_by(None, Volume.Mode.RO)), "CREATE: volume 'v' must be made with mode RW"),
        (
            create(made_by(None, source=Volume.Source())),
            "CREATE: volume 'v' must have neither source nor image",
        ),
        (create(SHARED), "CREATE: volume 'v' is shared, and the framework lacks SHARED_RESOURCES"),
        (create(VOLUME, volume("v", 5)), "CREATE: the persistence id 'v' is in use"),
        (destroy(VOLUME), "DESTROY: disk"),
    ],
)
def test_the_rule_that_an_operation_breaks_is_told(operation: Offer.Operation, told: str) -> None:
    error = error_of(operation)
    assert error is not None
    assert error.startswith(told)


def test_a_framework_that_knows_shared_resources_may_create_them() -> None:
    assert error_of(create(SHARED), Ability.SHARED_RESOURCES) is None


def test_a_reservation_names_the_principal_of_its_framework() -> None:
    assert error_of(reserve(OPS_CPU), principal="ops") is None
    told = "RESERVE: cpus: its reservation must name the principal 'ops', and names"
    assert error_of(reserve(CPU), principal="ops") == f"{told} none"
    other = scalar("cpus", 1, (dynamic("a", "dev"),))
    assert error_of(reserve(other), principal="ops") == f"{told} 'dev'"


def test_a_volume_names_the_principal_of_its_framework() -> None:
    assert error_of(create(made_by("ops")), principal="ops") is None
    told = "CREATE: volume 'v' must name the principal 'ops', and names"
    assert error_of(create(VOLUME), principal="ops") == f"{told} none"
    assert error_of(create(made_by("dev")), principal="ops") == f"{told} 'dev'"


def test_a_role_that_the_framework_left_cannot_be_reserved_for() -> None:
    _, framework, agent = setting()
    framework.roles = ("b",)
    error = operation_error(complete(reserve(CPU), "a"), agent, Claimant.of(framework))
    assert error == "RESERVE: role 'a' is not one of the framework's"


@pytest.mark.parametrize(
    ("missing", "operation", "role", "told"),
    [
        (
            AgentAbility.HIERARCHICAL_ROLE,
            reserve(scalar("cpus", 1, (dynamic("a/b"),))),
            "a/b",
            "RESERVE: agent m1-S0 cannot have reservations for a role within a role",
        ),
        (
            AgentAbility.RESERVATION_REFINEMENT,
            reserve(scalar("cpus", 1, (static("a"), dynamic("a/b")))),
            "a/b",
            "RESERVE: agent m1-S0 cannot have refined reservations",
        ),
        (
            AgentAbility.RESIZE_VOLUME,
            grow(VOLUME, DISK),
            "a",
            "GROW_VOLUME: agent m1-S0 cannot change the size of volumes",
        ),
        (AgentAbility.RESIZE_VOLUME, shrink(VOLUME, 1), "a", "SHRINK_VOLUME: agent m1-S0 cannot change"),
    ],
)
def test_an_agent_is_asked_for_nothing_that_it_cannot_do(
    missing: AgentAbility, operation: Offer.Operation, role: str, told: str
) -> None:
    _, framework, agent = setting(role=role)
    completed = complete(operation, role)
    assert operation_error(completed, agent, Claimant.of(framework)) is None
    agent.capabilities = tuple(one for one in ABILITIES if one is not missing)
    error = operation_error(completed, agent, Claimant.of(framework))
    assert error is not None
    assert error.startswith(told)


def test_the_id_of_a_volume_on_the_agent_cannot_be_used_again_for_its_role() -> None:
    _, framework, agent = setting()
    agent.total += Resources([volume("v", 5)])
    error = operation_error(complete(create(VOLUME), "a"), agent, Claimant.of(framework))
    assert error == "CREATE: the persistence id 'v' is in use on agent m1-S0"
    agent.total = Resources([scalar("disk", 5, (dynamic("b"),), on_disk("v"))])
    assert operation_error(complete(create(VOLUME), "a"), agent, Claimant.of(framework)) is None


def test_a_volume_that_something_uses_is_not_destroyed() -> None:
    market, framework, agent = setting()
    agent.total += Resources([VOLUME])
    completed = complete(destroy(VOLUME), "a")
    assert operation_error(completed, agent, Claimant.of(framework)) is None
    entry = market.task(framework, agent)
    entry.holding = Resources([VOLUME]).allocate("a")
    error = operation_error(completed, agent, Claimant.of(framework))
    assert error == "DESTROY: volume 'v' is in use"


def test_operators_may_say_what_reserved_resources_are_reserved_anew() -> None:
    _, _, agent = setting()
    operation = complete(reserve(scalar("cpus", 1, (dynamic("b"),)), source=(CPU,)), None)
    assert operation_error(operation, agent, Claimant(None, None)) is None
    error = operation_error(operation, agent, Claimant(None, "ops"))
    assert error is not None
    assert "must name the principal 'ops'" in error


# --- ids ---


def test_only_operations_on_resources_have_ids() -> None:
    _, framework, agent = setting()
    assert operation_id_error(reserve(CPU), agent, framework) is None
    assert operation_id_error(named(reserve(CPU)), agent, framework) is None
    for kind, operation in (
        ("LAUNCH", launch(task())),
        ("LAUNCH_GROUP", launch_group(default_executor(), task())),
    ):
        told = f"operation.id: must not be set for a {kind}"
        assert operation_id_error(named(operation), agent, framework) == told


def test_an_operation_id_is_a_name_that_is_not_in_use_on_an_agent_that_gives_feedback() -> None:
    market, framework, agent = setting()
    error = operation_id_error(named(reserve(CPU), "a/b"), agent, framework)
    assert error is not None
    assert error.startswith("operation.id: id 'a/b': must have no")
    market.accept(framework, next(iter(framework.offers.values())), named(reserve(CPU)))
    assert operation_id_error(named(unreserve(CPU)), agent, framework) == "operation.id: 'o' is in use"
    agent.capabilities = ()
    told = "operation.id: agent m1-S0 cannot tell what became of an operation"
    assert operation_id_error(named(reserve(CPU), "p"), agent, framework) == told
