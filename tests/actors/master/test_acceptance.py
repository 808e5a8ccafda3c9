"""What becomes of an ACCEPT."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.framework import FrameworkEntry
from actors.master.offer import OfferEntry
from tests.actors.master.market import (
    AGENT,
    OTHER_SCHEDULER,
    Ability,
    Market,
    Operation,
    Reason,
    State,
    Type,
    create,
    default_executor,
    destroy,
    executor,
    grow,
    launch,
    launch_group,
    named,
    reserve,
    shrink,
    task,
    under,
)
from tests.transport.records.samples import dynamic, scalar, volume
from transport.messages.allocation import ConvertAllocated, RecoverResources
from transport.messages.launching import ApplyOperation, RunTask, RunTaskGroup
from transport.messages.scheduling import AcceptOffers, RescindOffer
from transport.records.agent import DrainConfig, DrainInfo, DrainState
from transport.records.check import HealthCheck
from transport.records.command import CommandInfo
from transport.records.ids import AgentID
from transport.records.offer import Filters, Offer
from transport.records.operation import OperationState
from transport.records.resource import Resource
from transport.records.resource_conversion import ResourceConversion, conversion_of
from transport.records.resources import Resources

PARTITION_AWARE = Ability.PARTITION_AWARE
DISK = scalar("disk", 10, (dynamic("a"),))
VOLUME = volume("v", 10)
SHARED = volume("v", 10, shared=True)


def held(resources: str, role: str = "*") -> Resources:
    return Resources.parse(resources).allocate(role)


def given_back(market: Market) -> list[tuple[Resources, Filters | None]]:
    return [(one.resources, one.filters) for one in market.world.asked(RecoverResources)]


def of(*resources: Resource, role: str = "a") -> Resources:
    return Resources(resources).allocate(role)


# --- offers ---


@pytest.mark.parametrize(
    ("capabilities", "state"), [((), State.TASK_LOST), ((PARTITION_AWARE,), State.TASK_DROPPED)]
)
def test_launch_duplicate_offer(capabilities: tuple[Ability, ...], state: State) -> None:
    """As in Mesos' LaunchDuplicateOfferLost and LaunchDuplicateOfferDropped."""
    market = Market()
    framework, _, offer = market.stall("cpus:4;mem:4096", *capabilities)
    market.accept(framework, (offer, offer), launch(task("t"), task("u")))
    assert [one.task_id.value for one in market.updates()] == ["t", "u"]
    for update in market.updates():
        assert update.state is state
        assert update.reason is Reason.REASON_INVALID_OFFERS
        assert update.message == f"offer {offer.offer_id} is listed twice"
        assert update.uuid is None
    assert given_back(market) == [(held("cpus:4;mem:4096"), None)]
    assert not market.cluster.offers


def test_launch_across_slaves_lost() -> None:
    """As in Mesos' LaunchAcrossSlavesLost: offers of two agents cannot be used together."""
    market = Market()
    framework, _, offer = market.stall("cpus:1;mem:512")
    other = market.offer(framework, market.capable_agent("cpus:1;mem:512", "m1-S1"))
    market.accept(framework, (offer, other), launch(task()))
    (update,) = market.updates()
    assert (update.state, update.reason) == (State.TASK_LOST, Reason.REASON_INVALID_OFFERS)
    assert update.message == f"offers {offer.offer_id} and {other.offer_id} are of different agents"
    assert given_back(market) == [(held("cpus:1;mem:512"), None)] * 2


def test_launch_different_role_lost() -> None:
    """As in Mesos' LaunchDifferentRoleLost: offers to two roles cannot be used together."""
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096")
    market.offers.discard(offer)
    market.world.forget()
    one = market.offer(framework, agent, "cpus:1", "a")
    two = market.offer(framework, agent, "cpus:1", "b")
    market.accept(framework, (one, two), launch(task()))
    (update,) = market.updates()
    assert (update.state, update.reason) == (State.TASK_LOST, Reason.REASON_INVALID_OFFERS)
    assert given_back(market) == [(held("cpus:1", "a"), None), (held("cpus:1", "b"), None)]


def test_no_offers_are_not_enough() -> None:
    market = Market()
    framework, _, _ = market.stall()
    market.accept(framework, (), launch(task()))
    (update,) = market.updates()
    assert update.message == "no offers specified"
    assert given_back(market) == []


def test_an_offer_that_is_not_valid_any_more_takes_the_others_with_it() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096")
    market.offers.discard(offer)
    market.world.forget()
    valid = market.offer(framework, agent, "cpus:1")
    market.accept(framework, (valid, offer), launch(task()), launch_group(default_executor(), task("u")))
    assert [one.task_id.value for one in market.updates()] == ["t", "u"]
    assert {one.reason for one in market.updates()} == {Reason.REASON_INVALID_OFFERS}
    assert given_back(market) == [(held("cpus:1"), None)]


def test_another_frameworks_offer_stays_with_it() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096")
    market.offers.discard(offer)
    other = market.framework(pid=OTHER_SCHEDULER)
    foreign = market.offer(other, agent, "cpus:1;mem:512")
    market.world.forget()
    market.accept(framework, foreign, launch(task()))
    (update,) = market.updates()
    assert update.message == f"offer {foreign.offer_id} was not made to framework {framework.id}"
    assert given_back(market) == []
    market.accept(other, foreign, launch(task()))
    assert len(other.tasks) == 1


def test_operations_with_ids_are_told_of_invalid_offers_and_others_dropped() -> None:
    market = Market()
    framework, _, offer = market.stall("cpus:4", role="a")
    reserved = reserve(scalar("cpus", 1, (dynamic("a"),)))
    market.accept(framework, (offer, offer), named(reserved), reserved)
    (status,) = market.feedback()
    assert status.state is OperationState.OPERATION_ERROR
    assert status.operation_id is not None
    assert status.operation_id.value == "o"
    assert status.message == f"offer {offer.offer_id} is listed twice"
    assert status.uuid is None


# --- agents that are not there ---


@pytest.mark.parametrize(
    ("capabilities", "state"), [((), State.TASK_LOST), ((PARTITION_AWARE,), State.TASK_DROPPED)]
)
def test_nothing_is_launched_on_an_agent_that_is_disconnected(
    capabilities: tuple[Ability, ...], state: State
) -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096", *capabilities)
    agent.connected = False
    market.accept(framework, offer, launch(task()))
    (update,) = market.updates()
    assert (update.state, update.reason) == (state, Reason.REASON_AGENT_DISCONNECTED)
    assert given_back(market) == [(held("cpus:4;mem:4096"), None)]
    assert market.world.told(agent.pid) == []


def test_nothing_is_launched_on_an_agent_that_is_drained() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096", role="a")
    agent.drain = DrainInfo(state=DrainState.DRAINING, config=DrainConfig())
    reserved = named(reserve(scalar("cpus", 1, (dynamic("a"),))))
    market.accept(framework, offer, launch(task()), reserved)
    (update,), (status,) = market.updates(), market.feedback()
    assert (update.state, update.reason) == (State.TASK_LOST, Reason.REASON_AGENT_DRAINING)
    assert status.state is OperationState.OPERATION_ERROR
    assert status.message == update.message == "agent m1-S0 is being drained"


def test_what_breaks_a_rule_is_told_so_even_when_the_agent_is_disconnected() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096")
    agent.connected = False
    bad = replace(task("bad"), resources=(scalar("cpus", -1),))
    market.accept(framework, offer, launch(bad), launch(task("good")))
    told = {one.task_id.value: one.reason for one in market.updates()}
    assert told == {"bad": Reason.REASON_TASK_INVALID, "good": Reason.REASON_AGENT_DISCONNECTED}


# --- launches ---


def test_a_task_is_charged_and_sent_to_its_agent_and_the_rest_is_declined() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096")
    market.accept(framework, offer, launch(task("t", "cpus:1;mem:512")))
    (run,) = market.world.told_of(agent.pid, RunTask)
    assert run.framework == framework.info
    assert run.launch_executor is None
    assert Resources(run.task.resources) == held("cpus:1;mem:512")
    entry = framework.tasks["t"]
    assert agent.tasks[framework.id, "t"] is entry
    assert entry.record.state is State.TASK_STAGING
    assert entry.executor_id is None
    assert entry.record.user == "nobody"
    assert entry.holding == held("cpus:1;mem:512")
    assert given_back(market) == [(held("cpus:3;mem:3584"), Filters())]
    assert market.updates() == []
    assert not market.cluster.offers


def test_several_offers_of_an_agent_are_used_as_one() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096")
    market.offers.discard(offer)
    market.world.forget()
    parts = market.offer(framework, agent, "cpus:1;mem:512"), market.offer(framework, agent, "cpus:2")
    market.accept(framework, parts, launch(task("t", "cpus:3;mem:512")))
    assert list(framework.tasks) == ["t"]
    assert given_back(market) == []


def test_the_rest_is_declined_with_the_filters_of_the_accept() -> None:
    market = Market()
    framework, _, offer = market.stall("cpus:4;mem:4096")
    filters = Filters(refuse_seconds=60.0)
    market.accept(framework, offer, launch(task("t", "cpus:1;mem:512")), filters=filters)
    assert given_back(market) == [(held("cpus:3;mem:3584"), filters)]


@pytest.mark.parametrize("operations", [(), (launch(),), (Operation(type=Type.LAUNCH),)])
def test_to_launch_nothing_is_to_decline(operations: tuple[Offer.Operation, ...]) -> None:
    market = Market()
    framework, _, offer = market.stall("cpus:4;mem:4096")
    market.accept(framework, offer, *operations)
    assert given_back(market) == [(held("cpus:4;mem:4096"), Filters())]


def test_each_task_is_launched_or_refused_on_its_own() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096")
    elsewhere = replace(task("elsewhere"), agent_id=AgentID(value="m1-S9"))
    tasks = (task("a"), elsewhere, task("greedy", "cpus:5"), task("b"), task("a"))
    market.accept(framework, offer, launch(*tasks))
    assert list(framework.tasks) == ["a", "b"]
    assert [run.task.task_id.value for run in market.world.told_of(agent.pid, RunTask)] == ["a", "b"]
    told = {one.task_id.value: one for one in market.updates()}
    assert list(told) == ["elsewhere", "greedy", "a"]
    assert {one.state for one in told.values()} == {State.TASK_ERROR}
    assert {one.reason for one in told.values()} == {Reason.REASON_TASK_INVALID}
    assert told["a"].message == "task_id: 'a' is in use"
    assert given_back(market) == [(held("cpus:2;mem:3072"), Filters())]


def test_a_resource_that_breaks_a_rule_refuses_the_whole_launch_and_no_other_operation() -> None:
    market = Market()
    framework, _, offer = market.stall("cpus:4;mem:4096")
    bad = replace(task("bad"), resources=(scalar("cpus", -1),))
    market.accept(framework, offer, launch(bad, task("beside")), launch(task("other")))
    assert [one.task_id.value for one in market.updates()] == ["bad", "beside"]
    for update in market.updates():
        assert (update.state, update.reason) == (State.TASK_ERROR, Reason.REASON_TASK_INVALID)
        assert update.message == "resource 'cpus': scalar must not be negative: -1"
    assert list(framework.tasks) == ["other"]


def test_launches_have_no_operation_id() -> None:
    market = Market()
    framework, _, offer = market.stall("cpus:4;mem:4096;disk:100")
    group = launch_group(default_executor(), task("u"))
    market.accept(framework, offer, named(launch(task("t"))), named(group))
    reasons = [(one.state, one.reason) for one in market.updates()]
    assert reasons == [
        (State.TASK_ERROR, Reason.REASON_TASK_INVALID),
        (State.TASK_ERROR, Reason.REASON_TASK_GROUP_INVALID),
    ]
    assert not framework.tasks


def test_an_executor_is_charged_and_started_once() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096")
    info = replace(executor("e", "cpus:1;mem:32"), command=CommandInfo(value="./e", user="me"))
    market.accept(framework, offer, launch(*under(info, task("t"), task("u"))))
    runs = market.world.told_of(agent.pid, RunTask)
    assert [run.launch_executor for run in runs] == [True, False]
    charged = agent.executors[framework.id, "e"]
    assert Resources(charged.resources) == held("cpus:1;mem:32")
    assert charged.framework_id == framework.info.id
    assert framework.tasks["t"].executor_id == "e"
    assert framework.tasks["t"].record.user == "me"
    assert given_back(market) == [(held("cpus:1;mem:3040"), Filters())]


def test_the_type_of_a_health_check_is_filled_in() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096")
    check = HealthCheck(http=HealthCheck.HTTPCheckInfo(port=80))
    market.accept(framework, offer, launch(replace(task(), health_check=check)))
    (run,) = market.world.told_of(agent.pid, RunTask)
    assert run.task.health_check is not None
    assert run.task.health_check.type is HealthCheck.Type.HTTP
    assert framework.tasks["t"].record.health_check == run.task.health_check


def test_reservations_in_the_old_format_are_understood() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus(a):4;mem:4096", role="a")
    info = replace(task(), resources=(replace(scalar("cpus", 4), role="a"),))
    market.accept(framework, offer, launch(info))
    (run,) = market.world.told_of(agent.pid, RunTask)
    assert run.task.resources[0].reservations[0].role == "a"
    assert run.task.resources[0].role is None
    assert given_back(market) == [(held("mem:4096", "a"), Filters())]


# --- groups ---


def test_a_group_is_launched_together_under_its_executor() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096;disk:100")
    market.accept(framework, offer, launch_group(default_executor(), task("t"), task("u")))
    (run,) = market.world.told_of(agent.pid, RunTaskGroup)
    assert run.launch_executor
    assert run.executor.framework_id == framework.info.id
    assert [one.executor for one in run.group.tasks] == [run.executor, run.executor]
    assert [entry.executor_id for entry in framework.tasks.values()] == ["e", "e"]
    assert given_back(market) == [(held("cpus:1.9;mem:3040;disk:68"), Filters())]


def test_a_second_group_joins_the_executor_that_runs() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096;disk:100")
    first, second = (launch_group(default_executor(), task(name)) for name in ("t", "u"))
    market.accept(framework, offer, first, second)
    assert [run.launch_executor for run in market.world.told_of(agent.pid, RunTaskGroup)] == [True, False]
    assert given_back(market) == [(held("cpus:1.9;mem:3040;disk:68"), Filters())]


def test_all_of_a_group_is_refused_for_one_task() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096;disk:100")
    market.accept(framework, offer, launch_group(default_executor(), task("t"), task("u", "cpus:4")))
    assert [one.task_id.value for one in market.updates()] == ["t", "u"]
    for update in market.updates():
        assert (update.state, update.reason) == (State.TASK_ERROR, Reason.REASON_TASK_GROUP_INVALID)
    assert not framework.tasks
    assert not agent.executors
    assert given_back(market) == [(held("cpus:4;mem:4096;disk:100"), Filters())]


def test_a_group_needs_its_field() -> None:
    market = Market()
    framework, _, offer = market.stall("cpus:4")
    market.accept(framework, offer, Operation(type=Type.LAUNCH_GROUP))
    assert market.updates() == []
    assert given_back(market) == [(held("cpus:4"), Filters())]
    (line,) = [line for line in market.world.lines if line.event == "operation refused"]
    assert line.values["reason"] == "LAUNCH_GROUP: the field launch_group must be set"


# --- operations ---


def test_a_task_may_use_what_was_reserved_in_the_same_accept() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096", role="a")
    reserved = scalar("cpus", 1, (dynamic("a"),))
    market.accept(framework, offer, reserve(reserved), launch(replace(task(), resources=(reserved,))))
    applied, run = market.world.told(agent.pid)
    assert isinstance(applied, ApplyOperation)
    assert isinstance(run, RunTask)
    assert applied.framework_id == framework.id
    conversion = conversion_of(applied.operation)
    assert market.world.allocated[-2:] == [
        ConvertAllocated(framework.id, AGENT, "a", (conversion,)),
        RecoverResources(framework.id, AGENT, held("cpus:3;mem:4096", "a"), Filters()),
    ]
    assert agent.total == Resources.parse("cpus:3;mem:4096") + Resources([reserved])
    assert framework.tasks["t"].holding == of(reserved)


def test_what_was_converted_is_given_back_without_filters() -> None:
    market = Market()
    framework, _, offer = market.stall("cpus:4;mem:4096", role="a")
    reserved = scalar("cpus", 1, (dynamic("a"),))
    market.accept(framework, offer, reserve(reserved))
    assert given_back(market) == [(of(reserved), None), (held("cpus:3;mem:4096", "a"), Filters())]


def test_a_volume_is_reserved_made_used_and_what_stays_of_it_given_back() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;disk:10", role="a")
    info = replace(task(), resources=(scalar("cpus", 1), VOLUME))
    market.accept(framework, offer, reserve(DISK), create(VOLUME), launch(info))
    kinds = [type(message) for message in market.world.told(agent.pid)]
    assert kinds == [ApplyOperation, ApplyOperation, RunTask]
    (converted,) = market.world.asked(ConvertAllocated)
    assert converted.conversions == (
        ResourceConversion(held("disk:10", "a"), of(DISK)),
        ResourceConversion(of(DISK), of(VOLUME)),
    )
    assert given_back(market) == [(held("cpus:3", "a"), Filters())]


def test_an_operation_that_fails_is_dropped_and_the_next_ones_are_done() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:512", role="a")
    greedy, modest = (scalar("cpus", amount, (dynamic("a"),)) for amount in (5, 1))
    market.accept(framework, offer, named(reserve(greedy)), named(reserve(modest), "p"), launch(task()))
    (status,) = market.feedback()
    assert status.operation_id is not None
    assert (status.operation_id.value, status.state) == ("o", OperationState.OPERATION_ERROR)
    assert status.message is not None
    assert "cpus" in status.message
    assert [entry.operation_id for entry in agent.operations.values()] == ["p"]
    assert list(framework.tasks) == ["t"]


def test_two_operations_of_one_accept_cannot_have_the_same_id() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4", role="a")
    reserved = reserve(scalar("cpus", 1, (dynamic("a"),)))
    market.accept(framework, offer, named(reserved), named(reserved))
    (status,) = market.feedback()
    assert status.message == "operation.id: 'o' is in use"
    assert len(agent.operations) == 1


def test_what_resizing_makes_cannot_be_used_in_the_same_accept() -> None:
    market = Market()
    framework, agent, _ = market.stall("cpus:4", role="a")
    agent.total += Resources([VOLUME, DISK])
    market.cluster.remove_offer(next(iter(agent.offers.values())))
    offer = offer_of(market, framework, of(VOLUME, DISK, scalar("cpus", 4)))
    grown = volume("v", 20)
    market.accept(framework, offer, grow(VOLUME, DISK), launch(replace(task(), resources=(grown,))))
    (update,) = market.updates()
    assert update.reason is Reason.REASON_TASK_INVALID
    (entry,) = agent.operations.values()
    assert entry.holding == of(VOLUME, DISK)
    assert agent.total == Resources([VOLUME, DISK, scalar("cpus", 4)])
    assert market.world.asked(ConvertAllocated) == []
    assert given_back(market) == [(held("cpus:4", "a"), Filters())]


def test_what_a_volume_loses_by_shrinking_cannot_be_used_in_the_same_accept() -> None:
    market = Market()
    framework, agent, _ = market.stall("cpus:4", role="a")
    agent.total += Resources([VOLUME])
    market.cluster.remove_offer(next(iter(agent.offers.values())))
    offer = offer_of(market, framework, of(VOLUME))
    market.accept(framework, offer, shrink(VOLUME, 4), create(volume("w", 4)))
    assert len(agent.operations) == 1
    assert given_back(market) == []


def offer_of(market: Market, framework: FrameworkEntry, resources: Resources) -> OfferEntry:
    """An offer of resources that the text grammar cannot say."""
    offer = market.offer(framework, market.cluster.agents[AGENT], "mem:1", "a")
    market.cluster.remove_offer(offer)
    offer = OfferEntry(offer.offer_id, framework.id, AGENT, "a", resources, offer.record)
    market.cluster.add_offer(offer)
    market.world.forget()
    return offer


def test_destroying_a_volume_rescinds_the_other_offers_that_hold_it() -> None:
    market = Market()
    framework, agent, _ = market.stall("cpus:4", role="a")
    agent.total += Resources([SHARED])
    market.cluster.remove_offer(next(iter(agent.offers.values())))
    other = market.framework(Ability.SHARED_RESOURCES, role="a", pid=OTHER_SCHEDULER)
    held_by_other = offer_of(market, other, of(SHARED))
    kept = market.offer(other, agent, "cpus:1", "a")
    mine = offer_of(market, framework, of(SHARED))
    market.accept(framework, mine, destroy(SHARED))
    assert market.world.told_of(OTHER_SCHEDULER, RescindOffer) == [RescindOffer(held_by_other.offer_id)]
    assert list(market.cluster.offers) == [kept.offer_id]
    assert agent.total == Resources([scalar("cpus", 4), DISK])
    rescinded, converted, given = market.world.allocated
    assert rescinded == RecoverResources(other.id, AGENT, of(SHARED))
    assert isinstance(converted, ConvertAllocated)
    assert given == RecoverResources(framework.id, AGENT, of(DISK))


def test_tasks_share_a_shared_volume_and_the_allocator_counts_each_use() -> None:
    market = Market()
    framework, agent, _ = market.stall("cpus:4", Ability.SHARED_RESOURCES, role="a")
    agent.total += Resources([SHARED])
    market.cluster.remove_offer(next(iter(agent.offers.values())))
    offer = offer_of(market, framework, of(SHARED, scalar("cpus", 4)))
    using = [replace(task(name), resources=(scalar("cpus", 1), SHARED)) for name in "tuv"]
    market.accept(framework, offer, launch(*using), destroy(SHARED))
    assert len(framework.tasks) == 3
    (converted,) = market.world.asked(ConvertAllocated)
    assert converted.conversions == (ResourceConversion(Resources(), of(SHARED)),) * 2
    assert given_back(market) == [(held("cpus:1", "a"), Filters())]
    assert agent.total.contains(Resources([SHARED]))


def test_what_the_agent_lost_since_it_was_offered_is_not_converted() -> None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4", role="a")
    agent.total = Resources.parse("cpus:1")
    wanted = named(reserve(scalar("cpus", 2, (dynamic("a"),))))
    market.acceptance.accept(framework, AcceptOffers(framework.id, (offer.offer_id,), (wanted,)))
    (status,) = market.feedback()
    assert status.message is not None
    assert status.message.startswith("agent m1-S0 does not have cpus(allocated: a):2 any more")
    assert market.world.asked(ConvertAllocated) == []
