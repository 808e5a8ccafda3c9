"""How the master uses an allocator, whichever it is."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec

from actors.master.allocator.constraints import Constraints
from actors.master.allocator.explanation import Reason
from actors.master.allocator.quota import Quota
from transport.records.agent import AgentInfo
from transport.records.framework import FrameworkInfo
from transport.records.inverse_offer_status import InverseOfferStatus
from transport.records.offer import Filters
from transport.records.quantities import Quantities
from transport.records.resource_conversion import ResourceConversion
from transport.records.resources import Resources
from transport.records.time_info import Unavailability

#: By framework id, role and agent id: what to offer, allocated to the role.
Offers: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Resources]]]
#: By framework id and agent id: when the agent will be away.
InverseOffers: TypeAlias = Mapping[str, Mapping[str, Unavailability]]


class Allocation(msgspec.Struct, frozen=True):
    """What an allocation run decided."""

    offers: Offers = {}
    inverse_offers: InverseOffers = {}


class Allocator(Protocol):
    """Decides what to offer to whom. It is pure: time and chance are given to it.

    The master tells it all that changes, then asks for a run. What a run offers counts as allocated until
    it is recovered. Ids are the values of AgentID and FrameworkID. `now` is in monotonic seconds. Unknown
    agents and frameworks raise KeyError, except in `recover`; contradictions raise ValueError.
    """

    # --- agents ---

    def add_agent(
        self,
        agent_id: str,
        info: AgentInfo,
        capabilities: Collection[AgentInfo.Capability.Type],
        total: Resources,
        used: Mapping[str, Resources] = ...,
        unavailability: Unavailability | None = None,
    ) -> None:
        """Add an agent; `used` is what frameworks, known or not, already have of it, with their roles."""
        ...

    def update_agent(
        self,
        agent_id: str,
        info: AgentInfo,
        capabilities: Collection[AgentInfo.Capability.Type] | None = None,
        total: Resources | None = None,
    ) -> None:
        """Replace what is known of an agent. Changed attributes end all refusals of its offers."""
        ...

    def remove_agent(self, agent_id: str) -> None:
        """Forget an agent, and with it what is allocated of it."""
        ...

    def activate_agent(self, agent_id: str) -> None:
        """Offer the agent's resources again."""
        ...

    def deactivate_agent(self, agent_id: str) -> None:
        """Make no more offers of the agent."""
        ...

    def set_whitelist(self, hostnames: Collection[str] | None) -> None:
        """Offer only agents on these hosts; None for all."""
        ...

    # --- frameworks ---

    def add_framework(
        self,
        framework_id: str,
        info: FrameworkInfo,
        *,
        active: bool = True,
        suppressed_roles: Collection[str] = (),
        constraints: Mapping[str, Constraints] = ...,
    ) -> None:
        """Add a framework; an inactive one gets no offers."""
        ...

    def update_framework(
        self,
        framework_id: str,
        info: FrameworkInfo,
        suppressed_roles: Collection[str] = (),
        constraints: Mapping[str, Constraints] = ...,
    ) -> None:
        """Replace what the framework says about itself; resources in roles that it left stay allocated."""
        ...

    def remove_framework(self, framework_id: str) -> None:
        """Forget a framework; all that was allocated to it is available."""
        ...

    def activate_framework(self, framework_id: str) -> None:
        """Make offers to the framework again."""
        ...

    def deactivate_framework(self, framework_id: str) -> None:
        """Make no more offers to the framework, and forget what it refused."""
        ...

    def suppress(self, framework_id: str, roles: Collection[str] = ()) -> None:
        """Make no offers to the framework in some of its roles, or (empty) in any."""
        ...

    def revive(self, framework_id: str, roles: Collection[str] = ()) -> None:
        """End suppression and refusals in some of the framework's roles, or (empty) in all."""
        ...

    # --- roles ---

    def set_weights(self, weights: Mapping[str, float]) -> None:
        """Weigh roles: twice the weight is due twice the share."""
        ...

    def set_quota(self, role: str, quota: Quota) -> None:
        """Guarantee resources to a role and all below it, and limit them."""
        ...

    # --- resources ---

    def recover(
        self,
        framework_id: str,
        agent_id: str,
        resources: Resources,
        filters: Filters | None,
        now: float,
    ) -> None:
        """Take back what was allocated in one role; with filters it was refused.

        Nothing happens when the framework or the agent is not there any more. Raises InsufficientError
        when it is more than is allocated.
        """
        ...

    def end_rest(self, agent_ids: Collection[str]) -> None:
        """Offer agents again to those who declined them for no time at all; a batch does so for all."""
        ...

    def update_allocation(
        self, framework_id: str, agent_id: str, role: str, conversions: Sequence[ResourceConversion]
    ) -> None:
        """Convert resources that are allocated to a framework, as its operations do."""
        ...

    def update_available(self, agent_id: str, conversions: Sequence[ResourceConversion]) -> str | None:
        """Convert resources that nobody is allocated, as an operator does; returns why that cannot be."""
        ...

    # --- maintenance ---

    def set_unavailability(self, agent_id: str, unavailability: Unavailability | None) -> None:
        """Say when an agent will be away, or that it will not; earlier answers are void."""
        ...

    def answer_inverse_offer(
        self,
        agent_id: str,
        framework_id: str,
        status: InverseOfferStatus | None,
        filters: Filters | None,
        now: float,
    ) -> None:
        """Note an answer to an inverse offer, or (None) that it is no longer outstanding."""
        ...

    def inverse_offer_statuses(self) -> Mapping[str, Mapping[str, InverseOfferStatus]]:
        """What frameworks answered, by agent id and framework id."""
        ...

    # --- runs ---

    def expect_agents(self, count: int, now: float) -> None:
        """After a failover, hold offers back until enough of so many agents are there, or it takes too long.

        Without quotas nothing is held back.
        """
        ...

    def pause(self) -> None:
        """Make no offers until `resume`."""
        ...

    def resume(self) -> None:
        """End a pause, also the one that `expect_agents` began."""
        ...

    @property
    def candidates(self) -> Collection[str]:
        """Ids of the agents that something happened to since the last run, and so are worth one.

        None while runs are paused.
        """
        ...

    def allocate(
        self, now: float, rng: random.Random, candidates: Collection[str] | None = None
    ) -> Allocation:
        """Decide what to offer of some agents, or (None) of all: that is a batch."""
        ...

    @property
    def total(self) -> Quantities:
        """The scalars of all agents."""
        ...

    @property
    def allocated(self) -> Quantities:
        """The scalars that are offered or allocated."""
        ...

    def check_invariants(self) -> None:
        """Raise when the books contradict themselves; slow, for tests and simulation."""
        ...

    def why(self, agent_id: str, framework_id: str, role: str, now: float) -> Sequence[Reason]:
        """Which rules keep offers of an agent from a framework in a role; empty when none does."""
        ...
