from __future__ import annotations

from random import Random

from actors.master.allocator.hierarchical import HierarchicalAllocator
from tests.actors.master.allocator.factories import add_agent, add_framework, framework_info, resources
from transport.records.agent import AgentInfo
from transport.records.offer import Filters


def test_the_bit_of_one_who_is_gone_comes_without_what_he_refused() -> None:
    allocator = HierarchicalAllocator()
    add_framework(allocator, "f", "a")
    add_agent(allocator, "one", "cpus:4")
    allocator.allocate(0.0, Random(1))
    given = resources("cpus:4").allocate("a")
    allocator.recover("f", "one", given, Filters(refuse_seconds=1e6), 0.0)
    bit = allocator._ledger.frameworks["f"].subscriptions["a"].bit
    allocator.remove_framework("f")
    add_framework(allocator, "g", "b")

    assert allocator._ledger.frameworks["g"].subscriptions["b"].bit == bit
    assert list(allocator.allocate(1.0, Random(1)).offers) == ["g"]


def test_masks_stay_short_however_many_frameworks_come_and_go() -> None:
    allocator = HierarchicalAllocator()
    add_agent(allocator, "one", "cpus:4")
    for number in range(200):
        add_framework(allocator, f"f{number}", "a", "b")
        allocator.allocate(0.0, Random(1))
        if number >= 3:
            allocator.remove_framework(f"f{number - 3}")

    assert allocator._ledger.sorter.mask.bit_length() <= 8
    allocator.check_invariants()


def test_roles_of_which_nothing_is_to_be_told_are_forgotten() -> None:
    allocator = HierarchicalAllocator()
    add_framework(allocator, "f", "a/b/c")
    add_agent(allocator, "one", "cpus(x/y):1")
    assert [role.path for role in allocator._ledger.roles] == ["a", "a/b", "a/b/c", "x", "x/y"]

    allocator.remove_framework("f")
    allocator.remove_agent("one")

    assert list(allocator._ledger.roles) == []
    assert not allocator._ledger.sorter.mask


def test_an_unknown_framework_is_known_as_long_as_it_holds_something() -> None:
    allocator = HierarchicalAllocator()
    add_agent(allocator, "one", "cpus:4", stranger=resources("cpus:1").allocate("a"))
    assert list(allocator._ledger.frameworks) == ["stranger"]

    allocator.remove_agent("one")

    assert not allocator._ledger.frameworks


def test_new_kinds_of_agents_and_new_capabilities_are_matched_both_ways() -> None:
    """Who cannot have an agent is known per kind of agent, whichever of both came first or changes."""
    allocator = HierarchicalAllocator()
    allocator.add_framework("f", framework_info("a", without=("GPU_RESOURCES",)))
    add_agent(allocator, "one", "cpus:4;gpus:1")
    assert not allocator.allocate(0.0, Random(1)).offers
    allocator.update_agent("one", AgentInfo(hostname="one"), total=resources("cpus:4"))
    assert allocator.allocate(0.0, Random(1)).offers
    allocator.update_agent("one", AgentInfo(hostname="one"), total=resources("cpus:5;gpus:1"))
    assert not allocator.allocate(0.0, Random(1)).offers
    allocator.update_framework("f", framework_info("a"))
    assert allocator.allocate(0.0, Random(1)).offers
