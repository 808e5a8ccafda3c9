from __future__ import annotations

from random import Random

import pytest

from actors.master.allocator.constraints import compile_constraints
from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.quota import Quota
from actors.master.allocator.settings import Settings
from tests.actors.master.allocator.factories import add_agent, add_framework, framework_info, resources
from transport.records.agent import AgentInfo
from transport.records.domain import DomainInfo
from transport.records.offer import Filters
from transport.records.offer_constraints import AttributeConstraint, OfferConstraints
from transport.records.resources import Resources

Predicate = AttributeConstraint.Predicate
Role = OfferConstraints.RoleConstraints


def why(allocator: HierarchicalAllocator, role: str = "role", now: float = 0.0) -> list[tuple[str, str]]:
    return [(reason.rule, reason.detail) for reason in allocator.why("one", "f", role, now)]


def rules(allocator: HierarchicalAllocator) -> list[str]:
    return [rule for rule, _detail in why(allocator)]


def cluster(agent: str = "cpus:4;mem:64", **used: Resources) -> HierarchicalAllocator:
    allocator = HierarchicalAllocator()
    add_framework(allocator, "f", "role")
    add_agent(allocator, "one", agent, **used)
    return allocator


def test_nothing_stands_between_a_framework_and_what_it_will_be_offered() -> None:
    assert why(cluster()) == []


def test_a_role_to_which_it_is_not_subscribed() -> None:
    assert why(cluster(), "other") == [("role", "the framework is not subscribed to role other")]


def test_everything_that_is_closed_is_told_at_once() -> None:
    allocator = cluster()
    allocator.deactivate_agent("one")
    allocator.deactivate_framework("f")
    allocator.suppress("f")
    allocator.set_whitelist(["elsewhere"])
    allocator.pause()

    assert rules(allocator) == ["paused", "whitelist", "agent", "framework", "suppressed"]


@pytest.mark.parametrize(
    ("lacking", "agent", "detail"),
    [
        (
            "GPU_RESOURCES",
            "cpus:4;gpus:1",
            "the agent has gpus, and the framework is not GPU_RESOURCES capable",
        ),
        (
            "REVOCABLE_RESOURCES",
            "cpus*:4",
            (
                "what is available is revocable, shared or a refined reservation, and the framework lacks "
                "the capability for it"
            ),
        ),
    ],
)
def test_a_capability_that_the_framework_lacks(lacking: str, agent: str, detail: str) -> None:
    allocator = HierarchicalAllocator()
    allocator.add_framework("f", framework_info("role", without=(lacking,)))
    add_agent(allocator, "one", agent)

    assert why(allocator) == [("capability", detail)]


def test_an_agent_far_away() -> None:
    fault_domain = DomainInfo.FaultDomain(
        region=DomainInfo.FaultDomain.RegionInfo(name="there"),
        zone=DomainInfo.FaultDomain.ZoneInfo(name="zone"),
    )
    allocator = HierarchicalAllocator(Settings(region="here"))
    allocator.add_framework("f", framework_info("role", without=("REGION_AWARE",)))
    info = AgentInfo(hostname="one", domain=DomainInfo(fault_domain=fault_domain))
    allocator.add_agent("one", info, tuple(AgentInfo.Capability.Type), resources("cpus:4"))

    assert why(allocator) == [
        ("capability", "the agent is in another region, and the framework is not REGION_AWARE")
    ]
    assert not allocator.allocate(0.0, Random(1)).offers


def test_constraints() -> None:
    missing = AttributeConstraint(
        selector=AttributeConstraint.Selector(attribute_name="rack"),
        predicate=Predicate(exists=Predicate.Exists()),
    )
    group = Role.Group(attribute_constraints=(missing,))
    constraints = OfferConstraints(role_constraints={"role": Role(groups=(group,))})
    allocator = cluster()
    allocator.update_framework("f", framework_info("role"), (), compile_constraints(constraints))

    assert rules(allocator) == ["constraints"]


def test_what_others_have() -> None:
    used = resources("cpus:4;mem:64").allocate("other")
    assert why(cluster(g=used)) == [("available", "everything is offered or allocated")]
    assert why(cluster("cpus(other):4")) == [("available", "what is available is reserved for other")]


def test_too_little_for_an_offer() -> None:
    assert why(cluster("mem:8;ports:[1-9]")) == [
        ("minimum", "mem:8;ports:9 is available, an offer must hold cpus:0.01|mem:32")
    ]


def test_quotas() -> None:
    allocator = cluster()
    allocator.set_quota("role", Quota({}, {"cpus": 0, "mem": 1500}))
    assert why(allocator) == [
        ("limit", "the limits of the role leave 0 of cpus"),
        ("limit", "the limits of the role leave 1.5 of mem"),
    ]
    allocator.set_quota("role", Quota())
    allocator.set_quota("other", Quota({"cpus": 4000, "mem": 64000}))
    assert why(allocator) == [
        ("headroom", "guarantees of other roles leave 0 of cpus"),
        ("headroom", "guarantees of other roles leave 0 of mem"),
    ]


def test_a_refusal_and_when_it_ends() -> None:
    allocator = cluster()
    allocator.allocate(0.0, Random(1))
    given = resources("cpus:4;mem:64").allocate("role")
    allocator.recover("f", "one", given, Filters(refuse_seconds=60.0), 5.0)

    (reason,) = allocator.why("one", "f", "role", 6.0)

    assert reason == ("refused", "the framework refused cpus:4; mem:64", 65.0)
    assert allocator.why("one", "f", "role", 65.0) == []


def test_others_whose_turn_is_before() -> None:
    allocator = cluster(f=resources("cpus:1").allocate("role"))
    for number in range(7):
        add_framework(allocator, f"g{number}", "other")

    (reason,) = why(allocator)

    assert reason == (
        "order",
        (
            "7 with smaller shares come first, such as g0 in other, g1 in other, g2 in other, g3 in other, "
            "g4 in other"
        ),
    )


def test_chance() -> None:
    allocator = HierarchicalAllocator(Settings(role_sorter="random"))
    add_framework(allocator, "f", "role")
    add_agent(allocator, "one", "cpus:4")

    assert why(allocator) == [("order", "chance decides whose turn it is")]
