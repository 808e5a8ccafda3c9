"""What operators want done to resources that nobody is allocated."""

from __future__ import annotations

import pytest

from actors.master.agent import AgentEntry
from tests.actors.master.market import AGENT, Market, create, destroy, grow, launch, named, reserve, unreserve
from tests.actors.master.town import SCHEDULER
from tests.transport.records.samples import dynamic, scalar, volume
from transport.messages.allocation import AvailableConverted, ConvertAvailable, RecoverResources
from transport.messages.launching import AcknowledgeOperationUpdate, ApplyOperation, OperationApplied
from transport.messages.operating import OperateOnAgent, OperatorAnswer
from transport.messages.scheduling import RescindOffer
from transport.pid import Pid
from transport.records.ids import UUID
from transport.records.offer import Offer
from transport.records.operation import OperationState, OperationStatus
from transport.records.resource_conversion import conversion_of
from transport.records.resources import Resources

OPERATOR = Pid("http", "127.0.0.1", 5050, 1)
CPU = scalar("cpus", 2, (dynamic("a"),))
DISK = scalar("disk", 10, (dynamic("a"),))
VOLUME = volume("v", 10)


class Office:
    """A market with an operator and an agent."""

    def __init__(self, resources: str = "cpus:4;mem:1024") -> None:
        self.market = Market()
        self.world = self.market.world
        self.agent: AgentEntry = self.market.capable_agent(resources)

    def operate(
        self, operation: Offer.Operation, agent_id: str = AGENT, principal: str | None = None
    ) -> None:
        self.market.operations.operate(OPERATOR, OperateOnAgent(7, agent_id, operation, principal))

    def convert(self, error: str | None = None) -> None:
        """The allocator answers the last question."""
        request_id = self.world.asked(ConvertAvailable)[-1].request_id
        self.market.operations.converted(AvailableConverted(request_id, error))

    def answers(self) -> list[tuple[int, str]]:
        for answer in self.world.told_of(OPERATOR, OperatorAnswer):
            assert answer.request_id == 7
        return [(one.status, one.message) for one in self.world.told_of(OPERATOR, OperatorAnswer)]


def test_what_is_available_is_converted_by_the_allocator_and_then_by_the_agent() -> None:
    office = Office()
    office.operate(reserve(CPU))
    conversion = conversion_of(reserve(CPU))
    (asked,) = office.world.allocated
    assert isinstance(asked, ConvertAvailable)
    assert (asked.agent_id, asked.conversions) == (AGENT, (conversion,))
    assert office.answers() == []
    assert office.world.told(office.agent.pid) == []
    office.convert()
    assert office.answers() == [(202, "")]
    (applied,) = office.world.told_of(office.agent.pid, ApplyOperation)
    assert applied.operation == reserve(CPU)
    assert applied.framework_id is None
    assert office.agent.total == Resources.parse("cpus:2;mem:1024") + Resources([CPU])


def test_an_operators_operation_is_acknowledged_by_the_master() -> None:
    office = Office()
    office.operate(reserve(CPU))
    office.convert()
    (uuid,) = office.agent.operations
    status = OperationStatus(state=OperationState.OPERATION_FINISHED, uuid=UUID(value=b"1" * 16))
    office.market.operations.update(office.agent, OperationApplied(AGENT, uuid, status))
    acknowledged = office.world.told_of(office.agent.pid, AcknowledgeOperationUpdate)
    assert acknowledged == [AcknowledgeOperationUpdate(uuid, b"1" * 16)]
    assert not office.agent.operations


def test_what_an_operator_grows_is_grown_at_once() -> None:
    office = Office("cpus:1")
    office.agent.total += Resources([VOLUME, DISK])
    office.operate(grow(VOLUME, DISK))
    office.convert()
    assert office.agent.total == Resources.parse("cpus:1") + Resources([volume("v", 20)])
    (entry,) = office.agent.operations.values()
    assert not entry.holding


def test_as_many_offers_are_rescinded_as_it_takes() -> None:
    office = Office("cpus:4;mem:1024")
    framework = office.market.framework()
    useless = office.market.offer(framework, office.agent, "mem:1024")
    one, two, three = (office.market.offer(framework, office.agent, "cpus:1") for _ in range(3))
    office.world.forget()
    office.operate(reserve(CPU))
    assert office.world.told(SCHEDULER) == [RescindOffer(one.offer_id)]
    recovered, asked = office.world.allocated
    assert recovered == RecoverResources(framework.id, AGENT, one.resources)
    assert isinstance(asked, ConvertAvailable)
    assert list(office.market.cluster.offers) == [useless.offer_id, two.offer_id, three.offer_id]


def test_no_offer_is_rescinded_where_enough_is_available() -> None:
    office = Office()
    framework = office.market.framework()
    office.market.offer(framework, office.agent, "cpus:2")
    office.world.forget()
    office.operate(reserve(CPU))
    assert office.world.told(SCHEDULER) == []


def test_what_was_offered_meanwhile_is_rescinded_too() -> None:
    office = Office()
    framework = office.market.framework()
    office.operate(reserve(CPU))
    late = office.market.offer(framework, office.agent, "cpus:4")
    office.world.forget()
    office.market.operations.converted(AvailableConverted(1, "is not available"))
    assert office.world.told(SCHEDULER) == [RescindOffer(late.offer_id)]
    assert office.answers() == []
    office.convert()
    assert office.answers() == [(202, "")]


def test_an_operator_whose_wish_is_always_offered_away_is_told_so_in_the_end() -> None:
    office = Office()
    framework = office.market.framework()
    office.operate(reserve(CPU))
    for _ in range(10):
        if not office.answers():
            office.market.offer(framework, office.agent, "cpus:4")
            office.convert("is not available")
    assert office.answers() == [(409, "is not available")]


def test_what_is_in_use_is_a_conflict() -> None:
    office = Office()
    framework = office.market.framework()
    office.market.task(framework, office.agent, resources="cpus:3")
    office.operate(reserve(CPU))
    office.convert("cpus:2 is not available")
    assert office.answers() == [(409, "cpus:2 is not available")]
    assert not office.agent.operations


def test_an_agent_that_is_removed_meanwhile_is_a_conflict() -> None:
    office = Office()
    office.operate(reserve(CPU))
    office.market.cluster.remove_agent(AGENT)
    office.convert()
    assert office.answers() == [(409, "agent m1-S0: was removed")]


def test_an_agent_that_is_disconnected_is_a_conflict() -> None:
    office = Office()
    office.agent.connected = False
    office.operate(reserve(CPU))
    assert office.answers() == [(409, "agent m1-S0: is disconnected")]
    assert office.world.allocated == []


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (Offer.Operation(), "operation: must have a type that is known"),
        (launch(), "operation: must have a type that is known"),
        (Offer.Operation(type=Offer.Operation.Type.RESERVE), "RESERVE: the field reserve must be set"),
        (reserve(scalar("cpus", -1, (dynamic("a"),))), "resource 'cpus': scalar must not be negative: -1"),
        (reserve(scalar("cpus", 1, (dynamic("a", "dev"),))), "RESERVE: cpus: its reservation must name"),
        (unreserve(scalar("cpus", 1)), "UNRESERVE: cpus must end in a dynamic reservation"),
        (create(DISK), "CREATE: disk must be a persistent volume"),
        (destroy(VOLUME), "DESTROY: disk(reservations: [(DYNAMIC,a)])"),
        (named(reserve(scalar("cpus", 1, (dynamic("a", "ops"),)))), "operation.id: is for frameworks alone"),
    ],
)
def test_the_rule_that_an_operators_operation_breaks_is_told(operation: Offer.Operation, told: str) -> None:
    office = Office()
    office.operate(operation, principal="ops")
    ((status, message),) = office.answers()
    assert status == 400
    assert message.startswith(told)
    assert office.world.allocated == []


def test_an_agent_that_is_not_there_cannot_be_operated_on() -> None:
    office = Office()
    office.operate(reserve(CPU), "m1-S9")
    assert office.answers() == [(400, "agent 'm1-S9': is not registered")]


def test_a_destroyed_volume_is_taken_out_of_every_offer() -> None:
    office = Office("mem:1024;cpus:1")
    shared = volume("v", 10, shared=True)
    office.agent.total += Resources([shared])
    framework = office.market.framework(role="a")
    held = office.market.offer(framework, office.agent, "cpus:1", "a")
    office.market.cluster.remove_offer(held)
    entry = type(held)(
        held.offer_id, framework.id, AGENT, "a", Resources([shared]).allocate("a"), held.record
    )
    office.market.cluster.add_offer(entry)
    office.world.forget()
    office.operate(destroy(shared))
    assert office.world.told(SCHEDULER) == [RescindOffer(held.offer_id)]


def test_an_answer_that_nobody_waits_for_is_ignored() -> None:
    office = Office()
    office.market.operations.converted(AvailableConverted(99))
    assert office.world.sent == []
