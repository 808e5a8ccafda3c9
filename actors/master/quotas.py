"""The desk for what roles are due: quotas and weights (mesos-protocol.md §4.1)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

from actors.master.allocator.quota import Quota
from actors.master.cluster import Cluster
from actors.master.consumption import capacity, consumed, free, is_below
from actors.master.flags import MasterFlags
from actors.master.offers import OfferDesk
from actors.master.world import World
from transport.messages.allocation import SetQuota, SetWeights
from transport.messages.operating import OperatorAnswer, UpdateQuotasRequest, UpdateWeightsRequest
from transport.messages.registry import RegistryApplied, UpdateQuotas, UpdateWeights
from transport.pid import Pid
from transport.records.names import role_error
from transport.records.quantities import Quantities
from transport.records.quota import QuotaConfig
from transport.records.registry import Registry
from transport.records.scalar import format_thousandths

_BAD_REQUEST: Final = 400


class QuotaDesk:
    """Has quotas and weights saved, and then tells the allocator."""

    def __init__(self, world: World, cluster: Cluster, flags: MasterFlags, offers: OfferDesk) -> None:
        self._world = world
        self._cluster = cluster
        self._offers = offers
        self._roles = None if flags.roles is None else tuple(one.strip() for one in flags.roles.split(","))
        #: By role, those that are saved.
        self.quotas, self.weights = cluster.quotas, cluster.weights

    def recover(self, registry: Registry) -> None:
        """Tell the allocator the quotas and weights of the masters before."""
        self.weights.update({one.info.role or "*": one.info.weight for one in registry.weights})
        self.quotas.update({one.role: one for one in registry.quota_configs})
        if self.weights:
            self._world.allocate(SetWeights(dict(self.weights)))
        for config in self.quotas.values():
            self._world.allocate(SetQuota(config))

    # --- quotas ---

    def update(self, sender: Pid, message: UpdateQuotasRequest) -> None:
        """Replace the quotas of some roles."""
        error = quota_error(message.configs, self._roles)
        if error is None and not message.force:
            error = self._overcommitted(message.configs)
        if error is not None:
            self._refuse(sender, message.request_id, error)
            return
        self._world.save(
            UpdateQuotas(message.configs), lambda applied: self._updated(sender, message, applied)
        )

    def _updated(self, sender: Pid, message: UpdateQuotasRequest, applied: RegistryApplied) -> None:
        assert applied.error is None, applied.error
        for config in message.configs:
            if config == QuotaConfig(role=config.role):
                self.quotas.pop(config.role, None)
            else:
                self.quotas[config.role] = config
            self._world.allocate(SetQuota(config))
            self._world.log.info("quota updated", role=config.role)
            self._make_room(config)
        self._world.send(sender, OperatorAnswer(message.request_id))

    def _overcommitted(self, configs: Iterable[QuotaConfig]) -> str | None:
        guaranteed = Quantities()
        for config in ({**self.quotas, **{one.role: one for one in configs}}).values():
            guaranteed += Quantities(Quota.of(config).guarantees)
        there = capacity(self._cluster)
        for name in guaranteed:
            if guaranteed[name] > there[name]:
                return (
                    f"quota: all guarantees of {name} together, {format_thousandths(guaranteed[name])}, are "
                    f"above what the cluster has, {format_thousandths(there[name])}; force to ignore that"
                )
        for config in configs:
            used = consumed(self._cluster, config.role)
            for name, limit in Quota.of(config).limits.items():
                if used[name] > limit:
                    return (
                        f"role {config.role!r}: the limit of {name}, {format_thousandths(limit)}, is below "
                        f"what it uses, {format_thousandths(used[name])}; force to ignore that"
                    )
        return None

    def _make_room(self, config: QuotaConfig) -> None:
        """Take back offers that the quota forbids, or without which its guarantee can be met."""
        quota = Quota.of(config)
        if quota.limits:
            for offer in tuple(self._cluster.offers.values()):
                if is_below(offer.role, config.role):
                    self._offers.rescind(offer)
        wanted = Quantities(quota.guarantees).without(consumed(self._cluster, config.role))
        if not wanted:
            return
        available = free(self._cluster)
        for offer in tuple(self._cluster.offers.values()):
            if available.contains(wanted):
                return
            if not is_below(offer.role, config.role):
                self._offers.rescind(offer)
                available += offer.resources.unreserved.non_revocable.scalar_quantities

    # --- weights ---

    def weigh(self, sender: Pid, message: UpdateWeightsRequest) -> None:
        """Replace the weights of some roles."""
        error = weights_error(message.weights, self._roles)
        if error is not None:
            self._refuse(sender, message.request_id, error)
            return
        self._world.save(
            UpdateWeights(message.weights), lambda applied: self._weighed(sender, message, applied)
        )

    def _weighed(self, sender: Pid, message: UpdateWeightsRequest, applied: RegistryApplied) -> None:
        assert applied.error is None, applied.error
        self.weights.update(message.weights)
        self._world.allocate(SetWeights(message.weights))
        self._world.log.info("weights updated", weights=dict(message.weights))
        if any(role in message.weights for one in self._cluster.frameworks.values() for role in one.roles):
            # What is offered was shared out by the old weights.
            for offer in tuple(self._cluster.offers.values()):
                self._offers.rescind(offer)
        self._world.send(sender, OperatorAnswer(message.request_id))

    def _refuse(self, to: Pid, request_id: int, reason: str) -> None:
        self._world.log.warning("request refused", reason=reason)
        self._world.send(to, OperatorAnswer(request_id, _BAD_REQUEST, reason))


def quota_error(configs: Iterable[QuotaConfig], roles: Iterable[str] | None = None) -> str | None:
    """Which rule a request for quotas breaks, or None; `roles` are the only ones there are."""
    seen = set()
    for config in configs:
        role = config.role
        error = role_error(role) or _role_refused(role, roles)
        if error is None and role == "*":
            error = "quota cannot be set for the default role '*'"
        if error is None and "/" in role:
            error = f"role {role!r}: quota can be set for top-level roles only"
        if error is None and role in seen:
            error = f"role {role!r}: must not be given more than once"
        if error is None:
            error = _amounts_error(config)
        if error is not None:
            return error
        seen.add(role)
    return None


def weights_error(weights: Mapping[str, float], roles: Iterable[str] | None = None) -> str | None:
    """Which rule a request for weights breaks, or None; `roles` are the only ones there are."""
    for role, weight in weights.items():
        error = role_error(role) or _role_refused(role, roles)
        if error is not None:
            return error
        if not math.isfinite(weight) or weight <= 0:
            return f"role {role!r}: weight must be more than 0"
    return None


def _amounts_error(config: QuotaConfig) -> str | None:
    for kind, amounts in (("guarantee", config.guarantees), ("limit", config.limits)):
        for name, scalar in amounts.items():
            if not math.isfinite(scalar.value):
                return f"role {config.role!r}: the {kind} of {name} must be a finite number"
    error = Quota.of(config).error()
    return None if error is None else f"role {config.role!r}: {error}"


def _role_refused(role: str, roles: Iterable[str] | None) -> str | None:
    if roles is None or role in ("*", *roles):
        return None
    return f"role {role!r}: is not among the master's --roles"
