"""Invariants I1, I2, I3 and I6 (reliability.md) after every step of random histories."""

from __future__ import annotations

import sys
from random import Random

import pytest

from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.invariants import BrokenInvariantError
from actors.master.allocator.lanes import Lanes
from actors.master.allocator.settings import Settings
from tests.actors.master.allocator.agreement import any_settings
from tests.actors.master.allocator.history import History
from transport.records.resources import Resources


class Watched:
    """A history of one allocator, whose books are compared with the history's after every step."""

    def __init__(self, seed: int, settings: Settings) -> None:
        self.allocator = HierarchicalAllocator(settings)
        self.history = History(Random(seed), [self.allocator])
        self.history.begin(2, 2)

    def step(self) -> None:
        before = self.excess()
        operation = self.history.step()
        self.allocator.check_invariants()
        self.check_books()
        if operation == "allocate":
            for role_and_name, excess in self.excess().items():
                assert excess <= max(before.get(role_and_name, 0), 0), f"{role_and_name}: is above its limit"

    def check_books(self) -> None:
        """Who holds what is what was offered and not given back since: no more (I1), no less (I2, I3)."""
        agents = self.allocator._ledger.agents
        assert agents.keys() == self.history.totals.keys()
        held: dict[tuple[str, str, str], Resources] = {}
        for agent in agents.values():
            assert agent.total.resources == self.history.totals[agent.id]
            assert agent.is_overdrawn == (agent.id in self.history.overdrawn)
            for subscription, portion in agent.held.items():
                role = subscription.role.path
                held[subscription.framework.id, role, agent.id] = portion.tagged(role)
        assert held == self.history.held

    def excess(self) -> dict[tuple[str, str], int]:
        """How much more than its limit each limited role consumes of a name."""
        ledger = self.allocator._ledger
        lanes: Lanes = ledger.portions.lanes
        return {
            (role.path, name): lanes.unpack(role.consumed).get(name, 0) - limit
            for role in ledger.roles
            for name, limit in role.quota.limits.items()
        }


def watch(seed: int, steps: int, settings: Settings | None = None) -> None:
    watched = Watched(seed, settings or any_settings(Random(seed)))
    for _ in range(steps):
        watched.step()


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_allocated_twice_lost_or_above_a_limit(seed: int) -> None:
    watch(seed, steps=5000)


@pytest.mark.parametrize("sorter", ["drf", "random"])
@pytest.mark.parametrize("framework_sorter", ["drf", "random"])
def test_it_is_so_with_every_sorter(sorter: str, framework_sorter: str) -> None:
    watch(7, 500, Settings(role_sorter=sorter, framework_sorter=framework_sorter))


def test_a_contradiction_is_found() -> None:
    watched = Watched(1, Settings())
    ledger = watched.allocator._ledger
    ledger.headroom.free += 1

    with pytest.raises(BrokenInvariantError, match="free"):
        watched.allocator.check_invariants()


if __name__ == "__main__":
    for number in range(int(sys.argv[1])):
        watch(number, steps=2000)
