"""Mesos' own way to allocate: roles in a tree, dominant-resource fairness, quotas, filters."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from actors.master.allocator.agent import Agent
from actors.master.allocator.allocator import Allocation
from actors.master.allocator.constraints import Constraints
from actors.master.allocator.explanation import Reason, explain
from actors.master.allocator.framework import Framework
from actors.master.allocator.holdback import Holdback
from actors.master.allocator.invariants import check
from actors.master.allocator.ledger import Ledger
from actors.master.allocator.maintenance import Maintenance, inverse_offers
from actors.master.allocator.portion import allocation_role
from actors.master.allocator.quota import Quota
from actors.master.allocator.refusals import Refusals, refusal_seconds
from actors.master.allocator.round import Round
from actors.master.allocator.settings import Settings
from transport.records.agent import AgentInfo
from transport.records.framework import FrameworkInfo
from transport.records.inverse_offer_status import InverseOfferStatus
from transport.records.names import role_error
from transport.records.offer import Filters
from transport.records.quantities import Quantities
from transport.records.resource_conversion import ResourceConversion
from transport.records.resources import Resources
from transport.records.time_info import Unavailability

_NONE: Mapping[str, Resources] = MappingProxyType({})
_FREE: Mapping[str, Constraints] = MappingProxyType({})


class HierarchicalAllocator:
    """The built-in `allocator.Allocator`; see there for what its methods do."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Begin with an empty cluster; raises ValueError for settings that cannot be."""
        self._settings = settings or Settings()
        self._ledger = Ledger(self._settings)
        self._candidates: dict[str, None] = {}
        self._whitelist: frozenset[str] | None = None
        self._holdback = Holdback(
            self._settings.allocator_agent_recovery_factor, self._settings.allocator_recovery_timeout_seconds
        )

    # --- agents ---

    def add_agent(
        self,
        agent_id: str,
        info: AgentInfo,
        capabilities: Collection[AgentInfo.Capability.Type],
        total: Resources,
        used: Mapping[str, Resources] = _NONE,
        unavailability: Unavailability | None = None,
    ) -> None:
        """Add an agent; `used` is what frameworks, known or not, already have of it, with their roles."""
        agent = self._ledger.add_agent(agent_id, info, tuple(capabilities), total, used)
        if unavailability is not None:
            agent.maintenance = Maintenance(unavailability)
        if self._holdback.has_ended(len(self._ledger.agents)):
            self.resume()
        self._candidates[agent_id] = None

    def update_agent(
        self,
        agent_id: str,
        info: AgentInfo,
        capabilities: Collection[AgentInfo.Capability.Type] | None = None,
        total: Resources | None = None,
    ) -> None:
        """Replace what is known of an agent. Changed attributes end all refusals of its offers."""
        agent = self._ledger.agents[agent_id]
        if sorted(info.attributes, key=str) != sorted(agent.info.attributes, key=str):
            agent.refusals = None
            self._forget_inverse_refusals(agent_id)
        known = agent.capabilities if capabilities is None else tuple(capabilities)
        if total is not None and total != agent.total.resources:
            self._ledger.set_total(agent, total)
        self._ledger.describe_agent(agent, info, known)
        self._candidates[agent_id] = None

    def remove_agent(self, agent_id: str) -> None:
        """Forget an agent, and with it what is allocated of it."""
        self._ledger.remove_agent(self._ledger.agents[agent_id])
        self._forget_inverse_refusals(agent_id)
        self._candidates.pop(agent_id, None)

    def activate_agent(self, agent_id: str) -> None:
        """Offer the agent's resources again."""
        self._ledger.agents[agent_id].is_active = True
        self._candidates[agent_id] = None

    def deactivate_agent(self, agent_id: str) -> None:
        """Make no more offers of the agent."""
        self._ledger.agents[agent_id].is_active = False

    def set_whitelist(self, hostnames: Collection[str] | None) -> None:
        """Offer only agents on these hosts; None for all."""
        self._whitelist = None if hostnames is None else frozenset(hostnames)
        self._consider_all()

    # --- frameworks ---

    def add_framework(
        self,
        framework_id: str,
        info: FrameworkInfo,
        *,
        active: bool = True,
        suppressed_roles: Collection[str] = (),
        constraints: Mapping[str, Constraints] = _FREE,
    ) -> None:
        """Add a framework; an inactive one gets no offers."""
        framework = self._ledger.framework(framework_id)
        if framework.info is not None:
            raise ValueError(f"framework {framework_id}: is there already")
        framework.active = active
        self._describe(framework, info, suppressed_roles, constraints)
        self._consider_all()

    def update_framework(
        self,
        framework_id: str,
        info: FrameworkInfo,
        suppressed_roles: Collection[str] = (),
        constraints: Mapping[str, Constraints] = _FREE,
    ) -> None:
        """Replace what the framework says about itself; resources in roles that it left stay allocated."""
        framework = self._framework(framework_id)
        before = framework.roles, framework.suppressed
        self._describe(framework, info, suppressed_roles, constraints)
        left = [role for role in before[0] if role not in framework.roles]
        revived = [role for role in before[1] if role in framework.roles and role not in framework.suppressed]
        self._forget_refusals(framework, left + revived)
        self._consider_all()

    def remove_framework(self, framework_id: str) -> None:
        """Forget a framework; all that was allocated to it is available."""
        self._ledger.remove_framework(self._framework(framework_id))
        for agent in self._ledger.agents.values():
            if agent.maintenance is not None:
                agent.maintenance.forget(framework_id)
        self._consider_all()

    def activate_framework(self, framework_id: str) -> None:
        """Make offers to the framework again."""
        framework = self._framework(framework_id)
        framework.active = True
        self._reopen(framework)
        self._consider_all()

    def deactivate_framework(self, framework_id: str) -> None:
        """Make no more offers to the framework, and forget what it refused."""
        framework = self._framework(framework_id)
        framework.active = False
        self._reopen(framework)
        self._forget_refusals(framework, framework.subscriptions)
        framework.inverse_refusals.clear()

    def suppress(self, framework_id: str, roles: Collection[str] = ()) -> None:
        """Make no offers to the framework in some of its roles, or (empty) in any."""
        framework = self._framework(framework_id)
        framework.suppressed.update(dict.fromkeys(self._own(framework, roles)))
        self._reopen(framework)

    def revive(self, framework_id: str, roles: Collection[str] = ()) -> None:
        """End suppression and refusals in some of the framework's roles, or (empty) in all."""
        framework = self._framework(framework_id)
        own = self._own(framework, roles)
        for role in own:
            framework.suppressed.pop(role, None)
        self._reopen(framework)
        self._forget_refusals(framework, own)
        framework.inverse_refusals.clear()
        self._consider_all()

    # --- roles ---

    def set_weights(self, weights: Mapping[str, float]) -> None:
        """Weigh roles: twice the weight is due twice the share."""
        for role, weight in weights.items():
            if not 0 < weight < float("inf"):
                raise ValueError(f"weight of role {role!r}: must be above 0 and finite, got {weight}")
            # The decimal that the operator wrote, not the binary fraction nearest to it.
            self._ledger.set_weight(_checked(role), Fraction(str(weight)))

    def set_quota(self, role: str, quota: Quota) -> None:
        """Guarantee resources to a role and all below it, and limit them."""
        error = quota.error()
        if error is not None:
            raise ValueError(error)
        self._ledger.set_quota(_checked(role), quota)
        self._consider_all()

    # --- resources ---

    def recover(
        self, framework_id: str, agent_id: str, resources: Resources, filters: Filters | None, now: float
    ) -> None:
        """Take back what was allocated in one role; with filters it was refused."""
        agent = self._ledger.agents.get(agent_id)
        framework = self._ledger.frameworks.get(framework_id)
        if agent is None or framework is None or not resources:
            return
        subscription = framework.subscriptions.get(allocation_role(resources))
        if subscription is None:
            return
        portion = self._ledger.plain(agent, subscription, resources)
        self._ledger.release(agent, subscription, portion)
        self._candidates[agent_id] = None
        if filters is None or not framework.active or not subscription.is_subscribed:
            return
        seconds = refusal_seconds(filters.refuse_seconds, self._settings.allocation_interval_seconds)
        if seconds:
            if agent.refusals is None:
                agent.refusals = Refusals()
            agent.refusals.refuse(subscription.bit, portion.resources, now + seconds)
        else:
            agent.resting |= subscription.bit

    def end_rest(self, agent_ids: Collection[str]) -> None:
        """Offer agents again to those who declined them for no time at all; a batch does so for all."""
        self._candidates |= dict.fromkeys(self._ledger.end_rest(agent_ids))

    def update_allocation(
        self, framework_id: str, agent_id: str, role: str, conversions: Sequence[ResourceConversion]
    ) -> None:
        """Convert resources that are allocated to a framework, as its operations do."""
        agent = self._ledger.agents[agent_id]
        self._ledger.convert(agent, self._framework(framework_id).subscriptions[role], conversions)
        self._candidates[agent_id] = None

    def update_available(self, agent_id: str, conversions: Sequence[ResourceConversion]) -> str | None:
        """Convert resources that nobody is allocated, as an operator does; returns why that cannot be."""
        error = self._ledger.convert_available(self._ledger.agents[agent_id], conversions)
        if error is None:
            self._candidates[agent_id] = None
        return error

    # --- maintenance ---

    def set_unavailability(self, agent_id: str, unavailability: Unavailability | None) -> None:
        """Say when an agent will be away, or that it will not; earlier answers are void."""
        agent = self._ledger.agents[agent_id]
        agent.maintenance = None if unavailability is None else Maintenance(unavailability)
        self._forget_inverse_refusals(agent_id)
        self._candidates[agent_id] = None

    def answer_inverse_offer(
        self,
        agent_id: str,
        framework_id: str,
        status: InverseOfferStatus | None,
        filters: Filters | None,
        now: float,
    ) -> None:
        """Note an answer to an inverse offer, or (None) that it is no longer outstanding."""
        framework = self._framework(framework_id)
        maintenance = self._ledger.agents[agent_id].maintenance
        if maintenance is not None:
            maintenance.answer(framework_id, status)
        seconds = refusal_seconds(filters.refuse_seconds, 0.0) if filters is not None else 0.0
        if seconds:
            framework.inverse_refusals[agent_id] = now + seconds

    def inverse_offer_statuses(self) -> Mapping[str, Mapping[str, InverseOfferStatus]]:
        """What frameworks answered, by agent id and framework id."""
        return {
            agent.id: agent.maintenance.statuses
            for agent in self._ledger.agents.values()
            if agent.maintenance is not None
        }

    # --- runs ---

    def expect_agents(self, count: int, now: float) -> None:
        """After a failover, hold offers back until enough agents are there, or it takes too long."""
        if self._ledger.headroom.has_quotas:
            self._holdback.expect(count, len(self._ledger.agents), now)

    def pause(self) -> None:
        """Make no offers until `resume`."""
        self._holdback.begin()

    def resume(self) -> None:
        """End a pause, also the one that `expect_agents` began."""
        self._holdback.end()
        self._consider_all()

    @property
    def candidates(self) -> Collection[str]:
        """Ids of the agents that something happened to since the last run, and so are worth one."""
        return () if self._holdback.is_on else self._candidates.keys()

    @property
    def total(self) -> Quantities:
        """The scalars of all agents."""
        return self._ledger.total

    @property
    def allocated(self) -> Quantities:
        """The scalars that are offered or allocated."""
        return self._ledger.allocated

    def allocate(
        self, now: float, rng: random.Random, candidates: Collection[str] | None = None
    ) -> Allocation:
        """Decide what to offer of some agents, or (None) of all: that is a batch."""
        if self._holdback.has_ended(len(self._ledger.agents), now):
            self.resume()
        if self._holdback.is_on:
            return Allocation()
        agents = self._ledger.agents
        chosen = [
            agents[agent_id]
            for agent_id in (agents if candidates is None else candidates)
            if agent_id in agents
        ]
        for agent in chosen:
            self._candidates.pop(agent.id, None)
        run = Round(self._ledger, rng, now, is_batch=candidates is None)
        run.run(agent for agent in chosen if agent.is_active and self._is_whitelisted(agent))
        return Allocation(run.offers, inverse_offers(chosen, self._ledger.frameworks, now))

    def why(self, agent_id: str, framework_id: str, role: str, now: float) -> Sequence[Reason]:
        """Which rules keep offers of an agent from a framework in a role; empty when none does."""
        agent, framework = self._ledger.agents[agent_id], self._framework(framework_id)
        reasons = explain(self._ledger, agent, framework, role, now)
        if not self._is_whitelisted(agent):
            reasons.insert(0, Reason("whitelist", f"host {agent.info.hostname} is not on the whitelist"))
        if self._holdback.is_on:
            reasons.insert(0, Reason("paused", "no offers are made at present", self._holdback.until))
        return reasons

    def check_invariants(self) -> None:
        """Raise BrokenInvariantError when the books contradict themselves; slow, for tests."""
        check(self._ledger)

    # --- the details ---

    def _framework(self, framework_id: str) -> Framework:
        framework = self._ledger.frameworks[framework_id]
        if framework.info is None:
            raise KeyError(framework_id)
        return framework

    def _describe(
        self,
        framework: Framework,
        info: FrameworkInfo,
        suppressed_roles: Collection[str],
        constraints: Mapping[str, Constraints],
    ) -> None:
        framework.describe(info, constraints)
        framework.suppressed = dict.fromkeys(
            self._own(framework, suppressed_roles) if suppressed_roles else ()
        )
        self._ledger.adapt(framework)

    def _own(self, framework: Framework, roles: Collection[str]) -> Collection[str]:
        for role in roles:
            if role not in framework.roles:
                raise ValueError(f"framework {framework.id}: is not subscribed to role {role!r}")
        return roles or framework.roles

    def _reopen(self, framework: Framework) -> None:
        for subscription in framework.subscriptions.values():
            self._ledger.reopen(subscription)

    def _forget_refusals(self, framework: Framework, roles: Collection[str]) -> None:
        bits = 0
        for role in roles:
            bits |= framework.subscriptions[role].bit if role in framework.subscriptions else 0
        for agent in self._ledger.agents.values():
            if agent.refusals is not None:
                agent.refusals.revive(bits)
            agent.resting &= ~bits

    def _forget_inverse_refusals(self, agent_id: str) -> None:
        for framework in self._ledger.frameworks.values():
            framework.inverse_refusals.pop(agent_id, None)

    def _consider_all(self) -> None:
        self._candidates.update(dict.fromkeys(self._ledger.agents))

    def _is_whitelisted(self, agent: Agent) -> bool:
        return self._whitelist is None or agent.info.hostname in self._whitelist


def _checked(role: str) -> str:
    error = role_error(role)
    if error is not None:
        raise ValueError(error)
    return role
