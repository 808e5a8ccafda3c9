"""A framework, an agent, and operations between them."""

from __future__ import annotations

from actors.master.agent import AgentEntry
from actors.master.framework import FrameworkEntry
from actors.master.offer import OfferEntry
from actors.master.requests import complete
from tests.actors.master.market import AGENT, Market
from tests.transport.records.samples import dynamic, scalar, volume
from transport.messages.launching import (
    AcknowledgeOperationUpdate,
    ApplyOperation,
    OperationApplied,
)
from transport.messages.scheduling import (
    AcknowledgeOperation,
)
from transport.records.ids import UUID, AgentID
from transport.records.offer import Offer
from transport.records.operation import Operation, OperationState, OperationStatus
from transport.records.resource import Resource
from transport.records.resources import Resources

State = OperationState
CPU = scalar("cpus", 1, (dynamic("a"),))
DISK = scalar("disk", 10, (dynamic("a"),))
VOLUME = volume("v", 10)
GROWN = volume("v", 20)
FIRST, SECOND = b"1" * 16, b"2" * 16


def of(*resources: Resource) -> Resources:
    return Resources(resources).allocate("a")


class Scene:
    """A framework in role a, and an agent with a volume and more, all of it offered."""

    def __init__(self) -> None:
        self.market = Market()
        self.framework: FrameworkEntry = self.market.framework(role="a")
        self.agent: AgentEntry = self.market.capable_agent("cpus:4;mem:1024")
        self.agent.total += Resources([VOLUME, DISK])
        self.offer = self.make_offer(self.agent.total)
        self.world = self.market.world

    def make_offer(self, resources: Resources, framework: FrameworkEntry | None = None) -> OfferEntry:
        framework = framework or self.framework
        template = self.market.offer(framework, self.agent, "mem:1", "a")
        self.market.cluster.remove_offer(template)
        offer = OfferEntry(
            template.offer_id, framework.id, AGENT, "a", resources.allocate("a"), template.record
        )
        self.market.cluster.add_offer(offer)
        self.market.world.forget()
        return offer

    def start(self, operation: Offer.Operation) -> bytes:
        """Accept the offer with an operation; what that says to the allocator is forgotten."""
        (uuid,) = self.start_all(operation)
        return uuid

    def start_all(self, *operations: Offer.Operation) -> list[bytes]:
        """The same with several operations; returns their uuids."""
        self.market.accept(self.framework, self.offer, *operations)
        started = [one.operation_uuid for one in self.world.told_of(self.agent.pid, ApplyOperation)]
        assert len(started) == len(operations)
        self.world.forget()
        return started

    def start_elsewhere(self, operation: Offer.Operation) -> bytes:
        """An operation that another master started, and this one is told of as pending."""
        completed = complete(operation, "a")
        told = self.told(b"u" * 16, State.OPERATION_PENDING, completed, SECOND)
        self.market.operations.agent_returned(self.agent, [told])
        return b"u" * 16

    def applied(
        self, uuid: bytes, state: State = State.OPERATION_FINISHED, status_uuid: bytes = FIRST
    ) -> None:
        """Have the agent tell what became of it."""
        status = OperationStatus(state=state, uuid=UUID(value=status_uuid))
        self.market.operations.update(self.agent, OperationApplied(AGENT, uuid, status, self.framework.id))
        self.market.cluster.check_invariants()

    def acknowledge(self, status_uuid: bytes = FIRST, operation_id: str = "o", agent_id: str = AGENT) -> None:
        message = AcknowledgeOperation(self.framework.id, operation_id, status_uuid, agent_id)
        self.market.operations.acknowledge(self.framework, message)

    def acknowledged(self) -> list[AcknowledgeOperationUpdate]:
        """What the agent was acknowledged."""
        return self.world.told_of(self.agent.pid, AcknowledgeOperationUpdate)

    def told(
        self, uuid: bytes, state: State, operation: Offer.Operation, status_uuid: bytes = FIRST
    ) -> Operation:
        """The operation as the agent tells it when it comes back."""
        status = OperationStatus(operation_id=operation.id, state=state, uuid=UUID(value=status_uuid))
        return Operation(
            framework_id=self.framework.info.id,
            agent_id=AgentID(value=AGENT),
            info=operation,
            latest_status=status,
            statuses=(status,),
            uuid=UUID(value=uuid),
        )
