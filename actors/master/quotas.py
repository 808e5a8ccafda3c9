"""The desk for what roles are due: quotas and weights (mesos-protocol.md §4.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from actors.master.allocator.quota import Quota
from actors.master.clearance import Clearance
from actors.master.cluster import Cluster
from actors.master.consumption import capacity, consumed
from actors.master.flags import MasterFlags
from actors.master.offers import OfferDesk
from actors.master.validation.quota import quota_error, requested_quota, weights_error
from actors.master.validation.registered import registered_error
from actors.master.world import World
from transport.messages.allocation import SetQuota, SetWeights
from transport.messages.operating import (
    OperatorAnswer,
    QuotasRead,
    ReadQuotas,
    ReadWeights,
    RemoveQuotaRequest,
    SetQuotaRequest,
    UpdateQuotasRequest,
    UpdateWeightsRequest,
    WeightsRead,
)
from transport.messages.registry import RegistryApplied, UpdateQuotas, UpdateWeights
from transport.pid import Pid
from transport.records.quantities import NOTHING, Quantities
from transport.records.quota import QuotaConfig
from transport.records.registry import Registry
from transport.records.scalar import format_thousandths

_BAD_REQUEST: Final = 400
_CONFLICT: Final = 409


class QuotaDesk:
    """Has quotas and weights saved, and then tells the allocator."""

    def __init__(self, world: World, cluster: Cluster, flags: MasterFlags, offers: OfferDesk) -> None:
        self._world = world
        self._cluster = cluster
        self._offers = offers
        self._roles = None if flags.roles is None else tuple(one.strip() for one in flags.roles.split(","))
        #: By role, those that are saved.
        self.quotas, self.weights = cluster.quotas, cluster.weights
        #: Both as they are when all is saved that was granted: what the next request is checked by.
        self._granted: dict[str, QuotaConfig] = {}
        self._granted_weights: dict[str, float] = {}

    def recover(self, registry: Registry) -> None:
        """Tell the allocator the quotas and weights of the masters before."""
        self.weights.update({one.info.role or "*": one.info.weight for one in registry.weights})
        self.quotas.update({one.role: one for one in registry.quota_configs})
        self._granted, self._granted_weights = dict(self.quotas), dict(self.weights)
        if self.weights:
            self._world.allocate(SetWeights(dict(self.weights)))
        for config in self.quotas.values():
            self._world.allocate(SetQuota(config))

    # --- quotas ---

    def read(self, sender: Pid, message: ReadQuotas) -> None:
        """Tell the quotas."""
        self._world.send(sender, QuotasRead(message.request_id, tuple(self.quotas.values())))

    def update(self, sender: Pid, message: UpdateQuotasRequest) -> None:
        """Replace the quotas of some roles."""
        configs = message.configs
        error = quota_error(configs, self._roles) or self._overfull(configs)
        if error is None and not message.force:
            error = self._exceeded(configs) or self._overcommitted(configs)
        if error is not None:
            self._refuse(sender, message.request_id, error)
        else:
            self._save(sender, message.request_id, configs)

    def set(self, sender: Pid, message: SetQuotaRequest) -> None:
        """Give a role a quota that has none."""
        try:
            config = requested_quota(message.request)
        except ValueError as error:
            self._refuse(sender, message.request_id, str(error))
            return
        refusal = quota_error((config,), self._roles) or self._overfull((config,))
        if refusal is None and config.role in self._granted:
            refusal = f"role {config.role!r}: has a quota already; remove it, or use UPDATE_QUOTA"
        if refusal is not None:
            self._refuse(sender, message.request_id, refusal)
            return
        overcommitted = None if message.request.force else self._overcommitted((config,))
        if overcommitted is not None:
            self._refuse(sender, message.request_id, overcommitted, _CONFLICT)
        else:
            self._save(sender, message.request_id, (config,))

    def remove(self, sender: Pid, message: RemoveQuotaRequest) -> None:
        """Take a role's quota away."""
        if message.role not in self._granted:
            self._refuse(sender, message.request_id, f"role {message.role[:255]!r}: has no quota")
        else:
            self._save(sender, message.request_id, (QuotaConfig(role=message.role),))

    def _save(self, sender: Pid, request_id: int, configs: tuple[QuotaConfig, ...]) -> None:
        _put(self._granted, configs)
        self._world.save(
            UpdateQuotas(configs), lambda applied: self._saved(sender, request_id, configs, applied)
        )

    def _saved(
        self, sender: Pid, request_id: int, configs: tuple[QuotaConfig, ...], applied: RegistryApplied
    ) -> None:
        assert applied.error is None, applied.error
        _put(self.quotas, configs)
        for config in configs:
            self._world.allocate(SetQuota(config))
            self._world.log.info("quota updated", role=config.role)
        quotas = {config.role: Quota.of(config) for config in configs}
        for offer in tuple(Clearance(self._cluster, quotas).obstacles()):
            self._offers.rescind(offer)
        self._world.send(sender, OperatorAnswer(request_id))

    def _overfull(self, configs: Iterable[QuotaConfig]) -> str | None:
        quotas = dict(self._granted)
        _put(quotas, configs)
        return registered_error("quotas", tuple(quotas.values()))

    def _exceeded(self, configs: Iterable[QuotaConfig]) -> str | None:
        limits = {one.role: Quota.of(one).limits for one in configs if one.limits}
        if not limits:
            return None
        for role, used in consumed(self._cluster, limits).items():
            for name, limit in limits[role].items():
                if used[name] > limit:
                    return (
                        f"role {role!r}: the limit of {name}, {format_thousandths(limit)}, is below "
                        f"what it uses, {format_thousandths(used[name])}; force to ignore that"
                    )
        return None

    def _overcommitted(self, configs: Iterable[QuotaConfig]) -> str | None:
        guaranteed = NOTHING
        for config in ({**self._granted, **{one.role: one for one in configs}}).values():
            guaranteed += Quantities(Quota.of(config).guarantees)
        there = capacity(self._cluster)
        for name in guaranteed:
            if guaranteed[name] > there[name]:
                return (
                    f"quota: all guarantees of {name} together, {format_thousandths(guaranteed[name])}, are "
                    f"above what the cluster has, {format_thousandths(there[name])}; force to ignore that"
                )
        return None

    # --- weights ---

    def read_weights(self, sender: Pid, message: ReadWeights) -> None:
        """Tell the weights."""
        self._world.send(sender, WeightsRead(message.request_id, dict(self.weights)))

    def weigh(self, sender: Pid, message: UpdateWeightsRequest) -> None:
        """Replace the weights of some roles."""
        weights = {**self._granted_weights, **message.weights}
        error = weights_error(message.weights, self._roles) or registered_error("weights", weights)
        if error is not None:
            self._refuse(sender, message.request_id, error)
            return
        self._granted_weights = weights
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

    def _refuse(self, to: Pid, request_id: int, reason: str, status: int = _BAD_REQUEST) -> None:
        self._world.log.warning("request refused", reason=reason)
        self._world.send(to, OperatorAnswer(request_id, status, reason))


def _put(quotas: dict[str, QuotaConfig], configs: Iterable[QuotaConfig]) -> None:
    """Replace quotas; an empty one takes a role's quota away."""
    for config in configs:
        if config == QuotaConfig(role=config.role):
            quotas.pop(config.role, None)
        else:
            quotas[config.role] = config
