"""Roles as readers see them: who is in them, what they have and what they are due (mesos-protocol.md §10)."""

from __future__ import annotations

from typing import Any

from actors.gateway import v0
from actors.master.allocator.quota import Quota
from actors.master.view.model import Model
from actors.master.view.shares import NOTHING
from transport.records.ids import FrameworkID
from transport.records.quantities import Quantities
from transport.records.quota import QuotaConfig
from transport.records.resources import Resources
from transport.records.role import Role
from transport.records.scalar import from_thousandths

#: Of roles of which none was set.
_WEIGHT = 1.0
_NONE = Quantities()


class Roles:
    """All roles of a cluster, as it is now: those that anything is known of, and those above them."""

    def __init__(self, model: Model) -> None:
        self._quotas, self._weights = model.quotas, model.weights
        self._frameworks: dict[str, list[str]] = {}
        self._allocated: dict[str, Resources] = {}
        self._offered: dict[str, Resources] = {}
        self._reserved: dict[str, Resources] = {}
        for framework in model.frameworks.values():
            for role in framework.fact.roles:
                self._frameworks.setdefault(role, []).append(framework.id)
            _add(self._allocated, framework.used.allocations)
            _add(self._offered, framework.offered.allocations)
        for agent in model.agents.values():
            _add(self._reserved, agent.fact.total.reservations)
        known = (*self._frameworks, *self._reserved, *self._allocated, *self._offered)
        names = dict.fromkeys(above for role in known for above in _path(role))
        self.names = tuple(names | dict.fromkeys((*self._quotas, *self._weights)))

    def v1(self) -> tuple[Role, ...]:
        """As in GET_ROLES."""
        return tuple(
            Role(
                name=name,
                weight=self._weights.get(name, _WEIGHT),
                frameworks=tuple(FrameworkID(value=one) for one in self._frameworks.get(name, ())),
                resources=tuple(self._allocated.get(name, NOTHING) + self._offered.get(name, NOTHING)),
            )
            for name in self.names
        )

    def v0(self) -> list[dict[str, Any]]:
        """As in /roles."""
        consumed = self._consumption()
        return [self._role(name, consumed.get(name, _NONE)) for name in self.names]

    def _role(self, name: str, consumed: Quantities) -> dict[str, Any]:
        allocated, offered = self._allocated.get(name, NOTHING), self._offered.get(name, NOTHING)
        return {
            "name": name,
            "weight": self._weights.get(name, _WEIGHT),
            "quota": self._quota(name, consumed),
            "resources": v0.resources(allocated + offered),
            "allocated": v0.resources(allocated),
            "offered": v0.resources(offered),
            "reserved": v0.resources(self._reserved.get(name, NOTHING)),
            "frameworks": self._frameworks.get(name, []),
        }

    def _quota(self, name: str, consumed: Quantities) -> dict[str, Any]:
        quota = Quota.of(self._quotas.get(name, QuotaConfig(role=name)))
        return {
            "role": name,
            "guarantee": _amounts(Quantities(quota.guarantees)),
            "limit": {resource: amount / 1000 for resource, amount in quota.limits.items()},
            "consumed": _amounts(consumed),
        }

    def _consumption(self) -> dict[str, Quantities]:
        """What roles and those below them have: their reservations, and what they are allocated besides."""
        found: dict[str, Quantities] = {}
        for role in self.names:
            own = self._reserved.get(role, NOTHING).non_revocable.scalar_quantities
            own += self._allocated.get(role, NOTHING).unreserved.non_revocable.scalar_quantities
            for above in _path(role):
                found[above] = found.get(above, _NONE) + own
        return found


def _amounts(quantities: Quantities) -> dict[str, float]:
    """Numbers by the resource's name."""
    return {name: from_thousandths(amount) for name, amount in quantities.thousandths.items()}


def _add(sums: dict[str, Resources], parts: dict[str, Resources]) -> None:
    for role, part in parts.items():
        sums[role] = sums.get(role, NOTHING) + part


def _path(role: str) -> list[str]:
    """The role and those above it, the topmost first."""
    parts = role.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
