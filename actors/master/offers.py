"""The desk for offers: makes what the allocator decided, and takes back what is not valid any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Final

from actors.master.agent import AgentEntry
from actors.master.cluster import Cluster
from actors.master.flags import MasterFlags
from actors.master.framework import Capability, FrameworkEntry
from actors.master.offer import InverseOfferEntry, OfferEntry
from actors.master.world import World
from transport.messages.allocation import AnswerInverseOffer, MakeOffers, RecoverResources
from transport.messages.scheduling import InverseOffers, RescindInverseOffer, RescindOffer, ResourceOffers
from transport.records.address import URL, Address
from transport.records.ids import AgentID, FrameworkID, OfferID
from transport.records.inverse_offer_status import InverseOfferStatus
from transport.records.offer import Filters, InverseOffer, Offer
from transport.records.reservation_format import downgrade
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.time_info import TimeInfo, Unavailability

#: So many offers, and resources in them, go into one message at most: a frame has its limit.
_OFFERS_PER_MESSAGE: Final = 250
_RESOURCES_PER_MESSAGE: Final = 1_500
_Status = InverseOfferStatus.Status


class OfferDesk:
    """Keeps offers in step with the allocator: what is in no offer any more it gets back, exactly once."""

    def __init__(self, world: World, cluster: Cluster, flags: MasterFlags) -> None:
        self._world = world
        self._cluster = cluster
        self._timeout_seconds = None if flags.offer_timeout is None else flags.offer_timeout.seconds
        self._numbers = count()

    # --- making ---

    def make(self, message: MakeOffers) -> None:
        """Send each framework its offers; what nobody can use by now goes back to the allocator."""
        for framework_id, roles in message.offers.items():
            framework = self._cluster.frameworks.get(framework_id)
            if framework is None or not framework.connected:
                self._give_back(framework_id, roles)
            else:
                self._offer(framework, roles)
        for framework_id, agents in message.inverse_offers.items():
            self._ask_back(framework_id, agents)

    def _offer(self, framework: FrameworkEntry, roles: Mapping[str, Mapping[str, Resources]]) -> None:
        made = []
        for role, agents in roles.items():
            for agent_id, resources in agents.items():
                agent = self._cluster.agents.get(agent_id)
                if agent is None or not agent.active:
                    self._recover(framework.id, agent_id, resources)
                else:
                    made.append(self._make(framework, role, agent, resources))
        if not made:
            return
        self._world.log.info("offers made", framework_id=framework.id, offers=len(made))
        framework.tally.offers_sent += len(made)
        for portion in portions(made):
            self._tell(framework, ResourceOffers(portion))

    def _make(self, framework: FrameworkEntry, role: str, agent: AgentEntry, resources: Resources) -> Offer:
        offer_id = self._next_id()
        knows_roles = Capability.MULTI_ROLE in framework.capabilities
        record = Offer(
            id=OfferID(value=offer_id),
            framework_id=FrameworkID(value=framework.id),
            agent_id=AgentID(value=agent.id),
            hostname=agent.info.hostname,
            url=_url(agent),
            domain=agent.info.domain,
            resources=_shown(framework, resources),
            attributes=agent.info.attributes,
            executor_ids=tuple(executor.executor_id for executor in agent.executors_of(framework.id)),
            unavailability=agent.unavailability,
            allocation_info=Resource.AllocationInfo(role=role) if knows_roles else None,
        )
        timer = None
        if self._timeout_seconds is not None:
            timer = self._world.delay(self._timeout_seconds, self._expire, offer_id)
        self._cluster.add_offer(OfferEntry(offer_id, framework.id, agent.id, role, resources, record, timer))
        return record

    def _expire(self, offer_id: str) -> None:
        offer = self._cluster.offers.get(offer_id)
        if offer is not None:
            self._world.log.info("offer timed out", offer_id=offer_id, framework_id=offer.framework_id)
            self.rescind(offer)

    # --- ending ---

    def rescind(self, offer: OfferEntry) -> None:
        """Tell the framework that an offer is not valid any more, and give it back."""
        self.discard(offer)
        framework = self._cluster.frameworks[offer.framework_id]
        framework.tally.offers_rescinded += 1
        self._tell(framework, RescindOffer(offer.offer_id))

    def discard(self, offer: OfferEntry, filters: Filters | None = None) -> None:
        """Give an offer back without telling the framework; with filters it is refused."""
        self.take(offer)
        self._recover(offer.framework_id, offer.agent_id, offer.resources, filters)

    def take(self, offer: OfferEntry) -> None:
        """End an offer whose resources are used; the allocator goes on counting them as allocated."""
        self._cluster.remove_offer(offer)

    def decline(self, framework: FrameworkEntry, offer_ids: Iterable[str], filters: Filters | None) -> None:
        """The framework does not want these offers; those that it does not have are ignored."""
        for offer_id in offer_ids:
            offer = framework.offers.get(offer_id)
            if offer is None:
                self._world.log.info("unknown offer declined", offer_id=offer_id, framework_id=framework.id)
            else:
                framework.tally.offers_declined += 1
                self.discard(offer, filters or Filters())

    def rescind_all(self, holder: AgentEntry | FrameworkEntry) -> None:
        """Rescind all offers and inverse offers of an agent, or to a framework."""
        for offer in tuple(holder.offers.values()):
            self.rescind(offer)
        for inverse in tuple(holder.inverse_offers.values()):
            self.rescind_inverse(inverse)

    def rescind_holders(self, agent: AgentEntry, resources: Resources) -> None:
        """Rescind the offers of an agent that hold any of these reservations or volumes, to whomever."""
        sought = frozenset(resources.unallocate().identities)
        for offer in tuple(agent.offers.values()):
            if not sought.isdisjoint(offer.resources.unallocate().identities):
                self.rescind(offer)

    def discard_all(self, framework: FrameworkEntry) -> None:
        """Give all offers and inverse offers to a framework back without telling it."""
        for offer in tuple(framework.offers.values()):
            self.discard(offer)
        for inverse in tuple(framework.inverse_offers.values()):
            self._end_inverse(inverse)

    # --- inverse offers ---

    def _ask_back(self, framework_id: str, agents: Mapping[str, Unavailability]) -> None:
        framework = self._cluster.frameworks.get(framework_id)
        if framework is None:
            return
        asked = []
        for agent_id, unavailability in agents.items():
            agent = self._cluster.agents.get(agent_id)
            if agent is None:
                continue
            if framework.connected:
                asked.append(self._ask(framework, agent, unavailability))
            else:
                self._world.allocate(AnswerInverseOffer(agent_id, framework_id))
        if asked:
            self._world.log.info("inverse offers made", framework_id=framework_id, offers=len(asked))
            self._tell(framework, InverseOffers(tuple(asked)))

    def _ask(
        self, framework: FrameworkEntry, agent: AgentEntry, unavailability: Unavailability
    ) -> InverseOffer:
        inverse_id = self._next_id()
        record = InverseOffer(
            id=OfferID(value=inverse_id),
            url=_url(agent),
            framework_id=FrameworkID(value=framework.id),
            agent_id=AgentID(value=agent.id),
            unavailability=unavailability,
        )
        timer = None
        if self._timeout_seconds is not None:
            timer = self._world.delay(self._timeout_seconds, self._expire_inverse, inverse_id)
        self._cluster.add_inverse_offer(InverseOfferEntry(inverse_id, framework.id, agent.id, record, timer))
        return record

    def _expire_inverse(self, inverse_id: str) -> None:
        inverse = self._cluster.inverse_offers.get(inverse_id)
        if inverse is not None:
            self.rescind_inverse(inverse)

    def rescind_inverse(self, inverse: InverseOfferEntry) -> None:
        """Tell the framework that an inverse offer is not valid any more."""
        self._end_inverse(inverse)
        self._tell(
            self._cluster.frameworks[inverse.framework_id], RescindInverseOffer(inverse.inverse_offer_id)
        )

    def answer_inverse(
        self, framework: FrameworkEntry, ids: Iterable[str], *, accepted: bool, filters: Filters | None
    ) -> None:
        """The framework will, or may not, be gone in time; unknown inverse offers are ignored."""
        status = InverseOfferStatus(
            status=_Status.ACCEPT if accepted else _Status.DECLINE,
            framework_id=FrameworkID(value=framework.id),
            timestamp=TimeInfo(nanoseconds=int(self._world.wall() * 1e9)),
        )
        for inverse_id in ids:
            inverse = framework.inverse_offers.get(inverse_id)
            if inverse is not None:
                self._end_inverse(inverse, status, filters or Filters())

    def _end_inverse(
        self,
        inverse: InverseOfferEntry,
        status: InverseOfferStatus | None = None,
        filters: Filters | None = None,
    ) -> None:
        self._cluster.remove_inverse_offer(inverse)
        if status is not None:
            self._cluster.agents[inverse.agent_id].inverse_answers[inverse.framework_id] = status
        self._world.allocate(AnswerInverseOffer(inverse.agent_id, inverse.framework_id, status, filters))

    # --- the details ---

    def _next_id(self) -> str:
        return f"{self._world.info.id}-O{next(self._numbers)}"

    def _give_back(self, framework_id: str, roles: Mapping[str, Mapping[str, Resources]]) -> None:
        for agents in roles.values():
            for agent_id, resources in agents.items():
                self._recover(framework_id, agent_id, resources)

    def _recover(
        self, framework_id: str, agent_id: str, resources: Resources, filters: Filters | None = None
    ) -> None:
        self._world.allocate(RecoverResources(framework_id, agent_id, resources, filters))

    def _tell(
        self,
        framework: FrameworkEntry,
        message: ResourceOffers | RescindOffer | InverseOffers | RescindInverseOffer,
    ) -> None:
        if framework.connected:
            assert framework.pid is not None
            self._world.send(framework.pid, message)


def portions(offers: Iterable[Offer]) -> Iterator[tuple[Offer, ...]]:
    """The offers, as many at a time as fit into a message."""
    portion: list[Offer] = []
    resources = 0
    for offer in offers:
        resources += len(offer.resources)
        if portion and (len(portion) == _OFFERS_PER_MESSAGE or resources > _RESOURCES_PER_MESSAGE):
            yield tuple(portion)
            portion, resources = [], len(offer.resources)
        portion.append(offer)
    if portion:
        yield tuple(portion)


def _url(agent: AgentEntry) -> URL:
    address = Address(hostname=agent.info.hostname, ip=agent.pid.host, port=agent.info.port or 5051)
    return URL(scheme="http", address=address, path="/slave(1)")


def _shown(framework: FrameworkEntry, resources: Resources) -> tuple[Resource, ...]:
    """The resources in the form that the framework knows (mesos-protocol.md §2.8)."""
    if Capability.MULTI_ROLE not in framework.capabilities:
        resources = resources.unallocate()
    refining = Capability.RESERVATION_REFINEMENT in framework.capabilities
    if not refining:
        resources = resources.without_refined
    records = (one for one in resources if one.name != "ephemeral_ports")
    return tuple(records if refining else map(downgrade, records))
