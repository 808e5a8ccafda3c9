"""A slow and obvious allocator, written straight from mesos-protocol.md §10, that others are held against.

It keeps nothing but the facts: whatever a decision needs is worked out from them, each time anew, with
fractions. It has in common with the real one only the records, and where that is told what to do.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction

from actors.master.allocator.allocator import Allocation
from actors.master.allocator.constraints import Constraints
from actors.master.allocator.quota import Quota
from actors.master.allocator.settings import Settings
from transport.records.agent import AgentInfo
from transport.records.framework import FrameworkInfo
from transport.records.inverse_offer_status import InverseOfferStatus
from transport.records.offer import Filters
from transport.records.quantities import Quantities
from transport.records.resource_conversion import ResourceConversion
from transport.records.resource_identity import ResourceIdentity
from transport.records.resources import Resources
from transport.records.time_info import Unavailability
from transport.records.value import Value

Agents = AgentInfo.Capability.Type
Frameworks = FrameworkInfo.Capability.Type
#: A framework in a role: those that are subscribed, or hold something.
Subscription = tuple[str, str]


class Agent:
    def __init__(self, info: AgentInfo, capabilities: Collection[Agents], total: Resources) -> None:
        self.info = info
        self.capabilities = capabilities
        self.total = total
        self.active = True
        self.held: dict[Subscription, Resources] = {}
        self.unavailability: Unavailability | None = None
        self.asked: set[str] = set()


class Framework:
    def __init__(self, info: FrameworkInfo, active: bool) -> None:
        self.info = info
        self.active = active
        self.suppressed: set[str] = set()
        self.constraints: Mapping[str, Constraints] = {}

    @property
    def capabilities(self) -> set[Frameworks | None]:
        return {each.type for each in self.info.capabilities}

    @property
    def roles(self) -> list[str]:
        if Frameworks.MULTI_ROLE in self.capabilities:
            return list(self.info.roles)
        return [self.info.role or "*"]


class ReferenceAllocator:
    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.agents: dict[str, Agent] = {}
        self.frameworks: dict[str, Framework] = {}
        self.weights: dict[str, Fraction] = {}
        self.quotas: dict[str, Quota] = {}
        #: How often each subscription, and each role, was given something.
        self.served: dict[Subscription, int] = {}
        self.role_served: dict[str, int] = {}
        self.refused: list[tuple[Subscription, str, Resources, float]] = []
        self.resting: set[tuple[Subscription, str]] = set()
        self.inverse_refused: dict[tuple[str, str], float] = {}
        self.whitelist: Collection[str] | None = None
        self.paused = False
        self.resume_at = math.inf
        self.resume_with = math.inf

    # --- what the master tells ---

    def add_agent(
        self,
        agent_id: str,
        info: AgentInfo,
        capabilities: Collection[Agents],
        total: Resources,
        used: Mapping[str, Resources] = {},
        unavailability: Unavailability | None = None,
    ) -> None:
        agent = self.agents[agent_id] = Agent(info, capabilities, total)
        agent.unavailability = unavailability
        for framework_id, resources in used.items():
            for role, allocated in resources.allocations.items():
                self.give(agent, (framework_id, role), allocated.unallocate())
        if len(self.agents) >= self.resume_with:
            self.resume()

    def update_agent(
        self,
        agent_id: str,
        info: AgentInfo,
        capabilities: Collection[Agents] | None = None,
        total: Resources | None = None,
    ) -> None:
        agent = self.agents[agent_id]
        if set(map(str, info.attributes)) != set(map(str, agent.info.attributes)):
            self.refused = [each for each in self.refused if each[1] != agent_id]
            self.forget_inverse_refusals(agent_id)
        agent.info = info
        agent.capabilities = agent.capabilities if capabilities is None else capabilities
        agent.total = agent.total if total is None else total

    def remove_agent(self, agent_id: str) -> None:
        del self.agents[agent_id]
        self.refused = [each for each in self.refused if each[1] != agent_id]
        self.resting = {each for each in self.resting if each[1] != agent_id}
        self.forget_inverse_refusals(agent_id)
        self.forget_idle()

    def activate_agent(self, agent_id: str) -> None:
        self.agents[agent_id].active = True

    def deactivate_agent(self, agent_id: str) -> None:
        self.agents[agent_id].active = False

    def set_whitelist(self, hostnames: Collection[str] | None) -> None:
        self.whitelist = hostnames

    def add_framework(
        self,
        framework_id: str,
        info: FrameworkInfo,
        *,
        active: bool = True,
        suppressed_roles: Collection[str] = (),
        constraints: Mapping[str, Constraints] = {},
    ) -> None:
        self.frameworks[framework_id] = Framework(info, active)
        self.update_framework(framework_id, info, suppressed_roles, constraints)

    def update_framework(
        self,
        framework_id: str,
        info: FrameworkInfo,
        suppressed_roles: Collection[str] = (),
        constraints: Mapping[str, Constraints] = {},
    ) -> None:
        framework = self.frameworks[framework_id]
        left = [role for role in framework.roles if role not in framework_roles(info)]
        revived = [role for role in framework.suppressed if role not in suppressed_roles]
        framework.info, framework.constraints = info, constraints
        framework.suppressed = set(suppressed_roles)
        for role in framework.roles:
            self.served.setdefault((framework_id, role), 0)
        self.forget_refusals(framework_id, [*left, *revived])
        self.forget_idle()

    def remove_framework(self, framework_id: str) -> None:
        for agent in self.agents.values():
            agent.held = {each: held for each, held in agent.held.items() if each[0] != framework_id}
            agent.asked.discard(framework_id)
        self.forget_refusals(framework_id, {role for name, role in self.served if name == framework_id})
        self.forget_inverse_refusals_of(framework_id)
        del self.frameworks[framework_id]
        self.forget_idle()

    def activate_framework(self, framework_id: str) -> None:
        self.frameworks[framework_id].active = True

    def deactivate_framework(self, framework_id: str) -> None:
        self.frameworks[framework_id].active = False
        self.forget_refusals(framework_id, {role for name, role in self.served if name == framework_id})
        self.forget_inverse_refusals_of(framework_id)

    def suppress(self, framework_id: str, roles: Collection[str] = ()) -> None:
        framework = self.frameworks[framework_id]
        framework.suppressed |= set(roles or framework.roles)

    def revive(self, framework_id: str, roles: Collection[str] = ()) -> None:
        framework = self.frameworks[framework_id]
        framework.suppressed -= set(roles or framework.roles)
        self.forget_refusals(framework_id, roles or framework.roles)
        self.forget_inverse_refusals_of(framework_id)

    def set_weights(self, weights: Mapping[str, float]) -> None:
        self.weights.update({role: Fraction(str(weight)) for role, weight in weights.items()})

    def set_quota(self, role: str, quota: Quota) -> None:
        self.quotas[role] = quota

    def recover(
        self, framework_id: str, agent_id: str, resources: Resources, filters: Filters | None, now: float
    ) -> None:
        if framework_id not in self.frameworks and all(framework_id != name for name, _role in self.served):
            return
        if agent_id not in self.agents or not resources:
            return
        (role,) = resources.allocations
        agent, subscription = self.agents[agent_id], (framework_id, role)
        if subscription not in self.served:
            return
        plain = resources.unallocate()
        agent.held[subscription] -= plain
        if not agent.held[subscription]:
            del agent.held[subscription]
        framework = self.frameworks.get(framework_id)
        if filters is not None and framework is not None and framework.active and role in framework.roles:
            seconds = refuse_seconds(filters)
            if seconds:
                interval = self.settings.allocation_interval_seconds
                self.refused.append((subscription, agent_id, plain, now + max(seconds, interval)))
            else:
                self.resting.add((subscription, agent_id))
        self.forget_idle()

    def update_allocation(
        self, framework_id: str, agent_id: str, role: str, conversions: Sequence[ResourceConversion]
    ) -> None:
        agent = self.agents[agent_id]
        for conversion in conversions:
            consumed, converted = conversion.consumed.unallocate(), conversion.converted.unallocate()
            held = agent.held[framework_id, role]
            agent.held[framework_id, role] = held - consumed + converted
            if consumed:
                agent.total = agent.total - consumed + converted
        if not agent.held[framework_id, role]:
            del agent.held[framework_id, role]
        self.forget_idle()

    def update_available(self, agent_id: str, conversions: Sequence[ResourceConversion]) -> str | None:
        agent = self.agents[agent_id]
        available, total = self.available(agent), agent.total
        for conversion in conversions:
            consumed, converted = conversion.consumed.unallocate(), conversion.converted.unallocate()
            if not available.contains(consumed):
                return "not available"
            available = available - consumed + converted
            total = total - consumed + converted
        agent.total = total
        return None

    def set_unavailability(self, agent_id: str, unavailability: Unavailability | None) -> None:
        agent = self.agents[agent_id]
        agent.unavailability, agent.asked = unavailability, set()
        self.forget_inverse_refusals(agent_id)

    def answer_inverse_offer(
        self,
        agent_id: str,
        framework_id: str,
        status: InverseOfferStatus | None,
        filters: Filters | None,
        now: float,
    ) -> None:
        self.agents[agent_id].asked.discard(framework_id)
        seconds = refuse_seconds(filters) if filters is not None else 0.0
        if seconds:
            self.inverse_refused[framework_id, agent_id] = now + seconds

    def expect_agents(self, count: int, now: float) -> None:
        factor = Fraction(str(self.settings.allocator_agent_recovery_factor))
        enough = math.floor(count * factor)
        if len(self.agents) < enough and any(quota != Quota() for quota in self.quotas.values()):
            self.paused = True
            self.resume_at = now + self.settings.allocator_recovery_timeout_seconds
            self.resume_with = enough

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused, self.resume_at, self.resume_with = False, math.inf, math.inf

    # --- a run ---

    def allocate(
        self, now: float, rng: random.Random, candidates: Collection[str] | None = None
    ) -> Allocation:
        if now >= self.resume_at:
            self.resume()
        if self.paused:
            return Allocation()
        self.now = now
        self.refused = [each for each in self.refused if each[3] > now]
        chosen = [each for each in (self.agents if candidates is None else candidates) if each in self.agents]
        order = [each for each in chosen if self.agents[each].active and self.is_whitelisted(each)]
        if candidates is None:
            self.resting = {each for each in self.resting if each[1] not in order}
        self.offers: dict[str, dict[str, dict[str, Resources]]] = {}
        self.offered_shared: dict[str, Resources] = {each: Resources() for each in order}
        rng.getrandbits(64)
        self.first_stage = any(self.credit(role) for _framework_id, role in self.served)
        if self.first_stage:
            rng.shuffle(order)
            for agent_id in order:
                self.visit(agent_id)
        self.first_stage = False
        rng.shuffle(order)
        for agent_id in order:
            self.visit(agent_id)
        return Allocation(self.offers, self.inverse_offers(chosen))

    def visit(self, agent_id: str) -> None:
        """Let each role have its turn once; the order is looked up again after every offer."""
        done: set[str] = set()
        while True:
            for role in self.roles_in_order():
                if role in done:
                    continue
                done.add(role)
                if self.serve(agent_id, role):
                    break
            else:
                return

    def serve(self, agent_id: str, role: str) -> bool:
        done: set[str] = set()
        anything = False
        while True:
            for framework_id in self.frameworks_in_order(role):
                if framework_id in done:
                    continue
                done.add(framework_id)
                if self.offer(agent_id, framework_id, role):
                    anything = True
                    break
            else:
                return anything

    def offer(self, agent_id: str, framework_id: str, role: str) -> bool:
        agent, framework = self.agents[agent_id], self.frameworks[framework_id]
        if self.is_kept_from(agent_id, framework, role):
            return False
        if ((framework_id, role), agent_id) in self.resting:
            return False
        available = self.available(agent).without(self.offered_shared[agent_id])
        usable = available.allocatable_to(role).where(lambda each: can_use(framework, each))
        if not self.is_worthwhile(usable, framework, role):
            return False
        offered = self.bounded(usable, role)
        if not self.is_worthwhile(offered, framework, role):
            return False
        if self.first_stage and not any(
            self.credit(role).get(each.name) for each in offered.identities if is_free(each)
        ):
            return False
        for subscription, refused_agent, resources, _until in self.refused:
            if (subscription, refused_agent) == ((framework_id, role), agent_id) and resources.contains(
                offered
            ):
                return False
        self.give(agent, (framework_id, role), offered)
        self.offered_shared[agent_id] += offered.shared
        agents = self.offers.setdefault(framework_id, {}).setdefault(role, {})
        agents[agent_id] = agents.get(agent_id, Resources()) + offered.allocate(role)
        return True

    def bounded(self, usable: Resources, role: str) -> Resources:
        """What quotas let the role have of it: all that is not free, and so much of what is."""
        free = usable.where(is_free)
        kept = usable.where(lambda each: not is_free(each))
        credit = self.credit(role) if self.first_stage else {}
        required = self.required("")
        room: dict[str, int] = {}
        for name in free.names:
            unclaimed = self.free_in_cluster(name) - required.get(name, 0)
            room[name] = max(unclaimed, 0) + credit.get(name, 0)
            for above in path_of(role):
                limit = self.quotas.get(above, Quota()).limits.get(name)
                if limit is not None:
                    room[name] = min(room[name], max(limit - self.consumed(above, name), 0))
        for each in sorted((free.where(identity.__eq__) for identity in free.identities), key=str):
            (name,) = each.names
            part = each.limit({name: room[name]})
            room[name] -= part.quantities[name]
            kept = kept + part
        return kept

    def inverse_offers(self, agent_ids: Sequence[str]) -> dict[str, dict[str, Unavailability]]:
        offers: dict[str, dict[str, Unavailability]] = {}
        for agent_id in agent_ids:
            agent = self.agents[agent_id]
            for framework_id in {framework_id for framework_id, _role in agent.held}:
                framework = self.frameworks.get(framework_id)
                if agent.unavailability is None or framework is None or not framework.active:
                    continue
                if (
                    self.inverse_refused.get((framework_id, agent_id), 0) > self.now
                    or framework_id in agent.asked
                ):
                    continue
                agent.asked.add(framework_id)
                offers.setdefault(framework_id, {})[agent_id] = agent.unavailability
        return offers

    # --- whose turn it is ---

    def roles_in_order(self) -> list[str]:
        return list(self.walk(""))

    def walk(self, above: str) -> Iterator[str]:
        """Roles at or below a node of the tree, siblings by share, then by times served, then by path."""
        below: dict[str, list[Subscription]] = {}
        for subscription in self.served:
            role = subscription[1]
            if role == above:
                below.setdefault(f"{above}/.", []).append(subscription)
            elif not above or role.startswith(f"{above}/"):
                end = role.find("/", len(above) + 1 if above else 0)
                below.setdefault(role if end < 0 else role[:end], []).append(subscription)
        for node in sorted(below, key=lambda node: self.role_rank(node, below[node])):
            if node == f"{above}/.":
                yield above
            elif any(role.startswith(f"{node}/") for _framework_id, role in self.served):
                yield from self.walk(node)
            else:
                yield node

    def role_rank(self, node: str, subscriptions: list[Subscription]) -> tuple[Fraction, int, str]:
        roles = {role for _framework_id, role in subscriptions}
        served = sum(self.role_served.get(role, 0) for role in roles)
        return self.share(subscriptions) / self.weights.get(node, Fraction(1)), served, node

    def frameworks_in_order(self, role: str) -> list[str]:
        there = [each for each in self.served if each[1] == role and self.takes_offers(each)]
        there.sort(key=lambda each: (self.share([each]), self.served[each], each[0]))
        return [framework_id for framework_id, _role in there]

    def share(self, subscriptions: list[Subscription]) -> Fraction:
        """The dominant share of what these hold together; a shared volume counts once on each agent."""
        held: dict[str, int] = {}
        for agent in self.agents.values():
            together = sum((agent.held.get(each, Resources()) for each in subscriptions), Resources())
            for name, amount in together.scalar_quantities.thousandths.items():
                held[name] = held.get(name, 0) + amount
        excluded = self.settings.fair_sharing_excluded_resource_names
        totals = {name: self.total(name) for name in held if name not in excluded}
        return max(
            (Fraction(held[name], total) for name, total in totals.items() if total), default=Fraction(0)
        )

    # --- what the facts come to ---

    def total(self, name: str) -> int:
        return sum(agent.total.scalar_quantities[name] for agent in self.agents.values())

    def available(self, agent: Agent) -> Resources:
        held = sum(agent.held.values(), Resources())
        return agent.total.non_shared.without(held.non_shared) + agent.total.shared

    def free_in_cluster(self, name: str) -> int:
        return sum(self.available(agent).where(is_free).quantities[name] for agent in self.agents.values())

    def consumed(self, role: str, name: str) -> int:
        """All that is reserved for the role or below, and what they hold that is not reserved."""
        consumed = 0
        for agent in self.agents.values():
            for reserved_role, resources in agent.total.reservations.items():
                if is_at_or_below(reserved_role, role):
                    consumed += resources.scalar_quantities[name]
            for (_framework_id, holder), held in agent.held.items():
                if is_at_or_below(holder, role):
                    consumed += held.where(is_free).quantities[name]
        return consumed

    def lacking(self, role: str) -> dict[str, int]:
        guarantees = self.quotas.get(role, Quota()).guarantees
        lacking = {name: amount - self.consumed(role, name) for name, amount in guarantees.items()}
        return {name: amount for name, amount in lacking.items() if amount > 0}

    def required_below(self, role: str) -> dict[str, int]:
        depth = role.count("/") + 1 if role else 0
        required: dict[str, int] = {}
        for child in {"/".join(quota_role.split("/")[: depth + 1]) for quota_role in self.quotas}:
            if child != role and (not role or child.startswith(f"{role}/")):
                for name, amount in self.required(child).items():
                    required[name] = required.get(name, 0) + amount
        return required

    def required(self, role: str) -> dict[str, int]:
        """What must stay free for guarantees: the role's own, or those below together if they are more."""
        lacking, below = self.lacking(role), self.required_below(role)
        return {name: max(lacking.get(name, 0), below.get(name, 0)) for name in {**lacking, **below}}

    def credit(self, role: str) -> dict[str, int]:
        """What may be given to the role without regard to the guarantees of others."""
        credit: dict[str, int] = {}
        for above in path_of(role):
            below = self.required_below(above)
            for name, amount in self.lacking(above).items():
                if amount > below.get(name, 0):
                    credit[name] = credit.get(name, 0) + amount - below.get(name, 0)
        return credit

    def takes_offers(self, subscription: Subscription) -> bool:
        framework = self.frameworks.get(subscription[0])
        role = subscription[1]
        return (
            framework is not None
            and framework.active
            and role in framework.roles
            and role not in framework.suppressed
        )

    def is_kept_from(self, agent_id: str, framework: Framework, role: str) -> bool:
        """Whether the two never go together, whatever is available."""
        agent, can = self.agents[agent_id], framework.capabilities
        domain = agent.info.domain.fault_domain if agent.info.domain is not None else None
        region = self.settings.region
        has_gpus = self.settings.filter_gpu_resources and agent.total.quantities["gpus"] > 0
        is_remote = region is not None and domain is not None and domain.region.name != region
        constraints = framework.constraints.get(role)
        return (
            (has_gpus and Frameworks.GPU_RESOURCES not in can)
            or (is_remote and Frameworks.REGION_AWARE not in can)
            or (Frameworks.MULTI_ROLE in can and Agents.MULTI_ROLE not in agent.capabilities)
            or ("/" in role and Agents.HIERARCHICAL_ROLE not in agent.capabilities)
            or (constraints is not None and not constraints.wants(agent.info))
        )

    def is_worthwhile(self, resources: Resources, framework: Framework, role: str) -> bool:
        filters = framework.info.offer_filters.get(role)
        if filters is not None and filters.min_allocatable_resources is not None:
            alternatives = [
                Quantities({name: round(scalar.value * 1000) for name, scalar in each.quantities.items()})
                for each in filters.min_allocatable_resources.quantities
            ]
        else:
            text = self.settings.min_allocatable_resources
            alternatives = [Quantities.parse(part) for part in text.split("|")] if text else []
        satisfied = [each for each in alternatives if resources.quantities.contains(each)]
        return bool(resources) and (not alternatives or bool(satisfied))

    def is_whitelisted(self, agent_id: str) -> bool:
        return self.whitelist is None or self.agents[agent_id].info.hostname in self.whitelist

    # --- keeping the facts ---

    def give(self, agent: Agent, subscription: Subscription, resources: Resources) -> None:
        agent.held[subscription] = agent.held.get(subscription, Resources()) + resources
        self.served[subscription] = self.served.get(subscription, 0) + 1
        self.role_served[subscription[1]] = self.role_served.get(subscription[1], 0) + 1

    def forget_idle(self) -> None:
        """Forget how often those were served that neither are subscribed nor hold anything."""
        for subscription in list(self.served):
            framework = self.frameworks.get(subscription[0])
            is_subscribed = framework is not None and subscription[1] in framework.roles
            if not is_subscribed and not any(subscription in agent.held for agent in self.agents.values()):
                del self.served[subscription]
                self.forget_refusals(subscription[0], [subscription[1]])
        roles = {role for _framework_id, role in self.served}
        self.role_served = {role: count for role, count in self.role_served.items() if role in roles}

    def forget_refusals(self, framework_id: str, roles: Collection[str]) -> None:
        gone = {(framework_id, role) for role in roles}
        self.refused = [each for each in self.refused if each[0] not in gone]
        self.resting = {each for each in self.resting if each[0] not in gone}

    def forget_inverse_refusals(self, agent_id: str) -> None:
        self.inverse_refused = {
            each: end for each, end in self.inverse_refused.items() if each[1] != agent_id
        }

    def forget_inverse_refusals_of(self, framework_id: str) -> None:
        self.inverse_refused = {
            each: end for each, end in self.inverse_refused.items() if each[0] != framework_id
        }


def framework_roles(info: FrameworkInfo) -> list[str]:
    return Framework(info, active=True).roles


def refuse_seconds(filters: Filters) -> float:
    seconds = filters.refuse_seconds
    if seconds is None or math.isnan(seconds) or seconds < 0:
        return 5.0
    return min(seconds, 365 * 86400.0)


def can_use(framework: Framework, identity: ResourceIdentity) -> bool:
    can = framework.capabilities
    return (
        (not identity.shared or Frameworks.SHARED_RESOURCES in can)
        and (not identity.revocable or Frameworks.REVOCABLE_RESOURCES in can)
        and (len(identity.reservations) < 2 or Frameworks.RESERVATION_REFINEMENT in can)
    )


def is_free(identity: ResourceIdentity) -> bool:
    """Whether quotas count it: a scalar, neither reserved nor revocable."""
    return identity.type is Value.Type.SCALAR and not identity.reservations and not identity.revocable


def is_at_or_below(role: str, above: str) -> bool:
    return role == above or role.startswith(f"{above}/")


def path_of(role: str) -> list[str]:
    parts = role.split("/")
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
