from __future__ import annotations

import math
from random import Random

import pytest

from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.quota import Quota
from actors.master.allocator.settings import Settings
from tests.actors.master.allocator.factories import ALL, add_agent, add_framework, framework_info, resources
from tests.transport.records.samples import dynamic, volume
from transport.records.agent import AgentInfo
from transport.records.framework import FrameworkInfo, OfferFilters
from transport.records.ids import FrameworkID
from transport.records.inverse_offer_status import InverseOfferStatus
from transport.records.offer import Filters
from transport.records.quantities import InsufficientError
from transport.records.resource_conversion import ResourceConversion
from transport.records.resources import Resources
from transport.records.time_info import TimeInfo, Unavailability
from transport.records.value import Attribute, Value

AWAY = Unavailability(start=TimeInfo(nanoseconds=1))


def offered(
    allocator: HierarchicalAllocator, *candidates: str, now: float = 0.0
) -> dict[tuple[str, str, str], Resources]:
    """By framework, role and agent, allocated to nobody."""
    allocation = allocator.allocate(now, Random(1), candidates or None)
    return {
        (framework, role, agent): given.unallocate()
        for framework, roles in allocation.offers.items()
        for role, agents in roles.items()
        for agent, given in agents.items()
    }


def asked(allocator: HierarchicalAllocator, now: float = 0.0) -> dict[str, list[str]]:
    inverse_offers = allocator.allocate(now, Random(1)).inverse_offers
    return {framework: list(agents) for framework, agents in inverse_offers.items()}


def cluster(*frameworks: str, agent: str = "cpus:4;mem:64") -> HierarchicalAllocator:
    """One agent, and frameworks each in a role of its own name."""
    allocator = HierarchicalAllocator()
    for name in frameworks:
        add_framework(allocator, name, name)
    add_agent(allocator, "one", agent)
    return allocator


def test_resources_are_offered_allocated_to_the_role() -> None:
    allocator = cluster("f")
    allocation = allocator.allocate(0.0, Random(1))

    assert allocation.offers == {"f": {"f": {"one": resources("cpus:4;mem:64").allocate("f")}}}


def test_what_agents_say_frameworks_have_is_theirs_even_before_those_are_known() -> None:
    allocator = HierarchicalAllocator()
    add_agent(allocator, "one", "cpus:4;mem:64", stranger=resources("cpus:3").allocate("role"))
    add_framework(allocator, "f", "other")
    assert offered(allocator) == {("f", "other", "one"): resources("cpus:1;mem:64")}
    allocator.recover("f", "one", resources("cpus:1;mem:64").allocate("other"), None, 0.0)

    add_framework(allocator, "stranger", "role")
    add_agent(allocator, "two", "cpus:1;mem:64")

    assert list(offered(allocator, "two")) == [("f", "other", "two")]


def test_agents_that_are_deactivated_or_not_on_the_whitelist_are_not_offered() -> None:
    allocator = cluster("f")
    allocator.deactivate_agent("one")
    assert not offered(allocator)
    allocator.activate_agent("one")
    allocator.set_whitelist(["elsewhere"])
    assert not offered(allocator)
    allocator.set_whitelist(None)
    assert offered(allocator)


def test_an_agent_that_grows_is_offered_what_is_new_and_one_that_shrinks_is_overdrawn() -> None:
    allocator = cluster("f")
    offered(allocator)
    allocator.update_agent("one", AgentInfo(hostname="one"), total=resources("cpus:6;mem:64"))
    assert offered(allocator) == {("f", "f", "one"): resources("cpus:2")}
    allocator.update_agent("one", AgentInfo(hostname="one"), total=resources("cpus:3;mem:64"))
    allocator.recover("f", "one", resources("cpus:2").allocate("f"), None, 0.0)
    assert not offered(allocator)
    allocator.recover("f", "one", resources("cpus:2").allocate("f"), None, 0.0)
    assert offered(allocator) == {("f", "f", "one"): resources("cpus:1")}


def test_what_happened_to_an_agent_makes_it_a_candidate() -> None:
    allocator = cluster("f")
    assert list(allocator.candidates) == ["one"]
    given = offered(allocator)[("f", "f", "one")]
    assert not allocator.candidates
    allocator.recover("f", "one", given.allocate("f"), None, 0.0)
    assert list(allocator.candidates) == ["one"]
    allocator.pause()
    assert not allocator.candidates
    allocator.resume()
    assert list(allocator.candidates) == ["one"]


def test_who_declines_for_no_time_at_all_waits_for_the_next_batch() -> None:
    allocator = cluster("f")
    given = offered(allocator)[("f", "f", "one")]
    allocator.recover("f", "one", given.allocate("f"), Filters(refuse_seconds=0.0), 0.0)

    assert not offered(allocator, "one")
    assert [reason.rule for reason in allocator.why("one", "f", "f", 0.0)] == ["refused"]
    assert offered(allocator)


def test_changed_attributes_end_refusals_and_other_changes_do_not() -> None:
    allocator = cluster("f")
    given = offered(allocator)[("f", "f", "one")]
    allocator.recover("f", "one", given.allocate("f"), Filters(refuse_seconds=100.0), 0.0)
    allocator.update_agent("one", AgentInfo(hostname="renamed"))
    assert not offered(allocator)
    rack = AgentInfo(hostname="one", attributes=(attribute("rack", "r1"),))
    allocator.update_agent("one", rack)
    assert offered(allocator)


def attribute(name: str, text: str) -> Attribute:
    return Attribute(name=name, type=Value.Type.TEXT, text=Value.Text(value=text))


def test_disconnected_frameworks_get_no_offers_and_what_they_refused_is_forgotten() -> None:
    allocator = cluster("f")
    given = offered(allocator)[("f", "f", "one")]
    allocator.recover("f", "one", given.allocate("f"), Filters(refuse_seconds=100.0), 0.0)
    allocator.deactivate_framework("f")
    assert not offered(allocator)
    allocator.activate_framework("f")
    assert offered(allocator)


def test_what_a_disconnected_framework_gives_back_is_not_refused() -> None:
    allocator = cluster("f")
    given = offered(allocator)[("f", "f", "one")]
    allocator.deactivate_framework("f")
    allocator.recover("f", "one", given.allocate("f"), Filters(refuse_seconds=100.0), 0.0)
    allocator.activate_framework("f")

    assert offered(allocator)


def test_a_framework_that_leaves_a_role_keeps_what_it_holds_there() -> None:
    allocator = cluster("f")
    given = offered(allocator)[("f", "f", "one")]
    allocator.update_framework("f", framework_info("elsewhere"))
    add_agent(allocator, "two", "cpus:1;mem:64")
    assert list(offered(allocator)) == [("f", "elsewhere", "two")]

    allocator.recover("f", "one", given.allocate("f"), None, 0.0)

    assert offered(allocator) == {("f", "elsewhere", "one"): given}
    allocator.check_invariants()


def test_what_a_removed_framework_held_is_offered_to_others_and_late_recoveries_are_ignored() -> None:
    allocator = cluster("f", "g")
    ((holder, given),) = offered(allocator).items()
    allocator.remove_framework(holder[0])
    allocator.recover(holder[0], "one", given.allocate(holder[1]), None, 0.0)
    other = "g" if holder[0] == "f" else "f"

    assert list(offered(allocator)) == [(other, other, "one")]


def test_recovering_twice_is_refused() -> None:
    allocator = cluster("f")
    given = offered(allocator)[("f", "f", "one")].allocate("f")
    allocator.recover("f", "one", given, None, 0.0)

    with pytest.raises(InsufficientError):
        allocator.recover("f", "one", given, None, 0.0)
    allocator.check_invariants()


def test_gpus_are_kept_for_those_who_can_use_them_unless_the_master_says_otherwise() -> None:
    def offers(settings: Settings) -> list[str]:
        allocator = HierarchicalAllocator(settings)
        allocator.add_framework("plain", framework_info("a", without=("GPU_RESOURCES",)))
        allocator.add_framework("gpu", framework_info("b"))
        add_agent(allocator, "one", "cpus:4;gpus:1")
        return [framework for framework, _role, _agent in offered(allocator)]

    assert offers(Settings()) == ["gpu"]
    assert offers(Settings(filter_gpu_resources=False)) == ["plain"]


def test_old_agents_are_not_for_new_frameworks_nor_for_hierarchical_roles() -> None:
    allocator = HierarchicalAllocator()
    add_framework(allocator, "new", "a")
    allocator.add_framework("old", framework_info("a/b", without=("MULTI_ROLE",)))
    allocator.add_agent("one", AgentInfo(hostname="one"), (), resources("cpus:4"))
    assert not offered(allocator)
    assert [reason.rule for reason in allocator.why("one", "new", "a", 0.0)] == ["capability"]
    allocator.update_agent("one", AgentInfo(hostname="one"), (AgentInfo.Capability.Type.HIERARCHICAL_ROLE,))
    assert list(offered(allocator)) == [("old", "a/b", "one")]


def test_a_framework_may_be_content_with_less_than_the_master_asks_for() -> None:
    allocator = HierarchicalAllocator()
    anything = OfferFilters(min_allocatable_resources=OfferFilters.MinAllocatableResources())
    picky, modest = framework_info("a"), framework_info("b")
    modest = FrameworkInfo(
        user="user",
        name="name",
        roles=modest.roles,
        capabilities=modest.capabilities,
        offer_filters={"b": anything},
    )
    allocator.add_framework("picky", picky)
    allocator.add_framework("modest", modest)
    add_agent(allocator, "one", "mem:8;ports:[1-9]")

    assert list(offered(allocator)) == [("modest", "b", "one")]


def test_operations_change_what_is_allocated_and_what_the_agent_has() -> None:
    allocator = cluster("f", agent="cpus:4;mem:64;disk:10")
    given = offered(allocator)[("f", "f", "one")].allocate("f")
    disk = resources("disk:10").allocate("f")
    reserved = disk.push_reservation(dynamic("f"))
    allocator.update_allocation("f", "one", "f", [ResourceConversion(disk, reserved)])
    allocator.recover("f", "one", given - disk + reserved, None, 0.0)
    add_framework(allocator, "g", "g")
    allocator.suppress("f")

    assert offered(allocator) == {("g", "g", "one"): resources("cpus:4;mem:64")}
    allocator.check_invariants()


def test_operators_convert_only_what_is_available() -> None:
    allocator = cluster("f")
    conversion = ResourceConversion(resources("cpus:3"), resources("cpus:3").push_reservation(dynamic("g")))
    assert allocator.update_available("one", [conversion]) is None
    assert offered(allocator) == {("f", "f", "one"): resources("cpus:1;mem:64")}
    assert allocator.update_available("one", [conversion]) == (
        "agent one: cpus:3 is not available, only cpus(reservations: [(DYNAMIC,g)]):3 is"
    )


def test_a_shared_volume_is_offered_to_one_in_each_run_and_again_while_in_use() -> None:
    shared = volume("v", 100, shared=True)
    allocator = HierarchicalAllocator(Settings(min_allocatable_resources=""))
    for name in ("f", "g"):
        add_framework(allocator, name, "a")
    allocator.add_agent("one", AgentInfo(hostname="one"), ALL, Resources([shared]))

    first, second, third = (list(offered(allocator)) for _ in "123")

    assert [len(first), len(second), len(third)] == [1, 1, 1]
    assert first != second
    allocator.check_invariants()


def test_a_shared_volume_that_came_with_a_guarantee_is_not_offered_again_in_the_same_run() -> None:
    shared = volume("v", 100, shared=True)
    allocator = HierarchicalAllocator(Settings(min_allocatable_resources=""))
    for name in ("f", "g"):
        add_framework(allocator, name, "a")
    allocator.set_quota("a", Quota({"cpus": 1000}))
    allocator.add_agent("one", AgentInfo(hostname="one"), ALL, Resources([shared]) + resources("cpus:1"))

    (holder,) = offered(allocator)

    assert holder[0] == "f"
    assert list(offered(allocator)) == [("g", "a", "one")]


def test_limits_and_guarantees_do_not_concern_revocable_resources() -> None:
    allocator = cluster("f", agent="cpus:4;mem:64;cpus*:2")
    allocator.set_quota("f", Quota({}, {"cpus": 0, "mem": 0}))
    assert offered(allocator) == {("f", "f", "one"): resources("cpus*:2")}

    allocator = cluster("f", agent="cpus:4;mem:64;cpus*:2")
    allocator.set_quota("g", Quota({"cpus": 4000, "mem": 64000}))
    assert offered(allocator) == {("f", "f", "one"): resources("cpus*:2")}


def test_who_has_something_on_an_agent_that_will_be_away_is_asked_once() -> None:
    allocator = cluster("f", "g")
    ((framework, *_rest),) = offered(allocator)
    allocator.set_unavailability("one", AWAY)
    assert asked(allocator) == {framework: ["one"]}
    assert asked(allocator) == {}

    status = InverseOfferStatus(
        status=InverseOfferStatus.Status.DECLINE,
        framework_id=FrameworkID(value=framework),
        timestamp=TimeInfo(nanoseconds=0),
    )
    allocator.answer_inverse_offer("one", framework, status, Filters(refuse_seconds=5.0), 10.0)

    assert allocator.inverse_offer_statuses() == {"one": {framework: status}}
    assert asked(allocator, 14.9) == {}
    assert asked(allocator, 15.0) == {framework: ["one"]}


def test_a_new_schedule_voids_answers() -> None:
    allocator = cluster("f")
    offered(allocator)
    allocator.set_unavailability("one", AWAY)
    asked(allocator)
    allocator.answer_inverse_offer("one", "f", None, Filters(refuse_seconds=1e6), 0.0)
    assert asked(allocator) == {}
    allocator.set_unavailability("one", AWAY)
    assert asked(allocator) == {"f": ["one"]}


def test_after_a_failover_with_quotas_offers_wait_for_the_agents() -> None:
    allocator = HierarchicalAllocator()
    allocator.set_quota("f", Quota({"cpus": 1000}))
    allocator.expect_agents(5, 0.0)
    add_framework(allocator, "f", "f")
    for name in ("one", "two", "three"):
        add_agent(allocator, name, "cpus:1;mem:64")
    assert not offered(allocator)
    assert [(reason.rule, reason.until) for reason in allocator.why("one", "f", "f", 1.0)] == [
        ("paused", 600.0)
    ]
    add_agent(allocator, "four", "cpus:1;mem:64")
    assert len(offered(allocator)) == 4


def test_without_quotas_or_after_ten_minutes_they_do_not_wait() -> None:
    allocator = HierarchicalAllocator()
    add_framework(allocator, "f", "f")
    add_agent(allocator, "one", "cpus:1;mem:64")
    allocator.expect_agents(100, 0.0)
    assert offered(allocator)
    allocator.set_quota("f", Quota({"cpus": 1000}))
    allocator.expect_agents(100, 0.0)
    add_agent(allocator, "two", "cpus:1;mem:64")
    assert not offered(allocator, now=599.0)
    assert offered(allocator, now=600.0)


@pytest.mark.parametrize("weight", [0.0, -1.0, math.inf, math.nan])
def test_weights_that_cannot_be_are_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="weight of role 'a': must be above 0 and finite"):
        HierarchicalAllocator().set_weights({"a": weight})


def test_contradictions_are_refused() -> None:
    allocator = cluster("f")
    with pytest.raises(ValueError, match="agent one: is there already"):
        add_agent(allocator, "one", "cpus:1")
    with pytest.raises(ValueError, match="framework f: is there already"):
        add_framework(allocator, "f", "f")
    with pytest.raises(ValueError, match="framework f: is not subscribed to role 'g'"):
        allocator.suppress("f", ["g"])
    with pytest.raises(ValueError, match="must not be above its limit"):
        allocator.set_quota("f", Quota({"cpus": 2}, {"cpus": 1}))
    with pytest.raises(ValueError, match="must not begin or end with a slash"):
        allocator.set_quota("/f", Quota())
    with pytest.raises(ValueError, match="must be drf or random"):
        HierarchicalAllocator(Settings(role_sorter="fair"))
    with pytest.raises(KeyError):
        allocator.remove_agent("nobody")


def test_sorters_can_be_mixed_and_a_seed_decides_what_chance_decides() -> None:
    def offers(role_sorter: str, framework_sorter: str) -> list[tuple[str, str, str]]:
        allocator = HierarchicalAllocator(
            Settings(role_sorter=role_sorter, framework_sorter=framework_sorter)
        )
        for number in range(6):
            add_framework(allocator, f"f{number}", f"role{number % 3}")
        for number in range(10):
            add_agent(allocator, f"agent{number}", "cpus:1;mem:64")
        return list(offered(allocator))

    for role_sorter, framework_sorter in (("drf", "random"), ("random", "drf"), ("random", "random")):
        assert offers(role_sorter, framework_sorter) == offers(role_sorter, framework_sorter)
        assert offers(role_sorter, framework_sorter) != offers("drf", "drf")


def test_the_whole_is_known() -> None:
    allocator = cluster("f")
    add_agent(allocator, "two", "cpus:1")
    offered(allocator, "one")

    assert str(allocator.total) == "cpus:5;mem:64"
    assert str(allocator.allocated) == "cpus:4;mem:64"
