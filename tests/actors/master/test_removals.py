from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.agent import AgentEntry
from actors.master.framework import FrameworkEntry
from tests.actors.master.county import AGENT, HERE, OPERATOR, RESTARTED, County, reregistration
from tests.actors.master.market import named, reserve
from tests.actors.master.town import SCHEDULER, Capability, State
from transport.messages import allocation
from transport.messages.membership import ShutdownAgent
from transport.messages.operating import MarkAgentGoneRequest
from transport.messages.registry import (
    MarkAgentGone,
    MarkAgentUnreachable,
    RegistryOperation,
    RemoveAdmittedAgent,
)
from transport.messages.scheduling import Failure, OperationUpdate
from transport.records.operation import OperationState
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.task_status import TaskStatus
from transport.records.time_info import TimeInfo

Reason = TaskStatus.Reason
AWARE = Capability.PARTITION_AWARE
GONE = MarkAgentGoneRequest(7, AGENT)


def populated(*capabilities: Capability) -> tuple[County, FrameworkEntry, AgentEntry]:
    """An agent with a task, an executor and an offer, of a framework that checkpoints."""
    county = County(prompt=True)
    framework, agent = county.checkpointing(*capabilities), county.join()
    county.task(framework, agent, state=State.TASK_RUNNING)
    county.executor(framework, agent)
    county.offer(framework, agent)
    county.world.forget()
    county.world.prompt = False
    return county, framework, agent


def give_up(county: County) -> None:
    county.agents.removals.suspect(AGENT, "it does not answer pings")


# --- out of reach ---


@pytest.mark.parametrize(
    ("capabilities", "state"), [((), State.TASK_LOST), ((AWARE,), State.TASK_UNREACHABLE)]
)
def test_frameworks_are_told_of_an_unreachable_agent_in_their_words(
    capabilities: tuple[Capability, ...], state: State
) -> None:
    county, framework, _ = populated(*capabilities)
    give_up(county)
    assert not county.world.sent
    (operation,) = county.world.operations
    assert isinstance(operation, MarkAgentUnreachable)
    county.world.commit()
    (status,) = county.statuses()
    assert (status.state, status.reason) == (state, Reason.REASON_AGENT_REMOVED)
    assert status.unreachable_time == operation.since == county.cluster.unreachable[AGENT]
    assert county.world.told(SCHEDULER)[-1] == Failure(AGENT)
    assert list(framework.unreachable_tasks) == ["t"]
    county.check()


def test_the_allocator_is_not_told_of_what_is_freed_before_it_may_not_offer_it_any_more() -> None:
    county, _, _ = populated()
    give_up(county)
    county.world.commit()
    kinds = [type(one) for one in county.world.allocated]
    assert kinds[0] is allocation.DeactivateAgent
    assert kinds[-1] is allocation.RemoveAgent


def test_a_task_that_is_over_is_not_told_to_be_lost() -> None:
    """AgentWithTerminalTaskPartitioned."""
    county, framework, agent = populated()
    done = county.task(framework, agent, "done", state=State.TASK_FINISHED)
    done.record = replace(done.record, status_update_state=State.TASK_FINISHED)
    give_up(county)
    county.world.commit()
    assert [one.task_id.value for one in county.statuses()] == ["t"]
    assert list(framework.unreachable_tasks) == ["t"]
    assert [one.state for one in framework.completed_tasks] == [State.TASK_FINISHED]
    county.check()


# --- leaving ---


def test_an_agent_that_unregisters_is_gone_from_the_registry_first() -> None:
    county, _, agent = populated(AWARE)
    county.agents.unregister(agent)
    county.agents.unregister(agent)
    assert not county.world.sent
    assert county.world.commit() == RemoveAdmittedAgent(AGENT)
    assert not county.world.saves
    assert [(one.state, one.reason) for one in county.statuses()] == [
        (State.TASK_GONE, Reason.REASON_AGENT_REMOVED)
    ]
    assert county.metrics.slave_removals_unregistered.value == 1
    assert AGENT not in county.cluster.unreachable
    county.check()


@pytest.mark.parametrize("unregister_first", [False, True])
def test_of_two_reasons_to_leave_the_first_counts(*, unregister_first: bool) -> None:
    """UnreachableThenUnregisterRace, UnregisterThenUnreachableRace."""
    county, _, agent = populated()
    if unregister_first:
        county.agents.unregister(agent)
        give_up(county)
    else:
        give_up(county)
        county.agents.unregister(agent)
    expected: type[RegistryOperation] = RemoveAdmittedAgent if unregister_first else MarkAgentUnreachable
    assert isinstance(county.world.commit(), expected)
    assert not county.world.saves
    assert not county.cluster.agents
    assert len(county.statuses()) == 1


# --- gone ---


def test_an_agent_marked_gone_is_shut_down_once_that_is_durable() -> None:
    county, framework, _ = populated(AWARE)
    county.agents.mark_gone(OPERATOR, GONE)
    assert not county.world.sent
    (operation,) = county.world.operations
    assert isinstance(operation, MarkAgentGone)
    county.world.commit()
    assert county.world.told_of(HERE, ShutdownAgent) == [ShutdownAgent("Agent has been marked gone")]
    (status,) = county.statuses()
    assert (status.state, status.reason) == (
        State.TASK_GONE_BY_OPERATOR,
        Reason.REASON_AGENT_REMOVED_BY_OPERATOR,
    )
    assert county.cluster.gone == {AGENT: operation.since}
    assert county.answers() == [(200, "")]
    assert not framework.tasks
    county.check()


def test_tasks_of_an_unreachable_agent_that_is_marked_gone_are_over() -> None:
    county, framework, _ = populated(AWARE)
    give_up(county)
    county.world.commit()
    county.world.forget()
    county.agents.mark_gone(OPERATOR, GONE)
    county.world.commit()
    assert [one.state for one in county.statuses()] == [State.TASK_GONE_BY_OPERATOR]
    assert not framework.unreachable_tasks
    assert [one.state for one in framework.completed_tasks] == [State.TASK_GONE_BY_OPERATOR]
    assert AGENT not in county.cluster.unreachable


@pytest.mark.parametrize(("capabilities", "told"), [((), []), ((AWARE,), [State.TASK_GONE])])
def test_tasks_that_an_agent_does_not_bring_back_are_over(
    capabilities: tuple[Capability, ...], told: list[State]
) -> None:
    county, framework, _ = populated(*capabilities)
    give_up(county)
    county.world.commit()
    county.world.forget()
    county.agents.reregister(RESTARTED, reregistration())
    county.world.commit()
    assert [one.state for one in county.statuses()] == told
    assert not framework.unreachable_tasks
    assert len(framework.completed_tasks) == 1
    assert not county.agents.members.left_behind
    county.check()


def test_an_expected_agent_can_be_marked_gone() -> None:
    county = County(prompt=True)
    county.cluster.recovered[AGENT] = county.join().info
    county.cluster.agents.clear()
    county.agents.mark_gone(OPERATOR, GONE)
    assert county.answers() == [(200, "")]
    assert not county.cluster.recovered
    county.agents.reregister(RESTARTED, reregistration())
    assert county.world.told(RESTARTED) == [ShutdownAgent("Agent has been marked gone")]


def test_an_unknown_agent_is_not_marked_gone() -> None:
    county = County(prompt=True)
    county.agents.mark_gone(OPERATOR, GONE)
    assert county.answers() == [(404, "agent 'm1-S0': there is no such agent")]


def test_an_agent_that_is_just_being_forgotten_is_not_marked_gone() -> None:
    county, _, _ = populated()
    give_up(county)
    county.world.commit()
    county.agents.mark_gone(OPERATOR, GONE)
    county.world.refuse("agent m1-S0 is not known")
    assert county.answers() == [(404, "agent m1-S0 is not known")]
    assert not county.agents.members.under_way
    assert not county.cluster.gone


def test_marking_an_agent_gone_again_does_nothing() -> None:
    county = County(prompt=True)
    county.cluster.gone[AGENT] = TimeInfo(nanoseconds=1)
    county.agents.mark_gone(OPERATOR, GONE)
    assert county.answers() == [(200, "")]
    assert not county.world.operations


def test_an_agent_that_is_just_being_given_up_is_not_marked_gone() -> None:
    county, _, _ = populated()
    give_up(county)
    county.agents.mark_gone(OPERATOR, GONE)
    ((status, text),) = county.answers()
    assert status == 503
    assert "just being marked unreachable" in text


@pytest.mark.parametrize(
    ("gone", "state"),
    [(False, OperationState.OPERATION_UNREACHABLE), (True, OperationState.OPERATION_GONE_BY_OPERATOR)],
)
def test_operations_under_way_are_lost_with_their_agent(*, gone: bool, state: OperationState) -> None:
    county = County(prompt=True)
    framework, agent, offer = county.stall(role="dev", principal="p")
    reservation = Resource.ReservationInfo(
        type=Resource.ReservationInfo.Type.DYNAMIC, role="dev", principal="p"
    )
    reserved = Resources.parse("cpus:1").push_reservation(reservation).allocate("dev")
    county.accept(framework, offer, named(reserve(*reserved)))
    county.world.forget()
    if gone:
        county.agents.mark_gone(OPERATOR, GONE)
    else:
        county.agents.removals.suspect(agent.id, "test")
    (told,) = [one.status.state for one in county.world.told_of(SCHEDULER, OperationUpdate)]
    assert told is state
    county.check()
