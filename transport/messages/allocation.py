"""The master tells the allocator all that changes; the allocator answers with what to offer to whom.

Both live on one node: `Resources` travel as they are. Ids are the values of AgentID and FrameworkID. What
happens to agents or frameworks that are not there (any more) is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping

from transport.message import DomesticMessage, Message
from transport.records.agent import AgentInfo
from transport.records.framework import FrameworkInfo
from transport.records.inverse_offer_status import InverseOfferStatus
from transport.records.offer import Filters
from transport.records.offer_constraints import OfferConstraints
from transport.records.quota import QuotaConfig
from transport.records.resource_conversion import ResourceConversion
from transport.records.resources import Resources
from transport.records.time_info import Unavailability

# --- agents ---


class AddAgent(DomesticMessage):
    """An agent (re-)registered; `used` is what frameworks, known or not, already have of it."""

    agent_id: str
    info: AgentInfo
    capabilities: tuple[AgentInfo.Capability.Type, ...]
    total: Resources
    used: Mapping[str, Resources] = {}
    unavailability: Unavailability | None = None


class UpdateAgent(DomesticMessage):
    """What is known of an agent changed; None where it did not."""

    agent_id: str
    info: AgentInfo
    capabilities: tuple[AgentInfo.Capability.Type, ...] | None = None
    total: Resources | None = None


class RemoveAgent(DomesticMessage):
    """An agent is gone, and with it what was allocated of it."""

    agent_id: str


class ActivateAgent(DomesticMessage):
    """An agent's resources may be offered again."""

    agent_id: str


class DeactivateAgent(DomesticMessage):
    """An agent's resources may not be offered."""

    agent_id: str


class SetWhitelist(DomesticMessage):
    """Only agents on these hosts may be offered; None for all."""

    hostnames: tuple[str, ...] | None = None


# --- frameworks ---


class AddFramework(DomesticMessage):
    """A framework subscribed, or was recovered and is not connected (inactive)."""

    framework_id: str
    info: FrameworkInfo
    active: bool = True
    suppressed_roles: tuple[str, ...] = ()
    constraints: OfferConstraints = OfferConstraints()


class UpdateFramework(DomesticMessage):
    """What a framework says about itself changed."""

    framework_id: str
    info: FrameworkInfo
    suppressed_roles: tuple[str, ...] = ()
    constraints: OfferConstraints = OfferConstraints()


class RemoveFramework(DomesticMessage):
    """A framework is gone; what was allocated to it is available."""

    framework_id: str


class ActivateFramework(DomesticMessage):
    """A framework's scheduler is connected again."""

    framework_id: str


class DeactivateFramework(DomesticMessage):
    """A framework's scheduler is not connected any more."""

    framework_id: str


class SuppressOffers(DomesticMessage):
    """A framework wants no offers in some of its roles, or (none given) in any."""

    framework_id: str
    roles: tuple[str, ...] = ()


class ReviveOffers(DomesticMessage):
    """A framework wants offers again, also of what it refused, in some or (none given) all of its roles."""

    framework_id: str
    roles: tuple[str, ...] = ()


# --- roles ---


class SetWeights(DomesticMessage):
    """Roles were weighed anew."""

    weights: Mapping[str, float]


class SetQuota(DomesticMessage):
    """A role's quota was replaced; empty guarantees and limits take it away."""

    config: QuotaConfig


# --- resources ---


class RecoverResources(DomesticMessage):
    """What was offered or allocated in one role is free; with filters it was refused."""

    framework_id: str
    agent_id: str
    resources: Resources
    filters: Filters | None = None


class ConvertAllocated(DomesticMessage):
    """A framework's operations changed resources that are allocated to it in a role."""

    framework_id: str
    agent_id: str
    role: str
    conversions: tuple[ResourceConversion, ...]


class ConvertAvailable(DomesticMessage):
    """An operator wants to change resources that nobody is allocated; answered by AvailableConverted."""

    request_id: int
    agent_id: str
    conversions: tuple[ResourceConversion, ...]


class AvailableConverted(DomesticMessage):
    """The answer to ConvertAvailable: why it could not be done, or None when it is done."""

    request_id: int
    error: str | None = None


# --- maintenance ---


class SetUnavailability(DomesticMessage):
    """When an agent will be away, or None when it will not."""

    agent_id: str
    unavailability: Unavailability | None = None


class AnswerInverseOffer(DomesticMessage):
    """A framework answered an inverse offer, or (no status) it was taken back."""

    agent_id: str
    framework_id: str
    status: InverseOfferStatus | None = None
    filters: Filters | None = None


# --- runs ---


class ExpectAgents(DomesticMessage):
    """After a failover: so many agents are in the registry. Quotas are set before."""

    count: int


class PauseAllocation(DomesticMessage):
    """Make no offers for now."""


class ResumeAllocation(DomesticMessage):
    """Make offers again."""


class Mark(DomesticMessage):
    """Numbers what was told so far: what MakeOffers of an earlier mark says of changed agents is void."""

    number: int


class MakeOffers(DomesticMessage):
    """What an allocation run decided; all of it counts as allocated until it is recovered."""

    #: By framework id, role and agent id, allocated to the role.
    offers: Mapping[str, Mapping[str, Mapping[str, Resources]]] = {}
    #: By framework id and agent id.
    inverse_offers: Mapping[str, Mapping[str, Unavailability]] = {}
    #: The last mark heard before the run.
    mark: int = 0


# --- questions ---


class ExplainOffers(Message):
    """Why is an agent not offered to a framework in a role? Answered by OffersExplained."""

    request_id: int
    agent_id: str
    framework_id: str
    role: str


class OffersExplained(Message):
    """The answer to ExplainOffers: each rule that keeps offers away, what it found, and how long it holds."""

    request_id: int
    #: Rule, detail, and seconds until it ends by itself, where that is known.
    reasons: tuple[tuple[str, str, float | None], ...]
