"""How much a cluster has, and how much of it counts against roles' quotas (mesos-protocol.md §10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from actors.master.cluster import Cluster
from transport.records.quantities import NOTHING, Quantities
from transport.records.resources import Resources


def top_of(role: str) -> str:
    """The top-level role whose quota counts what a role has."""
    return role.partition("/")[0]


def capacity(cluster: Cluster) -> Quantities:
    """What all registered agents have together, without what may be taken back at any time."""
    total = NOTHING
    for agent in cluster.agents.values():
        total += agent.total.non_revocable.scalar_quantities
    return total


def consumed(cluster: Cluster, roles: Iterable[str]) -> dict[str, Quantities]:
    """What top-level roles and those below have: their reservations, and what they are allocated besides.

    The whole cluster is gone through once, however many roles there are.
    """
    amounts: dict[str, Counter[str]] = {role: Counter() for role in roles}

    def count(role: str, resources: Resources) -> None:
        found = amounts.get(top_of(role))
        if found is not None:
            found.update(resources.non_revocable.scalar_quantities.thousandths)

    for agent in cluster.agents.values():
        for owner, reserved in agent.total.reservations.items():
            count(owner, reserved)
        for used in agent.used.values():
            for user, resources in used.allocations.items():
                count(user, resources.unreserved)
    return {role: Quantities(found) for role, found in amounts.items()}


def free(cluster: Cluster) -> Quantities:
    """What is reserved for nobody, and neither used nor offered."""
    total = NOTHING
    for agent in cluster.agents.values():
        taken = agent.offered
        for used in agent.used.values():
            taken += used
        left = agent.total.without(taken.unallocate())
        total += countable(left)
    return total


def countable(resources: Resources) -> Quantities:
    """What of resources quotas count beside reservations."""
    return resources.unreserved.non_revocable.scalar_quantities
