from __future__ import annotations

from msgspec.structs import replace

from actors.master.flags import MasterFlags
from actors.master.offers import portions
from actors.units import Duration
from tests.actors.master.town import SCHEDULER, SUCCESSOR, Capability, Town, framework_info
from tests.transport.records.samples import dynamic
from transport.messages.allocation import AnswerInverseOffer, MakeOffers, RecoverResources
from transport.messages.scheduling import InverseOffers, RescindInverseOffer, RescindOffer, ResourceOffers
from transport.records.agent import AgentInfo
from transport.records.domain import DomainInfo
from transport.records.ids import AgentID, ExecutorID, FrameworkID, OfferID
from transport.records.inverse_offer_status import InverseOfferStatus
from transport.records.offer import Filters, Offer
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.time_info import TimeInfo, Unavailability
from transport.records.value import Attribute, Value

AWAY = Unavailability(start=TimeInfo(nanoseconds=5))


def sent(town: Town) -> list[Offer]:
    return [offer for message in town.world.told_of(SCHEDULER, ResourceOffers) for offer in message.offers]


def given_back(town: Town) -> list[tuple[str, str, Resources]]:
    return [(one.framework_id, one.agent_id, one.resources) for one in town.world.asked(RecoverResources)]


# --- making ---


def test_an_offer_says_all_there_is_to_know_about_its_agent() -> None:
    town = Town()
    agent = town.agent()
    agent.unavailability = AWAY
    agent.info = replace(
        agent.info,
        attributes=(Attribute(name="rack", type=Value.Type.TEXT, text=Value.Text(value="r1")),),
        domain=DomainInfo(),
        port=5052,
    )
    framework, other = town.subscribe(framework_info(roles=("a",))), town.subscribe(pid=SUCCESSOR)
    town.executor(framework, agent, "mine")
    town.executor(other, agent, "not mine")
    town.offer(framework, agent, "cpus:1;mem:512", "a")
    (offer,) = sent(town)
    assert offer.id.value == "m1-O0"
    assert (offer.framework_id.value, offer.agent_id.value) == (framework.id, agent.id)
    assert offer.hostname == "host0"
    assert offer.url is not None
    address = offer.url.address
    assert (offer.url.scheme, address.hostname, address.ip, address.port, offer.url.path) == (
        "http", "host0", "10.0.1.0", 5052, "/slave(1)",
    )  # fmt: skip
    assert offer.executor_ids == (ExecutorID(value="mine"),)
    assert (offer.attributes, offer.domain, offer.unavailability) == (
        agent.info.attributes, agent.info.domain, AWAY,
    )  # fmt: skip
    assert offer.allocation_info == Resource.AllocationInfo(role="a")


def test_offers_of_one_allocation_come_in_one_message_with_ids_of_their_own() -> None:
    town = Town()
    agents = [town.agent(f"m1-S{number}") for number in range(3)]
    framework = town.subscribe(framework_info(roles=("a", "b")))
    one = Resources.parse("cpus:1")
    town.offers.make(
        MakeOffers(
            {
                framework.id: {
                    "a": {agents[0].id: one.allocate("a"), agents[1].id: one.allocate("a")},
                    "b": {agents[2].id: one.allocate("b")},
                }
            }
        )
    )
    assert len(town.world.told_of(SCHEDULER, ResourceOffers)) == 1
    assert [offer.id.value for offer in sent(town)] == ["m1-O0", "m1-O1", "m1-O2"]
    town.cluster.check_invariants()


def test_offers_of_very_many_resources_come_in_several_messages() -> None:
    (cpu,) = Resources.parse("cpus:1")
    ids = OfferID(value="o"), FrameworkID(value="f"), AgentID(value="a")
    small, large = (
        Offer(id=ids[0], framework_id=ids[1], agent_id=ids[2], hostname="h", resources=(cpu,) * count)
        for count in (1, 1400)
    )
    assert list(portions([small, large, small, large, large])) == [(small, large, small), (large,), (large,)]
    assert list(portions([])) == []


def test_very_many_offers_come_in_several_messages() -> None:
    town = Town()
    agent = town.agent(resources="cpus:2000")
    framework = town.subscribe()
    roles = {f"r{number}": {agent.id: Resources.parse("cpus:1")} for number in range(501)}
    town.offers.make(MakeOffers({framework.id: roles}))
    assert [len(one.offers) for one in town.world.told_of(SCHEDULER, ResourceOffers)] == [250, 250, 1]


def test_a_framework_of_one_role_sees_no_allocations() -> None:
    town = Town()
    framework = town.subscribe(framework_info(None, Capability.RESERVATION_REFINEMENT))
    town.offer(framework, town.agent())
    (offer,) = sent(town)
    assert offer.allocation_info is None
    assert all(resource.allocation_info is None for resource in offer.resources)
    multi = town.subscribe(framework_info(roles=("a",)), SUCCESSOR)
    entry = town.offer(multi, town.agent("m1-S1"), "cpus:1", "a")
    assert entry.record.resources[0].allocation_info == Resource.AllocationInfo(role="a")


def test_a_framework_that_knows_no_refinement_sees_reservations_in_the_old_form() -> None:
    town = Town()
    agent = town.agent()
    framework = town.subscribe(framework_info(role="a"))
    held = Resources.parse("cpus:1;mem:64").push_reservation(dynamic("a", "ops")).allocate("a")
    town.offers.make(MakeOffers({framework.id: {"a": {agent.id: held}}}))
    (offer,) = sent(town)
    assert [resource.role for resource in offer.resources] == ["a", "a"]
    assert all(not resource.reservations for resource in offer.resources)
    assert offer.resources[0].reservation == Resource.ReservationInfo(principal="ops")


def test_a_framework_that_knows_refinement_sees_the_stack() -> None:
    town = Town()
    agent = town.agent()
    framework = town.subscribe(framework_info(None, Capability.RESERVATION_REFINEMENT, role="a"))
    held = Resources.parse("cpus:1").push_reservation(dynamic("a")).allocate("a")
    town.offers.make(MakeOffers({framework.id: {"a": {agent.id: held}}}))
    (offer,) = sent(town)
    assert offer.resources[0].role is None
    assert offer.resources[0].reservations == (dynamic("a"),)


def test_ephemeral_ports_are_held_but_not_shown() -> None:
    town = Town()
    agent = town.agent(resources="cpus:4;ephemeral_ports:[1-9]")
    entry = town.offer(town.subscribe(), agent, "cpus:1;ephemeral_ports:[1-9]")
    assert [resource.name for resource in entry.record.resources] == ["cpus"]
    assert entry.resources.names == ("cpus", "ephemeral_ports")


def test_what_nobody_can_use_by_now_goes_back_at_once() -> None:
    town = Town()
    good, idle, cut = town.agent(), town.agent("m1-S1"), town.agent("m1-S2")
    idle.deactivated = True
    cut.connected = False
    framework = town.subscribe()
    away = town.subscribe(framework_info(failover_timeout=60.0), SUCCESSOR)
    town.frameworks.exited(SUCCESSOR)
    town.world.forget()
    one = Resources.parse("cpus:1").allocate("*")
    town.offers.make(
        MakeOffers(
            {
                framework.id: {"*": dict.fromkeys((good.id, idle.id, cut.id, "m1-S3"), one)},
                away.id: {"*": {good.id: one}},
                "never-was": {"*": {good.id: one}},
            }
        )
    )
    assert [offer.agent_id.value for offer in sent(town)] == [good.id]
    assert given_back(town) == [
        (framework.id, idle.id, one),
        (framework.id, cut.id, one),
        (framework.id, "m1-S3", one),
        (away.id, good.id, one),
        ("never-was", good.id, one),
    ]


# --- ending ---


def test_a_declined_offer_goes_back_with_the_filter_that_was_asked_for() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    first, second = town.offer(framework, agent), town.offer(framework, agent)
    town.offers.decline(framework, [first.offer_id, "m1-O99"], Filters(refuse_seconds=60.0))
    town.offers.decline(framework, [second.offer_id, first.offer_id], None)
    assert town.world.asked(RecoverResources) == [
        RecoverResources(framework.id, agent.id, first.resources, Filters(refuse_seconds=60.0)),
        RecoverResources(framework.id, agent.id, second.resources, Filters()),
    ]
    assert not town.cluster.offers


def test_nobody_declines_what_another_was_offered() -> None:
    town = Town()
    framework, thief = town.subscribe(), town.subscribe(pid=SUCCESSOR)
    offer = town.offer(framework, town.agent())
    town.offers.decline(thief, [offer.offer_id], None)
    assert list(town.cluster.offers) == [offer.offer_id]


def test_a_rescinded_offer_is_told_and_given_back_without_a_filter() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    offer = town.offer(framework, agent)
    town.offers.rescind(offer)
    assert town.world.told(SCHEDULER)[-1] == RescindOffer(offer.offer_id)
    assert town.world.asked(RecoverResources) == [RecoverResources(framework.id, agent.id, offer.resources)]


def test_what_is_taken_is_not_given_back() -> None:
    town = Town()
    offer = town.offer(town.subscribe(), town.agent())
    town.offers.take(offer)
    assert not town.cluster.offers
    assert not town.world.asked(RecoverResources)


def test_offers_last_for_ever_unless_there_is_a_timeout() -> None:
    lasting = Town()
    lasting.offer(lasting.subscribe(), lasting.agent())
    assert lasting.world.timers == 0
    town = Town(MasterFlags(offer_timeout=Duration.of(30)))
    agent, framework = town.agent(), town.subscribe()
    first = town.offer(framework, agent)
    town.world.advance(20.0)
    second = town.offer(framework, agent)
    town.offers.decline(framework, [second.offer_id], None)
    town.world.advance(10.0)
    assert town.world.told_of(SCHEDULER, RescindOffer) == [RescindOffer(first.offer_id)]
    town.world.advance(60.0)
    assert len(town.world.asked(RecoverResources)) == 2
    assert town.world.timers == 0


def test_all_offers_of_an_agent_or_a_framework_can_be_rescinded() -> None:
    town = Town()
    agent, other = town.agent(), town.agent("m1-S1")
    framework = town.subscribe()
    first, second = town.offer(framework, agent), town.offer(framework, other)
    town.offers.make(MakeOffers({}, {framework.id: {agent.id: AWAY}}))
    town.offers.rescind_all(agent)
    assert list(town.cluster.offers) == [second.offer_id]
    assert not town.cluster.inverse_offers
    town.offers.rescind_all(framework)
    assert town.world.told_of(SCHEDULER, RescindOffer) == [
        RescindOffer(first.offer_id),
        RescindOffer(second.offer_id),
    ]
    assert len(town.world.told_of(SCHEDULER, RescindInverseOffer)) == 1


# --- inverse offers ---


def test_a_framework_is_asked_to_leave_and_its_answer_goes_to_the_allocator() -> None:
    town = Town()
    agent, other = town.agent(), town.agent("m1-S1")
    framework = town.subscribe()
    town.offers.make(MakeOffers({}, {framework.id: {agent.id: AWAY, other.id: AWAY, "m1-S9": AWAY}}))
    ((yes, no),) = [message.inverse_offers for message in town.world.told_of(SCHEDULER, InverseOffers)]
    assert (yes.agent_id, yes.unavailability) == (agent.info.id, AWAY)
    town.offers.answer_inverse(framework, [yes.id.value], accepted=True, filters=None)
    town.offers.answer_inverse(
        framework, [no.id.value, yes.id.value], accepted=False, filters=Filters(refuse_seconds=9.0)
    )
    accepted, declined = town.world.asked(AnswerInverseOffer)
    assert accepted.status is not None
    assert declined.status is not None
    assert accepted.status.status is InverseOfferStatus.Status.ACCEPT
    assert declined.status.status is InverseOfferStatus.Status.DECLINE
    assert declined.filters == Filters(refuse_seconds=9.0)
    assert not town.cluster.inverse_offers


def test_a_framework_that_is_away_is_not_asked_and_the_allocator_hears_so() -> None:
    town = Town()
    agent = town.agent()
    framework = town.subscribe(framework_info(failover_timeout=60.0))
    town.frameworks.exited(SCHEDULER)
    town.offers.make(MakeOffers({}, {framework.id: {agent.id: AWAY}, "never-was": {agent.id: AWAY}}))
    assert town.world.asked(AnswerInverseOffer) == [AnswerInverseOffer(agent.id, framework.id)]
    assert not town.cluster.inverse_offers


def test_inverse_offers_time_out_like_offers_do() -> None:
    town = Town(MasterFlags(offer_timeout=Duration.of(30)))
    agent, framework = town.agent(), town.subscribe()
    town.offers.make(MakeOffers({}, {framework.id: {agent.id: AWAY}}))
    town.world.advance(30.0)
    assert len(town.world.told_of(SCHEDULER, RescindInverseOffer)) == 1
    assert town.world.asked(AnswerInverseOffer) == [AnswerInverseOffer(agent.id, framework.id)]


def test_a_scheduler_that_goes_away_loses_its_inverse_offers() -> None:
    town = Town()
    agent = town.agent()
    framework = town.subscribe(framework_info(failover_timeout=60.0))
    town.offers.make(MakeOffers({}, {framework.id: {agent.id: AWAY}}))
    town.frameworks.exited(SCHEDULER)
    assert not town.cluster.inverse_offers
    assert town.world.asked(AnswerInverseOffer) == [AnswerInverseOffer(agent.id, framework.id)]


def test_an_agent_without_a_port_has_that_of_mesos() -> None:
    town = Town()
    agent = town.agent()
    agent.info = AgentInfo(hostname="h", id=agent.info.id)
    offer = town.offer(town.subscribe(), agent).record
    assert offer.url is not None
    assert offer.url.address.port == 5051
