"""Agents that are drained, deactivated and reactivated; master_draining_tests by name."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.agent import AgentEntry
from actors.master.framework import FrameworkEntry
from tests.actors.master.county import (
    AGENT,
    HERE,
    OPERATOR,
    RESTARTED,
    County,
    agent_info,
    registry,
    reregistration,
)
from tests.actors.master.town import SCHEDULER, State, framework_info
from transport.messages import allocation
from transport.messages.membership import DrainAgent, ReactivateAgent, ShutdownAgent
from transport.messages.operating import (
    DeactivateAgentRequest,
    DrainAgentRequest,
    ReactivateAgentRequest,
)
from transport.messages.registry import (
    DeactivateAdmittedAgent,
    DrainAdmittedAgent,
    MarkAgentDrained,
    MarkAgentGone,
    ReactivateAdmittedAgent,
)
from transport.messages.scheduling import RescindOffer
from transport.records.agent import AgentInfo, DrainConfig, DrainInfo, DrainState
from transport.records.ids import AgentID
from transport.records.registry import Registry
from transport.records.resources import Resources
from transport.records.time_info import DurationInfo, TimeInfo, Unavailability

GRACE = DrainConfig(max_grace_period=DurationInfo(nanoseconds=5_000_000_000))
FINAL = DrainConfig(mark_gone=True)
DRAIN = DrainAgentRequest(1, AGENT, GRACE)
DEACTIVATE = DeactivateAgentRequest(2, AGENT)
REACTIVATE = ReactivateAgentRequest(3, AGENT)
RECONNECT_SECONDS = 600.0


def busy(config: DrainConfig = GRACE) -> tuple[County, FrameworkEntry, AgentEntry]:
    """An agent with a task, being drained."""
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.task(framework, agent, state=State.TASK_RUNNING)
    county.world.forget()
    county.draining.drain(OPERATOR, DrainAgentRequest(1, AGENT, config))
    return county, framework, agent


def end_task(county: County, agent: AgentEntry) -> None:
    """The last task is over, and that is acknowledged."""
    for task in tuple(agent.tasks.values()):
        county.cluster.remove_task(task)
    county.draining.idle(agent.id)


def state(agent: AgentEntry) -> DrainState | None:
    return None if agent.drain is None else agent.drain.state


# --- draining ---


def test_an_agent_is_drained_from_when_that_is_durable_until_nothing_is_left() -> None:
    """DrainAgent."""
    county = County()
    framework, agent = county.checkpointing(), county.join()
    county.task(framework, agent)
    offer = county.offer(framework, agent)
    county.world.forget()
    county.draining.drain(OPERATOR, DRAIN)
    assert not county.world.sent
    assert county.world.commit() == DrainAdmittedAgent(AGENT, GRACE)
    assert county.world.told(HERE) == [DrainAgent(GRACE)]
    assert county.world.told_of(SCHEDULER, RescindOffer) == [RescindOffer(offer.offer_id)]
    assert county.world.asked(allocation.DeactivateAgent) == [allocation.DeactivateAgent(AGENT)]
    assert county.answers() == [(200, "")]
    assert (agent.active, state(agent)) == (False, DrainState.DRAINING)
    county.draining.idle(AGENT)
    assert not county.world.saves
    end_task(county, agent)
    county.draining.idle(AGENT)
    assert state(agent) is DrainState.DRAINING
    assert county.world.commit() == MarkAgentDrained(AGENT)
    assert state(agent) is DrainState.DRAINED
    assert not county.world.saves


def test_since_when_an_agent_is_drained_is_known_until_it_is_reactivated() -> None:
    county, _, agent = busy()
    began = agent.drain_started_at
    assert began == county.world.wall()
    county.world.advance(5.0)
    end_task(county, agent)
    assert (state(agent), agent.drain_started_at) == (DrainState.DRAINED, began)
    county.draining.reactivate(OPERATOR, REACTIVATE)
    county.draining.deactivate(OPERATOR, DEACTIVATE)
    assert (agent.deactivated, agent.drain_started_at) == (True, None)


def test_an_empty_agent_is_drained_at_once() -> None:
    county = County(prompt=True)
    agent = county.join()
    county.draining.drain(OPERATOR, DRAIN)
    assert state(agent) is DrainState.DRAINED


def test_an_agent_that_is_to_be_gone_is_gone_when_it_is_empty() -> None:
    """DrainAgentMarkGone."""
    county, _, agent = busy(FINAL)
    assert AGENT in county.cluster.agents
    county.world.prompt = False
    end_task(county, agent)
    end_task(county, agent)
    assert isinstance(county.world.commit(), MarkAgentGone)
    assert not county.world.saves
    assert county.world.told(HERE)[-1] == ShutdownAgent("Agent has been marked gone")
    assert list(county.cluster.gone) == [AGENT]
    assert not county.agents.members.withdrawn


def test_a_disconnected_agent_is_told_to_drain_when_it_is_back() -> None:
    """DrainAgentDisconnected."""
    county = County(prompt=True)
    agent = county.join()
    county.agents.exited(HERE)
    county.draining.drain(OPERATOR, DRAIN)
    assert county.answers() == [(200, "")]
    assert state(agent) is DrainState.DRAINING
    county.agents.reregister(RESTARTED, reregistration())
    assert county.world.told_of(RESTARTED, DrainAgent) == [DrainAgent(GRACE)]
    assert state(agent) is DrainState.DRAINED
    assert not county.world.asked(allocation.ActivateAgent)


def test_an_unreachable_agent_is_drained_when_it_is_back() -> None:
    """DrainAgentUnreachable."""
    county = County(prompt=True)
    county.join()
    county.agents.removals.suspect(AGENT, "test")
    county.draining.drain(OPERATOR, DRAIN)
    assert county.answers() == [(200, "")]
    county.world.forget()
    county.agents.reregister(RESTARTED, reregistration())
    agent = county.agent_at(RESTARTED)
    assert county.world.told_of(RESTARTED, DrainAgent) == [DrainAgent(GRACE)]
    assert state(agent) is DrainState.DRAINED
    kinds = [type(one) for one in county.world.allocated]
    assert kinds == [allocation.AddAgent, allocation.DeactivateAgent]


def test_draining_survives_a_failover() -> None:
    drain = DrainInfo(state=DrainState.DRAINING, config=GRACE)
    slave = Registry.Slave(info=agent_info("m0-S0"), drain_info=drain, deactivated=True)
    absent = Registry.UnreachableSlave(
        id=AgentID(value="m0-S1"), timestamp=TimeInfo(nanoseconds=1), drain_info=drain, deactivated=True
    )
    county = County(prompt=True)
    county.recover(
        replace(
            registry(),
            slaves=Registry.Slaves(slaves=(slave,)),
            unreachable=Registry.UnreachableSlaves(slaves=(absent,)),
        )
    )
    county.agents.reregister(HERE, reregistration("m0-S0"))
    assert county.world.told_of(HERE, DrainAgent) == [DrainAgent(GRACE)]
    assert state(county.agent_at(HERE)) is DrainState.DRAINED
    assert county.agents.members.withdrawn["m0-S1"] == drain


def test_an_agent_that_runs_what_master_does_not_know_is_not_drained_while_it_is_away() -> None:
    county, _, agent = busy()
    county.agents.exited(HERE)
    end_task(county, agent)
    assert state(agent) is DrainState.DRAINING


def test_an_agent_can_be_drained_again() -> None:
    county = County(prompt=True)
    agent = county.join()
    county.draining.drain(OPERATOR, DRAIN)
    county.task(county.checkpointing(), agent)
    county.draining.drain(OPERATOR, DRAIN)
    assert county.answers() == [(200, "")] * 2
    assert state(agent) is DrainState.DRAINING


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        (DrainAgentRequest(1, "m1-S9", GRACE), "there is no such agent"),
        (
            DrainAgentRequest(1, AGENT, DrainConfig(max_grace_period=DurationInfo(nanoseconds=-1))),
            "max_grace_period",
        ),
    ],
)
def test_what_cannot_be_drained_is_refused(request_: DrainAgentRequest, rule: str) -> None:
    county = County(prompt=True)
    county.join()
    county.world.forget()
    county.draining.drain(OPERATOR, request_)
    ((status, text),) = county.answers()
    assert status == 400
    assert rule in text
    assert not county.world.operations


def test_an_agent_that_does_not_know_how_is_not_drained() -> None:
    county = County(prompt=True)
    agent = county.join()
    agent.capabilities = (AgentInfo.Capability.Type.MULTI_ROLE,)
    county.draining.drain(OPERATOR, DRAIN)
    assert county.answers() == [(400, "agent m1-S0: is not capable of draining")]


def test_an_agent_in_a_maintenance_schedule_is_not_drained() -> None:
    county = County(prompt=True)
    county.join().unavailability = Unavailability(start=TimeInfo(nanoseconds=1))
    county.draining.drain(OPERATOR, DRAIN)
    assert county.answers() == [(400, "agent m1-S0: its machine is in the maintenance schedule")]


def test_an_agent_that_is_just_being_marked_gone_is_not_drained() -> None:
    county = County()
    county.join()
    county.agents.removals.mark_gone(AGENT, lambda _status, _text: None)
    county.draining.drain(OPERATOR, DRAIN)
    assert county.answers() == [(409, "agent m1-S0: is just being marked gone")]


def test_an_agent_that_was_removed_meanwhile_is_not_drained() -> None:
    county = County()
    county.join()
    county.draining.drain(OPERATOR, DRAIN)
    county.world.refuse("agent m1-S0 is not known")
    assert county.answers() == [(409, "agent m1-S0: was removed meanwhile")]


# --- deactivating ---


def test_a_deactivated_agent_is_offered_no_more_and_runs_on() -> None:
    county = County(prompt=True)
    framework, agent = county.subscribe(framework_info()), county.join()
    county.task(framework, agent)
    county.offer(framework, agent)
    county.draining.deactivate(OPERATOR, DEACTIVATE)
    assert county.world.operations[-1] == DeactivateAdmittedAgent(AGENT)
    assert not county.cluster.offers
    assert agent.tasks
    assert (agent.active, agent.drain) == (False, None)
    assert county.world.asked(allocation.DeactivateAgent) == [allocation.DeactivateAgent(AGENT)]
    county.draining.deactivate(OPERATOR, DEACTIVATE)
    assert county.answers() == [(200, "")] * 2
    assert len(county.world.asked(allocation.DeactivateAgent)) == 1


def test_a_deactivated_agent_stays_so_when_it_is_back() -> None:
    county = County(prompt=True)
    agent = county.join()
    county.draining.deactivate(OPERATOR, DEACTIVATE)
    county.agents.exited(HERE)
    county.agents.reregister(RESTARTED, reregistration())
    assert agent.connected
    assert not county.world.asked(allocation.ActivateAgent)
    assert not county.world.told_of(RESTARTED, DrainAgent)


def test_a_deactivated_agent_can_be_drained() -> None:
    county = County(prompt=True)
    agent = county.join()
    county.draining.deactivate(OPERATOR, DEACTIVATE)
    county.draining.drain(OPERATOR, DRAIN)
    assert state(agent) is DrainState.DRAINED


def test_an_unknown_agent_is_not_deactivated() -> None:
    county = County(prompt=True)
    county.draining.deactivate(OPERATOR, DEACTIVATE)
    assert county.answers() == [(400, "agent 'm1-S0': there is no such agent")]


# --- reactivating ---


def test_a_drained_agent_is_offered_again_once_that_is_durable() -> None:
    county = County(prompt=True)
    agent = county.join()
    county.draining.drain(OPERATOR, DRAIN)
    county.world.forget()
    county.world.prompt = False
    county.draining.reactivate(OPERATOR, REACTIVATE)
    assert not county.world.sent
    assert county.world.commit() == ReactivateAdmittedAgent(AGENT)
    assert county.world.told(HERE) == [ReactivateAgent()]
    assert county.world.asked(allocation.ActivateAgent) == [allocation.ActivateAgent(AGENT)]
    assert (agent.active, agent.drain) == (True, None)
    assert county.answers() == [(200, "")]


def test_a_disconnected_agent_is_reactivated_when_it_is_back() -> None:
    """ReactivateDisconnectedAgent."""
    county = County(prompt=True)
    agent = county.join()
    county.draining.drain(OPERATOR, DRAIN)
    county.agents.exited(HERE)
    county.world.forget()
    county.draining.reactivate(OPERATOR, REACTIVATE)
    assert county.answers() == [(200, "")]
    assert not county.world.allocated
    county.agents.reregister(RESTARTED, reregistration(drain_config=GRACE))
    assert county.world.told_of(RESTARTED, ReactivateAgent) == [ReactivateAgent()]
    assert county.world.asked(allocation.ActivateAgent) == [allocation.ActivateAgent(AGENT)]
    assert agent.active


def test_an_agent_is_not_reactivated_while_it_is_draining() -> None:
    """DisallowReactivationWhileDraining."""
    county, _, _ = busy()
    county.world.forget()
    county.draining.reactivate(OPERATOR, REACTIVATE)
    assert county.answers() == [(400, "agent m1-S0: is still draining")]


def test_an_agent_that_is_active_is_not_reactivated() -> None:
    county = County(prompt=True)
    county.join()
    county.draining.reactivate(OPERATOR, REACTIVATE)
    assert county.answers() == [(400, "agent m1-S0: is not deactivated")]


def test_what_runs_on_an_agent_is_not_charged_differently_by_all_this() -> None:
    county, framework, agent = busy()
    assert agent.used == {framework.id: Resources.parse("cpus:1;mem:512").allocate("*")}
    county.check()
