"""Who holds what: agents, frameworks, roles and quotas, kept in step with one another."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction

from actors.master.allocator.agent import Agent, Capability, Kind, Traits
from actors.master.allocator.capability import SHARED, kinds_taken
from actors.master.allocator.drf_sorter import DrfSorter
from actors.master.allocator.framework import Framework, Subscription
from actors.master.allocator.headroom import Headroom
from actors.master.allocator.lanes import Lanes
from actors.master.allocator.minimum import Minimum
from actors.master.allocator.portion import Portion, Portions
from actors.master.allocator.quota import Quota
from actors.master.allocator.random_sorter import RandomSorter
from actors.master.allocator.role import RoleTree
from actors.master.allocator.settings import Settings
from actors.master.allocator.sorter import Sorter
from actors.master.allocator.totals import Totals
from transport.records.agent import AgentInfo
from transport.records.quantities import Quantities
from transport.records.resource_conversion import ResourceConversion
from transport.records.resources import Resources


class Ledger:
    """The allocator's books, and the only one who writes in them."""

    def __init__(self, settings: Settings) -> None:
        """Begin with an empty cluster; raises ValueError for settings that cannot be."""
        lanes = Lanes()
        self.settings = settings
        #: What an offer must hold unless its framework asks for something else.
        self.minimum = Minimum.parse(settings.min_allocatable_resources)
        self.portions = Portions(lanes, self.minimum)
        self.totals = Totals(lanes, settings.fair_sharing_excluded_resource_names)
        self.headroom = Headroom(lanes, self.minimum)
        self.roles = RoleTree()
        self.sorter: Sorter[Subscription] = _sorter(settings, self.totals)
        self.agents: dict[str, Agent] = {}
        self.frameworks: dict[str, Framework] = {}
        #: The bits of subscriptions with a minimum of their own, and of those with constraints.
        self.choosy = 0
        self.constrained = 0
        self._kinds: dict[Traits, Kind] = {}
        self._unused_bits: list[int] = []
        self._bits_made = 0

    # --- agents ---

    def add_agent(
        self,
        agent_id: str,
        info: AgentInfo,
        capabilities: Collection[Capability],
        total: Resources,
        used: Mapping[str, Resources],
    ) -> Agent:
        """Add an agent on which frameworks already use something; raises ValueError when it is there."""
        if agent_id in self.agents:
            raise ValueError(f"agent {agent_id}: is there already")
        agent = self.agents[agent_id] = Agent(agent_id, info, capabilities, self.portions.nothing)
        self.set_total(agent, total)
        self._bar(agent)
        for framework_id, resources in used.items():
            for role, allocated in resources.allocations.items():
                portion = self.portions.of(allocated.unallocate())
                self.hold(agent, self.subscription(framework_id, role), portion)
        if used:
            self.reckon_available(agent)
        return agent

    def describe_agent(self, agent: Agent, info: AgentInfo, capabilities: Collection[Capability]) -> None:
        """Replace what is known of an agent beside its resources."""
        agent.info, agent.capabilities = info, capabilities
        agent.kind = self._kind(agent)
        self._bar(agent)

    def set_total(self, agent: Agent, total: Resources) -> None:
        """Replace all that an agent has."""
        old, agent.total = agent.total, self.portions.of(total)
        for path, packed in agent.total.reservations:
            self.headroom.reserve(self.roles.get(path), packed)
        for path, packed in old.reservations:
            role = self.roles.get(path)
            self.headroom.reserve(role, -packed)
            self.roles.prune(role)
        self.totals.add(agent.total.counted - old.counted)
        agent.kind = self._kind(agent)
        self.reckon_available(agent)

    def remove_agent(self, agent: Agent) -> None:
        """Forget an agent and what was allocated of it."""
        for subscription, portion in list(agent.held.items()):
            self.release(agent, subscription, portion)
        self.set_total(agent, Resources())
        del self.agents[agent.id]

    def reckon_available(self, agent: Agent) -> None:
        """Work out anew what of an agent is available."""
        if not agent.held:
            agent.is_overdrawn = False
            self._set_available(agent, agent.total)
            return
        total = agent.total.resources
        held = sum((portion.resources for portion in agent.held.values()), Resources())
        agent.is_overdrawn = not total.non_shared.contains(held.non_shared)
        rest = total.non_shared.without(held.non_shared) + total.shared
        self._set_available(agent, self.portions.of(rest))

    # --- what is held ---

    def hold(self, agent: Agent, subscription: Subscription, portion: Portion) -> None:
        """Note that a subscription was given a portion; what of the agent is available is not changed."""
        held = agent.held.get(subscription)
        if held is None:
            agent.held[subscription] = portion
            subscription.holdings += 1
        else:
            agent.held[subscription] = held.plus(portion)
        self.sorter.allocated(subscription.client, portion, agent.id)
        self.headroom.consume(subscription.role, portion.free)

    def plain(self, agent: Agent, subscription: Subscription, resources: Resources) -> Portion:
        """What is allocated to a subscription, as if it were allocated to nobody."""
        held = agent.held.get(subscription)
        if held is not None and held.tagged(subscription.role.path) is resources:
            return held  # all of it, as mostly when an offer is declined
        return self.portions.of(resources.unallocate())

    def release(self, agent: Agent, subscription: Subscription, portion: Portion) -> None:
        """Give a portion back to its agent; raises InsufficientError unless the subscription holds it."""
        rest = agent.held.get(subscription, self.portions.nothing).minus(portion)
        if rest.is_empty:
            del agent.held[subscription]
            subscription.holdings -= 1
        else:
            agent.held[subscription] = rest
        self.sorter.released(subscription.client, portion, agent.id)
        self.headroom.consume(subscription.role, -portion.free)
        if agent.is_overdrawn or portion.kinds & SHARED:
            self.reckon_available(agent)
        else:
            self._set_available(agent, agent.available.plus(portion))
        self._unsubscribe_if_idle(subscription)

    def convert(
        self, agent: Agent, subscription: Subscription, conversions: Iterable[ResourceConversion]
    ) -> None:
        """Make something else of what a subscription holds of an agent, as operations on offers do."""
        old = agent.held[subscription]
        held, total = old.resources, agent.total.resources
        for conversion in conversions:
            consumed, converted = conversion.consumed.unallocate(), conversion.converted.unallocate()
            held = held - consumed + converted
            if consumed:
                # Further copies of a shared volume are made of nothing: the agent has it only once.
                total = total - consumed + converted
        new = agent.held[subscription] = self.portions.of(held)
        self.sorter.exchanged(subscription.client, old, new, agent.id)
        self.headroom.consume(subscription.role, new.free)
        self.headroom.consume(subscription.role, -old.free)
        self.set_total(agent, total)
        if new.is_empty:
            del agent.held[subscription]
            subscription.holdings -= 1
            self._unsubscribe_if_idle(subscription)

    def convert_available(self, agent: Agent, conversions: Iterable[ResourceConversion]) -> str | None:
        """Make something else of what nobody is allocated; returns why that cannot be."""
        available, total = agent.available.resources, agent.total.resources
        for conversion in conversions:
            consumed, converted = conversion.consumed.unallocate(), conversion.converted.unallocate()
            if not available.contains(consumed):
                return f"agent {agent.id}: {consumed} is not available, only {available} is"
            available = available - consumed + converted
            total = total - consumed + converted
        self.set_total(agent, total)
        return None

    # --- frameworks ---

    def framework(self, framework_id: str) -> Framework:
        """The framework of that id, whether or not anything else is known of it."""
        framework = self.frameworks.get(framework_id)
        if framework is None:
            framework = self.frameworks[framework_id] = Framework(framework_id)
        return framework

    def adapt(self, framework: Framework) -> None:
        """Bring a framework's subscriptions in line with what it says about itself."""
        for path in framework.roles:
            self.subscription(framework.id, path)
        for subscription in list(framework.subscriptions.values()):
            self._adapt(subscription)
            self._unsubscribe_if_idle(subscription)

    def reopen(self, subscription: Subscription) -> None:
        """Let a subscription take offers, or not, as its framework now wishes."""
        self.sorter.set_mask(subscription.client, subscription.bit if subscription.is_open else 0)

    def remove_framework(self, framework: Framework) -> None:
        """Forget a framework; what it held is available again."""
        framework.active, framework.roles = False, ()
        held = [
            (agent, subscription, portion)
            for agent in self.agents.values()
            for subscription, portion in agent.held.items()
            if subscription.framework is framework
        ]
        for agent, subscription, portion in held:
            self.release(agent, subscription, portion)
        self.adapt(framework)
        self.frameworks.pop(framework.id, None)

    def subscription(self, framework_id: str, path: str) -> Subscription:
        """The subscription of a framework to a role, made when it is missing."""
        framework = self.framework(framework_id)
        subscription = framework.subscriptions.get(path)
        if subscription is not None:
            return subscription
        role = self.roles.get(path)
        subscription = Subscription(framework, role, self._take_bit(), self.minimum)
        subscription.client = self.sorter.add(path, framework_id, subscription)
        framework.subscriptions[path] = role.subscriptions[framework_id] = subscription
        for node in role.lineage:
            node.bits |= subscription.bit
        self.headroom.subscribed(role, subscription.bit)
        self._adapt(subscription)
        return subscription

    # --- roles ---

    def set_weight(self, path: str, weight: Fraction) -> None:
        """Replace a role's weight."""
        role = self.roles.get(path)
        role.weight = weight
        self.sorter.set_weight(path, weight)
        self.roles.prune(role)

    def set_quota(self, path: str, quota: Quota) -> None:
        """Replace a role's quota."""
        role = self.roles.get(path)
        self.headroom.set_quota(role, quota)
        self.roles.prune(role)

    # --- the whole ---

    @property
    def total(self) -> Quantities:
        """The scalars of all agents."""
        return Quantities(self.portions.lanes.unpack(self.totals.packed))

    @property
    def allocated(self) -> Quantities:
        """The scalars that are held; what several roles share counts for each."""
        return Quantities(self.portions.lanes.unpack(self.sorter.held))

    # --- the details ---

    def _set_available(self, agent: Agent, portion: Portion) -> None:
        self.headroom.free += portion.free - agent.available.free
        agent.available = portion

    def _take_bit(self) -> int:
        """The lowest bit that no subscription has, so that masks stay as short as they can be."""
        if self._unused_bits:
            return 1 << heapq.heappop(self._unused_bits)
        self._bits_made += 1
        return 1 << self._bits_made - 1

    def _adapt(self, subscription: Subscription) -> None:
        framework, bit = subscription.framework, subscription.bit
        path = subscription.role.path
        subscription.kinds = kinds_taken(framework.capabilities)
        subscription.minimum = framework.minimums.get(path, self.minimum)
        self.choosy &= ~bit
        if subscription.minimum is not self.minimum:
            self.choosy |= bit
        for kind in self._kinds.values():
            kind.barred = kind.barred & ~bit | (bit if subscription.lacks(kind.traits) else 0)
        if path in framework.constraints or self.constrained & bit:
            self.constrained = self.constrained & ~bit | (bit if path in framework.constraints else 0)
            for agent in self.agents.values():
                agent.barred = agent.barred & ~bit | (0 if subscription.wants(agent.info) else bit)
        self.reopen(subscription)

    def _unsubscribe_if_idle(self, subscription: Subscription) -> None:
        if subscription.holdings or subscription.is_subscribed:
            return
        role, framework, bit = subscription.role, subscription.framework, subscription.bit
        self._forget_bit(bit)
        self.sorter.remove(subscription.client)
        del role.subscriptions[framework.id]
        del framework.subscriptions[role.path]
        for node in role.lineage:
            node.bits &= ~bit
        self.roles.prune(role)
        if not framework.subscriptions and framework.info is None:
            del self.frameworks[framework.id]

    def end_rest(self, agent_ids: Collection[str]) -> list[str]:
        """Nobody is kept from these agents for having declined them a moment ago; returns those there are."""
        known = [agent_id for agent_id in agent_ids if agent_id in self.agents]
        for agent_id in known:
            self.agents[agent_id].resting = 0
        return known

    def _forget_bit(self, bit: int) -> None:
        self.headroom.unsubscribed(bit)
        self.choosy &= ~bit
        self.constrained &= ~bit
        for kind in self._kinds.values():
            kind.barred &= ~bit
        for agent in self.agents.values():
            agent.barred &= ~bit
            agent.resting &= ~bit
            if agent.refusals is not None:
                agent.refusals.revive(bit)
        heapq.heappush(self._unused_bits, bit.bit_length() - 1)

    def _kind(self, agent: Agent) -> Kind:
        traits = agent.traits(self.settings.region, gpus_matter=self.settings.filter_gpu_resources)
        kind = self._kinds.get(traits)
        if kind is None:
            kind = self._kinds[traits] = Kind(traits)
            for subscription in self._subscriptions():
                kind.barred |= subscription.bit if subscription.lacks(traits) else 0
        return kind

    def _bar(self, agent: Agent) -> None:
        agent.barred = 0
        if self.constrained:
            for subscription in self._subscriptions():
                if not subscription.wants(agent.info):
                    agent.barred |= subscription.bit

    def _subscriptions(self) -> list[Subscription]:
        return [
            subscription
            for framework in self.frameworks.values()
            for subscription in framework.subscriptions.values()
        ]


def _sorter(settings: Settings, totals: Totals) -> Sorter[Subscription]:
    for kind in (settings.role_sorter, settings.framework_sorter):
        if kind not in ("drf", "random"):
            raise ValueError(f"sorter {kind!r}: must be drf or random")
    if settings.leaves_to_chance:
        roles, frameworks = settings.role_sorter == "random", settings.framework_sorter == "random"
        return RandomSorter(totals, roles=roles, frameworks=frameworks)
    return DrfSorter(totals)
