"""Agents that answer their pings, or do not."""

from __future__ import annotations

from actors.master.flags import MasterFlags
from tests.actors.master.county import (
    AGENT,
    ELSEWHERE,
    HERE,
    RESTARTED,
    County,
    reregistration,
)
from tests.actors.master.town import State
from transport.messages.observing import (
    AgentHeard,
    AgentSilent,
    ForgetAgent,
    ObserveAgent,
    ObserverAccepted,
)
from transport.messages.registry import (
    MarkAgentUnreachable,
)
from transport.pid import Pid
from transport.records.task_status import TaskStatus

Reason = TaskStatus.Reason
OBSERVER = Pid("observer", "127.0.0.1", 5050, 4)
RECONNECT_SECONDS = 600.0


def test_an_observer_is_told_all_agents_and_each_change() -> None:
    county = County(prompt=True)
    agent = county.join()
    county.agents.accept_observer(OBSERVER)
    county.agents.exited(HERE)
    county.agents.reregister(RESTARTED, reregistration())
    county.agents.unregister(agent)
    assert county.world.told(OBSERVER) == [
        ObserverAccepted(),
        ObserveAgent(AGENT, HERE, connected=True),
        ObserveAgent(AGENT, HERE, connected=False),
        ForgetAgent(AGENT),
        ObserveAgent(AGENT, RESTARTED, connected=True),
        ForgetAgent(AGENT),
    ]


def test_an_agent_that_keeps_silent_is_unreachable_once_that_is_durable() -> None:
    """PartitionedSlave, FailHealthChecksTwice."""
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.task(framework, agent, state=State.TASK_RUNNING)
    county.agents.accept_observer(OBSERVER)
    county.world.prompt = False
    county.agents.silent(OBSERVER, AgentSilent(AGENT))
    county.agents.silent(OBSERVER, AgentSilent(AGENT))
    assert not county.statuses()
    assert isinstance(county.world.commit(), MarkAgentUnreachable)
    assert not county.world.saves
    assert len(county.statuses()) == 1
    assert county.metrics.slave_unreachable_completed.value == 1


def test_only_the_observer_is_believed() -> None:
    county = County(prompt=True)
    county.join()
    county.agents.accept_observer(OBSERVER)
    county.agents.silent(HERE, AgentSilent(AGENT))
    assert AGENT in county.cluster.agents


def test_an_agent_that_answers_before_its_turn_came_is_not_given_up() -> None:
    county = County(MasterFlags(agent_removal_rate_limit="1/1mins"), prompt=True)
    county.join(HERE)
    county.join(ELSEWHERE, "host1")
    county.agents.accept_observer(OBSERVER)
    for agent_id in ("m1-S0", "m1-S1"):
        county.agents.silent(OBSERVER, AgentSilent(agent_id))
    county.agents.heard(OBSERVER, AgentHeard("m1-S1"))
    county.world.advance(120)
    assert list(county.cluster.agents) == ["m1-S1"]
    assert county.metrics.slave_unreachable_canceled.value == 1


def test_an_answer_to_a_ping_does_not_save_an_agent_that_missed_its_deadline() -> None:
    """AgentRestartNoReregisterRateLimit."""
    county = County(MasterFlags(agent_removal_rate_limit="1/1hrs"), prompt=True)
    county.join(ELSEWHERE, "host1")
    county.join(HERE)
    county.agents.accept_observer(OBSERVER)
    county.agents.silent(OBSERVER, AgentSilent("m1-S0"))
    county.agents.exited(HERE)
    county.world.advance(RECONNECT_SECONDS)
    county.agents.heard(OBSERVER, AgentHeard("m1-S1"))
    county.world.advance(3600)
    assert list(county.cluster.unreachable) == ["m1-S0", "m1-S1"]
