"""How much a cluster has, and how much of it counts against a role's quota (mesos-protocol.md §10)."""

from __future__ import annotations

from actors.master.cluster import Cluster
from transport.records.quantities import NOTHING, Quantities


def is_below(role: str, top: str) -> bool:
    """Whether a role is `top` or in its hierarchy."""
    return role == top or role.startswith(f"{top}/")


def capacity(cluster: Cluster) -> Quantities:
    """What all registered agents have together, without what may be taken back at any time."""
    total = NOTHING
    for agent in cluster.agents.values():
        total += agent.total.non_revocable.scalar_quantities
    return total


def consumed(cluster: Cluster, role: str) -> Quantities:
    """What a role and those below it have: their reservations, and what they are allocated besides."""
    total = NOTHING
    for agent in cluster.agents.values():
        for owner, reserved in agent.total.reservations.items():
            if is_below(owner, role):
                total += reserved.non_revocable.scalar_quantities
        for used in agent.used.values():
            for user, resources in used.allocations.items():
                if is_below(user, role):
                    total += resources.unreserved.non_revocable.scalar_quantities
    return total


def free(cluster: Cluster) -> Quantities:
    """What is reserved for nobody, and neither used nor offered."""
    total = NOTHING
    for agent in cluster.agents.values():
        taken = agent.offered
        for used in agent.used.values():
            taken += used
        left = agent.total.without(taken.unallocate())
        total += left.unreserved.non_revocable.scalar_quantities
    return total
