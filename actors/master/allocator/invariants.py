"""What must be true of the allocator's books at all times, worked out anew from who holds what."""

from __future__ import annotations

from collections import defaultdict

from actors.master.allocator.agent import Agent
from actors.master.allocator.capability import SHARED
from actors.master.allocator.framework import Subscription
from actors.master.allocator.ledger import Ledger
from actors.master.allocator.portion import Portion
from transport.records.resources import Resources


class BrokenInvariantError(AssertionError):
    """The books contradict themselves: a bug."""


def check(ledger: Ledger) -> None:
    """Raise BrokenInvariantError unless all sums are right (reliability.md, I1 and I2)."""
    for agent in ledger.agents.values():
        _check_agent(agent)
    _check_sums(ledger)
    _check_subscriptions(ledger)


def _check_agent(agent: Agent) -> None:
    total, available = _alone(agent.total), _alone(agent.available)
    held = sum(map(_alone, agent.held.values()), Resources())
    _hold(agent.is_overdrawn != total.contains(held), f"{agent.id}: is or is not overdrawn")
    if agent.is_overdrawn:
        _hold(total.contains(available), f"{agent.id}: more is available than there is")
    elif held + available != total:
        raise BrokenInvariantError(f"{agent.id}: {held} and {available} are not all of {total}")
    _hold(
        agent.available.resources.shared == agent.total.resources.shared,
        f"{agent.id}: not all shared volumes are available",
    )


def _alone(portion: Portion) -> Resources:
    """All but shared volumes, of which there are as many copies as are wanted."""
    return portion.resources.non_shared if portion.kinds & SHARED else portion.resources


def _check_sums(ledger: Ledger) -> None:
    consumed: defaultdict[str, int] = defaultdict(int)
    reserved: defaultdict[str, int] = defaultdict(int)
    for agent in ledger.agents.values():
        for path, packed in agent.total.reservations:
            for node in ledger.roles.get(path).lineage:
                reserved[node.path] += packed
                consumed[node.path] += packed
        for subscription, portion in agent.held.items():
            for node in subscription.role.lineage:
                consumed[node.path] += portion.free
    for role in ledger.roles:
        _hold(role.consumed == consumed[role.path], f"role {role.path}: consumption is wrong")
        _hold(role.reserved == reserved[role.path], f"role {role.path}: reservations are wrong")
    totals = sum(agent.total.counted for agent in ledger.agents.values())
    _hold(ledger.totals.packed == totals, "the totals are not those of the agents")
    free = sum(agent.available.free for agent in ledger.agents.values())
    _hold(ledger.headroom.free == free, "what is free is not what is available")


def _check_subscriptions(ledger: Ledger) -> None:
    holders: defaultdict[Subscription, int] = defaultdict(int)
    packed: defaultdict[Subscription, int] = defaultdict(int)
    for agent in ledger.agents.values():
        for subscription, portion in agent.held.items():
            holders[subscription] += 1
            packed[subscription] += portion.counted
    bits = 0
    takers = 0
    for framework in ledger.frameworks.values():
        for path, each in framework.subscriptions.items():
            name = f"{framework.id} in {path}"
            _hold(not bits & each.bit, f"{name}: shares its bit")
            bits |= each.bit
            takers |= each.bit if each.is_open else 0
            _hold(each.holdings == holders.pop(each, 0), f"{name}: holdings are wrong")
            _hold(each.client.held == packed[each], f"{name}: what it holds is wrong")
            _hold(bool(each.holdings) or each.is_subscribed, f"{name}: is idle")
    _hold(not holders, "resources are held by somebody unknown")
    _hold(ledger.sorter.mask == takers, "the takers of offers are not those who are open")


def _hold(truth: bool, otherwise: str) -> None:
    if not truth:
        raise BrokenInvariantError(otherwise)
