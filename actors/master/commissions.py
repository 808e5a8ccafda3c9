"""What operators want done to resources that nobody is allocated (mesos-protocol.md §4.1)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final

import msgspec

from actors.master.agent import AgentEntry
from actors.master.cluster import Cluster
from actors.master.offers import OfferDesk
from actors.master.requests import complete
from actors.master.validation.operation import Claimant, operation_error
from actors.master.world import World
from transport.messages.allocation import AvailableConverted, ConvertAvailable
from transport.messages.operating import OperateOnAgent, OperatorAnswer
from transport.pid import Pid
from transport.records.offer import Offer
from transport.records.resource_conversion import ResourceConversion, conversion_of
from transport.records.resources import Resources

_Type = Offer.Operation.Type

#: What was offered in the very moment it was wanted is taken back; so often at most, then the wish fails.
_ATTEMPTS: Final = 5

_ACCEPTED, _BAD_REQUEST, _CONFLICT = 202, 400, 409


class _Commission(msgspec.Struct, frozen=True):
    """An operator's wish that the allocator is asked to grant."""

    asker: Pid
    request_id: int
    agent_id: str
    operation: Offer.Operation
    conversion: ResourceConversion
    attempts_left: int


class CommissionDesk:
    """Gets the resources out of offers, has the allocator convert them, and then the agent."""

    def __init__(
        self,
        world: World,
        cluster: Cluster,
        offers: OfferDesk,
        start: Callable[[AgentEntry, Offer.Operation, ResourceConversion], None],
    ) -> None:
        """`start` is called for what the allocator has converted."""
        self._world = world
        self._cluster = cluster
        self._offers = offers
        self._start = start
        self._numbers = count(1)
        #: By the number of the question to the allocator.
        self._asked: dict[int, _Commission] = {}

    def operate(self, sender: Pid, message: OperateOnAgent) -> None:
        """Check a wish, and ask the allocator; answered 202, 400 (it cannot be) or 409 (not now)."""
        agent = self._cluster.agents.get(message.agent_id)
        if agent is None:
            self._answer(
                sender, message.request_id, _BAD_REQUEST, f"agent {message.agent_id!r}: is not registered"
            )
            return
        try:
            operation = complete(message.operation, None)
            error = operation_error(operation, agent, Claimant(None, message.principal))
            conversion = conversion_of(operation) if error is None else None
        except ValueError as invalid:
            conversion, error = None, str(invalid)
        if conversion is None:
            self._answer(sender, message.request_id, _BAD_REQUEST, error or "")
        elif operation.id is not None:
            self._answer(sender, message.request_id, _BAD_REQUEST, "operation.id: is for frameworks alone")
        elif not agent.connected:
            self._answer(sender, message.request_id, _CONFLICT, f"agent {agent.id}: is disconnected")
        else:
            self._ask(
                agent, _Commission(sender, message.request_id, agent.id, operation, conversion, _ATTEMPTS)
            )

    def converted(self, message: AvailableConverted) -> None:
        """The allocator answered: have the agent do it, or get more out of offers, or give up."""
        asked = self._asked.pop(message.request_id, None)
        if asked is None:
            return
        agent = self._cluster.agents.get(asked.agent_id)
        if agent is None:
            self._answer(asked.asker, asked.request_id, _CONFLICT, f"agent {asked.agent_id}: was removed")
        elif message.error is None:
            self._start(agent, asked.operation, asked.conversion)
            self._answer(asked.asker, asked.request_id, _ACCEPTED)
        elif asked.attempts_left and _is_offered(agent, asked.conversion.consumed):
            self._ask(agent, msgspec.structs.replace(asked, attempts_left=asked.attempts_left - 1))
        else:
            self._answer(asked.asker, asked.request_id, _CONFLICT, message.error)

    def _ask(self, agent: AgentEntry, commission: _Commission) -> None:
        """Rescind as many offers as it takes, and ask."""
        consumed = commission.conversion.consumed
        missing = consumed.without(_available(agent))
        for offer in tuple(agent.offers.values()):
            offered = offer.resources.unallocate()
            if commission.operation.type is _Type.DESTROY:
                helps = not frozenset(consumed.identities).isdisjoint(offered.identities)
            else:
                helps = missing.without(offered) != missing
            if helps:
                missing = missing.without(offered)
                self._offers.rescind(offer)
        number = next(self._numbers)
        self._asked[number] = commission
        self._world.allocate(ConvertAvailable(number, agent.id, (commission.conversion,)))

    def _answer(self, asker: Pid, request_id: int, status: int, message: str = "") -> None:
        if status != _ACCEPTED:
            self._world.log.info("operator's operation refused", status=status, reason=message)
        self._world.send(asker, OperatorAnswer(request_id, status, message))


def _available(agent: AgentEntry) -> Resources:
    """What of an agent nobody has, as far as the master knows; the allocator may have offered it by now."""
    rest = agent.total.without(agent.offered.unallocate().non_shared)
    for used in agent.used.values():
        rest = rest.without(used.unallocate().non_shared)
    return rest


def _is_offered(agent: AgentEntry, resources: Resources) -> bool:
    """Whether some of it is in offers."""
    wanted = frozenset(resources.identities)
    return any(
        not wanted.isdisjoint(offer.resources.unallocate().identities) for offer in agent.offers.values()
    )
