"""Agents that register, re-register and disconnect; partition_tests, slave_tests and master_tests by name."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.agents import RecoveryLimitError
from actors.master.flags import MasterFlags
from tests.actors.master.county import (
    AGENT,
    ELSEWHERE,
    HERE,
    RESTARTED,
    County,
    agent_info,
    registration,
    registry,
    reregistration,
    told_executor,
    told_task,
)
from tests.actors.master.town import SCHEDULER, State, framework_info
from transport.messages import allocation
from transport.messages.membership import (
    AgentRegistered,
    ShutdownAgent,
    UpdateAgentResources,
)
from transport.messages.registry import (
    AdmitAgent,
    RemoveAdmittedAgent,
    ReplaceAgentInfo,
)
from transport.messages.scheduling import Failure, RescindOffer
from transport.pid import Pid
from transport.records.ids import AgentID
from transport.records.registry import Registry
from transport.records.resources import Resources
from transport.records.task_status import TaskStatus
from transport.records.time_info import TimeInfo

Reason = TaskStatus.Reason
OBSERVER = Pid("observer", "127.0.0.1", 5050, 4)
RECONNECT_SECONDS = 600.0


# --- joining ---


def test_an_agent_is_told_its_id_and_offered_only_once_it_is_durable() -> None:
    county = County()
    county.agents.register(HERE, registration())
    assert [type(one) for one in county.world.operations] == [AdmitAgent]
    assert not county.world.sent
    assert not county.world.allocated
    county.world.commit()
    assert county.world.told(HERE) == [AgentRegistered(AGENT, 75.0)]
    (added,) = county.world.asked(allocation.AddAgent)
    assert (added.agent_id, added.total) == (AGENT, Resources.parse("cpus:4;mem:4096"))
    assert county.world.links == [HERE]


def test_a_registration_said_again_is_answered_once_more_but_admits_nobody() -> None:
    county = County()
    county.agents.register(HERE, registration())
    county.agents.register(HERE, registration())
    county.world.commit_all()
    county.agents.register(HERE, registration())
    assert county.world.told(HERE) == [AgentRegistered(AGENT, 75.0)] * 2
    assert len(county.world.operations) == 1
    assert len(county.cluster.agents) == 1


def test_ids_are_of_this_reign_and_count_up() -> None:
    county = County(prompt=True)
    assert [county.join(HERE).id, county.join(ELSEWHERE).id] == ["m1-S0", "m1-S1"]


def test_an_agent_without_an_id_takes_the_place_of_the_one_at_its_address() -> None:
    county = County(prompt=True)
    framework = county.checkpointing()
    old = county.join()
    county.task(framework, old)
    county.world.prompt = False
    county.agents.register(RESTARTED, registration())
    assert not old.active
    assert county.world.commit() == RemoveAdmittedAgent(AGENT)
    county.world.commit_all()
    assert list(county.cluster.agents) == ["m1-S1"]
    assert [one.reason for one in county.statuses()] == [Reason.REASON_AGENT_REMOVED]
    assert county.metrics.slave_removals_registered.value == 1
    county.check()


def test_a_registration_that_breaks_a_rule_is_dropped() -> None:
    county = County(prompt=True)
    bad = replace(registration(), info=replace(registration().info, hostname=""))
    county.agents.register(HERE, bad)
    assert not county.world.operations
    assert county.world.lines[-1].values["reason"] == "info.hostname: must not be empty"


# --- being away ---


def test_a_disconnected_agent_is_offered_no_more_and_its_offers_are_rescinded() -> None:
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    offer = county.offer(framework, agent)
    county.agents.exited(HERE)
    assert county.world.asked(allocation.DeactivateAgent) == [allocation.DeactivateAgent(AGENT)]
    assert county.world.told_of(SCHEDULER, RescindOffer) == [RescindOffer(offer.offer_id)]
    assert not agent.connected
    county.check()


def test_what_does_not_checkpoint_does_not_outlive_the_connection() -> None:
    county = County(prompt=True)
    framework, agent = county.subscribe(framework_info()), county.join()
    county.task(framework, agent)
    county.executor(framework, agent)
    county.agents.exited(HERE)
    (status,) = county.statuses()
    assert (status.state, status.reason) == (State.TASK_LOST, Reason.REASON_AGENT_DISCONNECTED)
    freed = [one.resources for one in county.world.asked(allocation.RecoverResources)]
    assert freed == [Resources.parse(one).allocate("*") for one in ("cpus:1;mem:512", "cpus:0.5")]
    assert not agent.tasks
    assert not agent.executors
    county.check()


def test_what_checkpoints_outlives_the_connection() -> None:
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.task(framework, agent)
    county.executor(framework, agent)
    county.agents.exited(HERE)
    assert not county.statuses()
    assert agent.tasks
    assert agent.executors


def test_an_agent_that_does_not_come_back_in_time_is_unreachable() -> None:
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.task(framework, agent)
    county.agents.exited(HERE)
    county.world.advance(RECONNECT_SECONDS - 1)
    assert agent.id in county.cluster.agents
    county.world.advance(1)
    assert list(county.cluster.unreachable) == [AGENT]
    (status,) = county.statuses()
    assert (status.state, status.reason) == (State.TASK_LOST, Reason.REASON_AGENT_REMOVED)
    assert county.world.told_of(SCHEDULER, Failure) == [Failure(AGENT)]
    assert not county.world.told_of(HERE, ShutdownAgent)


def test_an_agent_that_comes_back_in_time_is_not_given_up() -> None:
    county = County(prompt=True)
    agent = county.join()
    county.agents.exited(HERE)
    county.world.advance(RECONNECT_SECONDS - 1)
    county.agents.reregister(HERE, reregistration())
    county.world.advance(RECONNECT_SECONDS)
    assert agent.connected
    assert county.world.asked(allocation.ActivateAgent) == [allocation.ActivateAgent(AGENT)]


def test_the_end_of_another_incarnation_changes_nothing() -> None:
    county = County(prompt=True)
    agent = county.join()
    county.agents.reregister(RESTARTED, reregistration())
    county.agents.exited(HERE)
    assert agent.connected
    assert agent.pid == RESTARTED


# --- after a failover ---


def test_agents_of_the_masters_before_are_expected() -> None:
    county = County(prompt=True)
    absent = Registry.UnreachableSlave(id=AgentID(value="m0-S1"), timestamp=TimeInfo(nanoseconds=5))
    gone = Registry.GoneSlave(id=AgentID(value="m0-S2"), timestamp=TimeInfo(nanoseconds=6))
    county.recover(
        registry(
            agent_info("m0-S0"),
            unreachable=Registry.UnreachableSlaves(slaves=(absent,)),
            gone=Registry.GoneSlaves(slaves=(gone,)),
        )
    )
    assert county.world.allocated == [allocation.ExpectAgents(1)]
    assert list(county.cluster.recovered) == ["m0-S0"]
    assert county.cluster.unreachable == {"m0-S1": TimeInfo(nanoseconds=5)}
    assert county.cluster.gone == {"m0-S2": TimeInfo(nanoseconds=6)}


def test_an_expected_agent_brings_its_frameworks_and_tasks() -> None:
    """RegisteredAgentReregisterAfterFailover, OrphanTasks, SlaveReregisterFrameworks."""
    county = County(prompt=True)
    county.recover(registry(agent_info("m0-S0")))
    county.world.forget()
    info = framework_info("m0-0000")
    told = reregistration(
        "m0-S0",
        frameworks=(info,),
        executors=(told_executor("e", "m0-0000"),),
        tasks=(
            told_task("t", "m0-0000", "m0-S0"),
            told_task("t", "m0-0000", "m0-S0", state=State.TASK_STAGING),
            told_task("over", "m0-0000", "m0-S0", state=State.TASK_FINISHED),
        ),
    )
    county.agents.reregister(HERE, told)
    agent = county.agent_at(HERE)
    assert not county.world.operations
    framework = county.cluster.frameworks["m0-0000"]
    assert list(framework.tasks) == ["t", "over"]
    assert framework.tasks["t"].record.state is State.TASK_RUNNING
    assert not framework.connected
    kinds = [type(one) for one in county.world.allocated]
    assert kinds == [allocation.AddFramework, allocation.AddAgent]
    (added,) = county.world.asked(allocation.AddAgent)
    assert added.used == {"m0-0000": Resources.parse("cpus:1.5;mem:512").allocate("*")}
    assert agent.executors
    assert not county.cluster.recovered
    county.check()


def test_nothing_is_told_of_tasks_that_nobody_thought_lost() -> None:
    county = County(prompt=True)
    county.recover(registry(agent_info("m0-S0")))
    framework = county.subscribe(framework_info("m0-0000"))
    task = told_task("t", "m0-0000", "m0-S0")
    county.agents.reregister(HERE, reregistration("m0-S0", frameworks=(framework.info,), tasks=(task,)))
    assert not county.statuses()
    assert list(framework.tasks) == ["t"]


def test_an_expected_agent_that_changed_is_taken_in_once_that_is_durable() -> None:
    county = County()
    county.recover(registry(agent_info("m0-S0")))
    told = reregistration("m0-S0", hostname="renamed")
    county.agents.reregister(HERE, told)
    assert not county.cluster.agents
    assert county.world.commit() == ReplaceAgentInfo(told.info)
    assert county.cluster.agents["m0-S0"].info.hostname == "renamed"


def test_an_agent_that_does_not_come_back_after_a_failover_is_unreachable() -> None:
    county = County(prompt=True)
    county.recover(registry(agent_info("m0-S0"), agent_info("m0-S1")))
    framework = county.checkpointing()
    county.agents.reregister(HERE, reregistration("m0-S0"))
    county.world.advance(RECONNECT_SECONDS)
    assert list(county.cluster.unreachable) == ["m0-S1"]
    assert list(county.cluster.agents) == ["m0-S0"]
    assert framework.connected
    assert county.world.told_of(SCHEDULER, Failure) == [Failure("m0-S1")]
    assert county.metrics.recovery_slave_removals.value == 1


def test_an_agent_that_is_back_at_the_last_moment_is_not_given_up() -> None:
    """RecoveredSlaveReregisterThenUnreachableRace, CancelRecoveredSlaveRemoval."""
    county = County()
    county.recover(registry(agent_info("m0-S0")))
    county.world.advance(RECONNECT_SECONDS - 1)
    county.agents.reregister(HERE, reregistration("m0-S0", hostname="renamed"))
    county.world.advance(1)
    assert isinstance(county.world.commit(), ReplaceAgentInfo)
    assert not county.world.saves
    assert list(county.cluster.agents) == ["m0-S0"]


def test_too_many_missing_agents_end_the_master() -> None:
    county = County(MasterFlags(recovery_agent_removal_limit="50%"), prompt=True)
    county.recover(registry(*(agent_info(f"m0-S{number}") for number in range(4))))
    county.agents.reregister(HERE, reregistration("m0-S0"))
    with pytest.raises(RecoveryLimitError, match="3 of 4 agents"):
        county.world.advance(RECONNECT_SECONDS)


def test_as_many_missing_agents_as_the_limit_allows_are_given_up() -> None:
    county = County(MasterFlags(recovery_agent_removal_limit="75%"), prompt=True)
    county.recover(registry(*(agent_info(f"m0-S{number}") for number in range(4))))
    county.agents.reregister(HERE, reregistration("m0-S0"))
    county.world.advance(RECONNECT_SECONDS)
    assert len(county.cluster.unreachable) == 3


def test_missing_agents_are_given_up_at_the_rate_that_is_allowed() -> None:
    """RateLimitRecoveredSlaveRemoval."""
    county = County(MasterFlags(agent_removal_rate_limit="1/1mins"), prompt=True)
    county.recover(registry(*(agent_info(f"m0-S{number}") for number in range(3))))
    county.world.advance(RECONNECT_SECONDS)
    assert len(county.cluster.unreachable) == 1
    county.world.advance(30)
    county.agents.reregister(HERE, reregistration("m0-S1"))
    county.world.advance(30)
    assert list(county.cluster.unreachable) == ["m0-S0", "m0-S2"]
    assert county.metrics.slave_unreachable_canceled.value == 1


# --- having more or less ---


def test_a_new_total_ends_the_offers_of_the_old_one() -> None:
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.offer(framework, agent)
    more = Resources.parse("cpus:8;mem:4096")
    county.agents.update_resources(agent, UpdateAgentResources(AGENT, tuple(more)))
    assert agent.total == more
    assert not county.cluster.offers
    (updated,) = county.world.asked(allocation.UpdateAgent)
    assert updated.total == more


def test_the_same_total_ends_no_offers() -> None:
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.offer(framework, agent)
    county.agents.update_resources(agent, UpdateAgentResources(AGENT, tuple(agent.total)))
    assert county.cluster.offers
    assert not county.world.asked(allocation.UpdateAgent)
