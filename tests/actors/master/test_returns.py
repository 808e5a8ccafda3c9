"""Agents that come back to a master that knew them; partition_tests, slave_recovery_tests by name."""

from __future__ import annotations

from msgspec.structs import replace

from tests.actors.master.county import (
    AGENT,
    ELSEWHERE,
    HERE,
    RESTARTED,
    County,
    reregistration,
    told_executor,
    told_task,
)
from tests.actors.master.town import State, framework_info
from transport.messages import allocation
from transport.messages.launching import FrameworkChanged, KillTask, ShutdownFramework
from transport.messages.membership import (
    AgentReregistered,
    ShutdownAgent,
)
from transport.messages.registry import (
    MarkAgentReachable,
    MarkAgentUnreachable,
    ReplaceAgentInfo,
)
from transport.pid import Pid
from transport.records.resources import Resources
from transport.records.task_status import TaskStatus
from transport.records.time_info import TimeInfo

Reason = TaskStatus.Reason
OBSERVER = Pid("observer", "127.0.0.1", 5050, 4)
RECONNECT_SECONDS = 600.0


# --- coming back to the same master ---


def test_an_agent_that_asks_again_is_answered_and_loses_nothing() -> None:
    """SpuriousSlaveReregistration."""
    county = County(prompt=True)
    framework, agent = county.subscribe(framework_info()), county.join()
    task = county.task(framework, agent, state=State.TASK_RUNNING)
    offer = county.offer(framework, agent)
    county.world.forget()
    county.agents.reregister(HERE, reregistration())
    assert offer.offer_id in county.cluster.offers
    (answer,) = county.world.told_of(HERE, AgentReregistered)
    (missing,) = answer.reconciliations
    assert missing.framework_id == framework.id
    assert [one.task_id.value for one in missing.statuses] == [task.task_id]
    assert not county.world.operations
    assert not county.world.allocated


def test_tasks_that_the_agent_does_not_tell_are_asked_about() -> None:
    """ReconcileLostTask, ReconcileDroppedTask."""
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.task(framework, agent, "lost")
    county.task(framework, agent, "known", state=State.TASK_RUNNING)
    county.agents.exited(HERE)
    told = reregistration(frameworks=(framework.info,), tasks=(told_task("known", framework.id),))
    county.agents.reregister(RESTARTED, told)
    (answer,) = county.world.told_of(RESTARTED, AgentReregistered)
    (missing,) = answer.reconciliations
    assert [(one.task_id.value, one.state) for one in missing.statuses] == [("lost", State.TASK_STAGING)]
    assert set(agent.tasks) == {(framework.id, "lost"), (framework.id, "known")}


def test_a_task_that_ended_while_the_agent_was_away_holds_nothing_any_more() -> None:
    """SlaveReregisterTerminalTask."""
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    task = county.task(framework, agent, state=State.TASK_RUNNING)
    county.agents.exited(HERE)
    ended = told_task("t", framework.id, state=State.TASK_FINISHED)
    county.agents.reregister(RESTARTED, reregistration(frameworks=(framework.info,), tasks=(ended,)))
    assert task.terminal
    assert not task.holding
    (freed,) = county.world.asked(allocation.RecoverResources)
    assert freed.resources == Resources.parse("cpus:1;mem:512").allocate("*")
    # How it ended, the agent says itself.
    assert not county.statuses()
    county.check()


def test_a_task_that_is_over_and_that_the_agent_forgot_is_completed_without_a_word() -> None:
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    task = county.task(framework, agent, state=State.TASK_FINISHED)
    task.record = replace(task.record, status_update_state=State.TASK_FINISHED)
    county.agents.exited(HERE)
    county.agents.reregister(RESTARTED, reregistration())
    assert not agent.tasks
    assert not county.statuses()
    assert [one.state for one in framework.completed_tasks] == [State.TASK_FINISHED]


def test_an_ended_task_that_is_not_in_the_books_was_dealt_with() -> None:
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.agents.exited(HERE)
    ended = told_task("t", framework.id, state=State.TASK_FINISHED)
    county.agents.reregister(RESTARTED, reregistration(frameworks=(framework.info,), tasks=(ended,)))
    assert not agent.tasks


def test_executors_are_those_that_the_agent_tells() -> None:
    """SlaveReregisterTerminatedExecutor."""
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.executor(framework, agent, "gone")
    county.executor(framework, agent, "there")
    county.agents.exited(HERE)
    told = reregistration(frameworks=(framework.info,), executors=(told_executor("there", framework.id),))
    county.agents.reregister(RESTARTED, told)
    assert list(agent.executors) == [(framework.id, "there")]
    (freed,) = county.world.asked(allocation.RecoverResources)
    assert freed.resources == Resources.parse("cpus:0.5").allocate("*")
    county.check()


def test_tasks_told_as_lost_that_run_on_are_told_to_run_and_are_charged() -> None:
    county = County(prompt=True)
    framework, agent = county.subscribe(framework_info()), county.join()
    county.task(framework, agent, state=State.TASK_RUNNING)
    county.agents.exited(HERE)
    county.world.forget()
    told = reregistration(frameworks=(framework.info,), tasks=(told_task("t", framework.id),))
    county.agents.reregister(HERE, told)
    (status,) = county.statuses()
    assert (status.state, status.reason) == (State.TASK_RUNNING, Reason.REASON_AGENT_REREGISTERED)
    assert [type(one) for one in county.world.allocated] == [allocation.RemoveAgent, allocation.AddAgent]
    (added,) = county.world.asked(allocation.AddAgent)
    assert added.used == {framework.id: Resources.parse("cpus:1;mem:512").allocate("*")}
    assert agent.tasks
    county.check()


def test_kills_that_may_be_lost_are_said_again() -> None:
    """ReconcileKillTask."""
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.task(framework, agent, state=State.TASK_RUNNING)
    county.agents.exited(HERE)
    agent.pending_kills[framework.id, "t"] = None
    told = reregistration(frameworks=(framework.info,), tasks=(told_task("t", framework.id),))
    county.agents.reregister(RESTARTED, told)
    assert county.world.told_of(RESTARTED, KillTask) == [KillTask(framework.id, "t")]


def test_frameworks_that_are_over_are_shut_down_and_the_others_are_introduced() -> None:
    """ReconcileShutdownFramework, ReregisterCompletedFrameworks."""
    county = County(prompt=True)
    over, agent = county.checkpointing(), county.join()
    county.frameworks.remove(over, "it is over")
    alive = county.checkpointing()
    county.agents.exited(HERE)
    told = reregistration(
        frameworks=(over.info, alive.info),
        tasks=(told_task("t", over.id),),
        executors=(told_executor("e", over.id),),
    )
    county.agents.reregister(RESTARTED, told)
    assert county.world.told_of(RESTARTED, ShutdownFramework) == [ShutdownFramework(over.id)]
    assert county.world.told_of(RESTARTED, FrameworkChanged) == [FrameworkChanged(alive.info)]
    assert not agent.tasks
    assert not agent.executors


def test_a_restarted_agent_may_register_before_its_end_is_noticed() -> None:
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.offer(framework, agent)
    county.agents.reregister(RESTARTED, reregistration())
    assert agent.connected
    assert agent.pid == RESTARTED
    assert not county.cluster.offers
    kinds = [type(one) for one in county.world.allocated]
    assert kinds.index(allocation.DeactivateAgent) < kinds.index(allocation.ActivateAgent)
    assert RESTARTED in county.world.links
    assert HERE not in county.world.links


def test_what_an_agent_said_before_it_was_restarted_is_not_heard_after() -> None:
    """IgnoreOldAgentReregistration."""
    county = County(prompt=True)
    agent = county.join(RESTARTED)
    county.world.forget()
    county.agents.reregister(HERE, reregistration())
    assert agent.pid == RESTARTED
    assert not county.world.sent


def test_an_agent_with_the_same_id_elsewhere_has_to_wait_until_the_known_one_is_away() -> None:
    county = County(prompt=True)
    agent = county.join()
    county.agents.reregister(ELSEWHERE, reregistration())
    assert agent.pid == HERE
    assert not county.world.told(ELSEWHERE)
    county.agents.exited(HERE)
    county.agents.reregister(ELSEWHERE, reregistration())
    assert agent.pid == ELSEWHERE
    assert county.world.told_of(ELSEWHERE, AgentReregistered)


def test_an_agent_that_is_described_anew_is_taken_in_once_that_is_durable() -> None:
    county = County(prompt=True)
    agent = county.join()
    county.agents.exited(HERE)
    county.world.prompt = False
    told = reregistration(hostname="renamed", resources="cpus:8;mem:4096")
    county.agents.reregister(RESTARTED, told)
    county.agents.reregister(RESTARTED, told)
    assert not county.world.told(RESTARTED)
    assert county.world.commit() == ReplaceAgentInfo(told.info)
    assert len(county.world.told_of(RESTARTED, AgentReregistered)) == 1
    assert (agent.info.hostname, agent.total) == ("renamed", Resources.parse("cpus:8;mem:4096"))
    (updated,) = county.world.asked(allocation.UpdateAgent)
    assert (updated.info, updated.total) == (told.info, agent.total)


# --- coming back from out of reach ---


def lost(county: County) -> None:
    """Have the agent be unreachable."""
    county.agents.exited(HERE)
    county.world.advance(RECONNECT_SECONDS)
    assert AGENT in county.cluster.unreachable
    county.world.forget()


def test_an_unreachable_agent_is_reachable_before_its_tasks_are_told() -> None:
    """ReregisterSlavePartitionAware, ReregisterSlaveNotPartitionAware."""
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.task(framework, agent, state=State.TASK_RUNNING)
    lost(county)
    county.world.prompt = False
    told = reregistration(frameworks=(framework.info,), tasks=(told_task("t", framework.id),))
    county.agents.reregister(RESTARTED, told)
    assert not county.world.sent
    assert not county.world.allocated
    assert county.world.commit() == MarkAgentReachable(told.info)
    (status,) = county.statuses()
    assert (status.state, status.reason) == (State.TASK_RUNNING, Reason.REASON_AGENT_REREGISTERED)
    (added,) = county.world.asked(allocation.AddAgent)
    assert added.used == {framework.id: Resources.parse("cpus:1;mem:512").allocate("*")}
    assert not framework.unreachable_tasks
    assert not county.cluster.unreachable
    county.check()


def test_a_task_that_ended_out_of_reach_is_not_told_before_its_update_comes() -> None:
    """PartitionedSlaveStatusUpdates, TaskCompletedOnPartitionedAgent."""
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.task(framework, agent, state=State.TASK_RUNNING)
    lost(county)
    ended = told_task("t", framework.id, state=State.TASK_FINISHED)
    county.agents.reregister(RESTARTED, reregistration(frameworks=(framework.info,), tasks=(ended,)))
    assert [one.state for one in county.statuses()] == [State.TASK_RUNNING]
    (entry,) = county.agent_at(RESTARTED).tasks.values()
    assert entry.terminal
    assert not entry.holding


def test_an_agent_that_nobody_remembers_is_admitted_again() -> None:
    county = County(prompt=True)
    told = reregistration("m0-S9")
    county.agents.reregister(ELSEWHERE, told)
    assert county.world.operations == [MarkAgentReachable(told.info)]
    assert list(county.cluster.agents) == ["m0-S9"]


def test_an_agent_that_is_gone_is_sent_away() -> None:
    county = County(prompt=True)
    county.cluster.gone[AGENT] = TimeInfo(nanoseconds=1)
    county.agents.reregister(HERE, reregistration())
    assert county.world.told(HERE) == [ShutdownAgent("Agent has been marked gone")]
    assert not county.cluster.agents


def test_an_agent_that_is_back_while_it_is_being_given_up_has_to_say_it_again() -> None:
    """AgentReregistrationDuringMarkingUnreachable."""
    county = County(prompt=True)
    county.join()
    county.agents.exited(HERE)
    county.world.prompt = False
    county.world.advance(RECONNECT_SECONDS)
    county.agents.reregister(RESTARTED, reregistration())
    assert not county.world.told(RESTARTED)
    assert isinstance(county.world.commit(), MarkAgentUnreachable)
    assert not county.world.saves
    county.agents.reregister(RESTARTED, reregistration())
    assert isinstance(county.world.commit(), MarkAgentReachable)
    assert county.world.told_of(RESTARTED, AgentReregistered)


def test_a_task_whose_id_another_agent_has_by_now_is_killed() -> None:
    county = County(prompt=True)
    framework = county.checkpointing()
    county.join()
    lost(county)
    other = county.join(ELSEWHERE, "host1")
    county.task(framework, other)
    told = reregistration(frameworks=(framework.info,), tasks=(told_task("t", framework.id),))
    county.agents.reregister(RESTARTED, told)
    assert county.world.told_of(RESTARTED, KillTask) == [KillTask(framework.id, "t")]
    assert framework.tasks["t"].agent_id == other.id
    county.check()


def test_an_agent_that_was_lost_and_loses_its_connection_meanwhile_is_disconnected() -> None:
    county = County(prompt=True)
    county.join()
    lost(county)
    county.agents.reregister(RESTARTED, reregistration())
    county.agents.exited(RESTARTED)
    assert not county.agent_at(RESTARTED).connected
