"""An agent as the allocator sees it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from actors.master.allocator.maintenance import Maintenance
from actors.master.allocator.refusals import Refusals
from transport.records.agent import AgentInfo

if TYPE_CHECKING:
    from actors.master.allocator.framework import Subscription
    from actors.master.allocator.portion import Portion

Capability: TypeAlias = AgentInfo.Capability.Type


class Traits(NamedTuple):
    """What of an agent decides which frameworks and roles can have it at all."""

    #: Whether it has gpus that are kept for those who can use them.
    has_gpus: bool
    #: Whether it is in another region than the master.
    is_remote: bool
    is_multi_role: bool
    knows_hierarchical_roles: bool


class Kind:
    """All agents of the same traits, and the bits of the subscriptions that cannot have them."""

    __slots__ = ("barred", "traits")

    def __init__(self, traits: Traits) -> None:
        self.traits = traits
        self.barred = 0


class Agent:
    """One agent, and to whom its resources are allocated."""

    __slots__ = (
        "available",
        "barred",
        "capabilities",
        "held",
        "id",
        "info",
        "is_active",
        "is_overdrawn",
        "kind",
        "maintenance",
        "refusals",
        "resting",
        "total",
    )

    def __init__(
        self, agent_id: str, info: AgentInfo, capabilities: Collection[Capability], nothing: Portion
    ) -> None:
        """Begin with `nothing`; the ledger gives it a total and a kind."""
        self.id = agent_id
        self.info = info
        self.capabilities = capabilities
        self.kind: Kind
        self.total = nothing
        #: What may be offered: all that is not allocated, and shared volumes in any case.
        self.available = nothing
        #: What is offered or allocated, by subscription.
        self.held: dict[Subscription, Portion] = {}
        #: Whether more is allocated than there is, as after an agent came back with less.
        self.is_overdrawn = False
        self.is_active = True
        #: The bits of subscriptions whose constraints the agent does not satisfy.
        self.barred = 0
        self.refusals: Refusals | None = None
        #: The bits of those who declined something for no time at all: they wait for the next batch.
        self.resting = 0
        self.maintenance: Maintenance | None = None

    def traits(self, region: str | None, *, gpus_matter: bool) -> Traits:
        """The agent's traits; `region` is the master's."""
        domain = self.info.domain.fault_domain if self.info.domain is not None else None
        return Traits(
            has_gpus=gpus_matter and self.total.thousandths.get("gpus", 0) > 0,
            is_remote=domain is not None and region is not None and domain.region.name != region,
            is_multi_role=Capability.MULTI_ROLE in self.capabilities,
            knows_hierarchical_roles=Capability.HIERARCHICAL_ROLE in self.capabilities,
        )
