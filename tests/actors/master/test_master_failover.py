"""Schedulers and masters that end and come back; after Mesos' fault_tolerance_tests and master_tests."""

from __future__ import annotations

import pytest

from actors.master.framework import FrameworkState
from tests.actors.master.stage import MASTER, PlayedScheduler, Stage, State, running
from tests.actors.master.town import Capability, framework_info
from transport.messages import launching, scheduling
from transport.messages.operating import TeardownRequest
from transport.messages.scheduling import Acknowledge, Subscribed, TaskUpdate
from transport.records.framework import FrameworkInfo
from transport.records.task_status import TaskStatus

Reason = TaskStatus.Reason


def lasting(framework_id: str | None = None, *capabilities: FrameworkInfo.Capability.Type) -> FrameworkInfo:
    """A framework that outlives its scheduler by five minutes, and its tasks their agent's connection."""
    return framework_info(framework_id, *capabilities, failover_timeout=300.0, checkpoint=True)


def successor(stage: Stage, old: PlayedScheduler, host: str = "two") -> PlayedScheduler:
    return stage.scheduler(lasting(old.id), host)


# --- subscribing over a bad network ---


def test_a_subscription_whose_answer_is_lost_is_one_framework() -> None:
    """FrameworkReliableRegistration."""
    stage = Stage()
    lost = stage.sim.drop(Subscribed, times=2)
    scheduler = stage.scheduler(framework_info(), "one")
    assert len(lost.dropped) == 2
    assert list(stage.master.cluster.frameworks) == [scheduler.id]


def test_a_failover_whose_answer_is_lost_is_tried_again() -> None:
    """SchedulerFailoverRetriedReregistration."""
    stage = Stage()
    old = stage.scheduler(lasting(), "one")
    stage.sim.drop(Subscribed, times=1)
    new = successor(stage, old)
    assert (new.id, old.errors) == (old.id, ["Framework failed over"])


def test_a_scheduler_whose_connection_broke_comes_back_as_the_same_framework() -> None:
    """FrameworkReregister."""
    stage = Stage()
    scheduler, agent = stage.scheduler(lasting(), "one"), stage.agent()
    running(stage, scheduler, "t")
    stage.sim.partition(["one"], ["master"])
    (framework,) = stage.master.cluster.frameworks.values()
    stage.sim.run_until(lambda: not framework.connected)
    assert not framework.offers
    stage.sim.heal()
    stage.sim.run_until(lambda: framework.connected)
    assert list(stage.master.cluster.frameworks.values()) == [framework]
    assert list(framework.tasks) == ["t"]
    assert agent.tasks
    stage.sim.run_until(lambda: scheduler.offers)


# --- schedulers that end ---


def test_a_new_scheduler_takes_over_and_the_old_one_hears_no_more() -> None:
    """SchedulerFailover."""
    stage = Stage()
    old, agent = stage.scheduler(lasting(), "one"), stage.agent()
    running(stage, old, "t")
    new = successor(stage, old)
    assert old.errors == ["Framework failed over"]
    heard = len(old.statuses)
    agent.finish("t")
    stage.sim.run_until(lambda: new.states("t") == [State.TASK_FINISHED])
    assert len(old.statuses) == heard
    stage.sim.run_until(lambda: new.offers)


@pytest.mark.parametrize(
    ("capabilities", "state"), [((), State.TASK_LOST), ((Capability.PARTITION_AWARE,), State.TASK_DROPPED)]
)
def test_offers_of_the_old_scheduler_are_no_good(
    capabilities: tuple[FrameworkInfo.Capability.Type, ...], state: State
) -> None:
    """DisconnectedSchedulerLaunchLost, DisconnectedSchedulerLaunchDropped."""
    stage = Stage()
    old = stage.scheduler(lasting(None, *capabilities), "one")
    stage.agent()
    stage.sim.run_until(lambda: old.offers)
    (offer,) = old.offers.values()
    new = stage.scheduler(lasting(old.id, *capabilities), "two")
    new.launch("t", "cpus:1;mem:512", offer)
    stage.sim.run_until(lambda: new.statuses)
    assert [(one.state, one.reason) for one in new.statuses] == [(state, Reason.REASON_INVALID_OFFERS)]


def test_an_update_that_came_while_the_scheduler_was_away_is_told_to_the_next() -> None:
    """SchedulerFailoverStatusUpdate."""
    stage = Stage()
    old, agent = stage.scheduler(lasting(), "one"), stage.agent()
    running(stage, old, "t")
    stage.sim.drop(TaskUpdate, times=1)
    agent.finish("t")
    stage.sim.run(0.5)
    new = successor(stage, old)
    stage.sim.run_until(lambda: not agent.updates)
    assert new.states("t") == [State.TASK_FINISHED]


def test_a_message_for_a_scheduler_that_is_away_is_lost() -> None:
    """SchedulerExit; SchedulerFailoverExecutorToFrameworkMessage."""
    stage = Stage()
    old, agent = stage.scheduler(lasting(), "one"), stage.agent()
    running(stage, old, "t")
    assert agent.id is not None
    stage.sim.crash("one")
    (framework,) = stage.master.cluster.frameworks.values()
    stage.sim.run_until(lambda: not framework.connected)
    agent.send(MASTER, scheduling.ExecutorMessage(old.id, agent.id, "e", b"first"))
    stage.sim.run(1.0)
    new = successor(stage, old)
    agent.send(MASTER, scheduling.ExecutorMessage(old.id, agent.id, "e", b"second"))
    stage.sim.run(1.0)
    told = [one.data for one in new.received if isinstance(one, scheduling.ExecutorMessage)]
    assert told == [b"second"]


def test_executors_hear_the_scheduler_that_took_over_and_not_the_one_before() -> None:
    """SchedulerFailoverFrameworkToExecutorMessage."""
    stage = Stage()
    old, agent = stage.scheduler(lasting(), "one"), stage.agent()
    running(stage, old, "t")
    new = successor(stage, old)
    for scheduler, data in ((old, b"old"), (new, b"new")):
        scheduler.send(MASTER, scheduling.FrameworkMessage(new.id, agent.id or "", "e", data))
    stage.sim.run(1.0)
    heard = [one.data for one in agent.received if isinstance(one, scheduling.FrameworkMessage)]
    assert heard == [b"new"]


def test_a_framework_whose_time_is_up_is_removed_for_good() -> None:
    """SchedulerReregisterAfterFailoverTimeout."""
    stage = Stage()
    old, agent = stage.scheduler(framework_info(failover_timeout=30.0), "one"), stage.agent()
    running(stage, old, "t")
    stage.sim.crash("one")
    stage.sim.run_until(lambda: not stage.master.cluster.frameworks, 120.0)
    stage.sim.run_until(lambda: launching.ShutdownFramework(old.id) in agent.received)
    late = stage.stranger(lasting(old.id), "two")
    stage.sim.run_until(lambda: late.errors)
    assert late.errors == ["Framework has been removed"]


def test_a_framework_that_was_torn_down_is_removed_for_good() -> None:
    """SchedulerReregisterAfterUnregistration."""
    stage = Stage()
    old = stage.scheduler(lasting(), "one")
    old.send(MASTER, scheduling.Teardown(old.id))
    stage.sim.run_until(lambda: not stage.master.cluster.frameworks)
    late = stage.stranger(lasting(old.id), "two")
    stage.sim.run_until(lambda: late.errors)
    assert late.errors == ["Framework has been removed"]


def test_nobody_comes_back_as_another_principal() -> None:
    """ChangePrincipalOnReRegistrationFails."""
    stage = Stage()
    old = stage.scheduler(framework_info(principal="alice", failover_timeout=60.0), "one")
    late = stage.stranger(framework_info(old.id, principal="mallory"), "two")
    stage.sim.run_until(lambda: late.errors)
    assert "principal" in late.errors[0]
    assert stage.master.cluster.frameworks[old.id].connected


# --- masters that end ---


def test_frameworks_agents_and_tasks_outlive_their_master() -> None:
    """MasterFailover."""
    stage = Stage()
    scheduler, agent = stage.scheduler(lasting(), "one"), stage.agent()
    running(stage, scheduler, "t", "cpus:4;mem:4096")
    before, agent_id = scheduler.id, agent.id
    stage.restart_master()
    stage.sim.run_until(lambda: scheduler.subscribed and agent.registered)
    assert (scheduler.id, agent.id) == (before, agent_id)
    cluster = stage.master.cluster
    assert list(cluster.frameworks[before].tasks) == ["t"]
    stage.sim.run(5.0)
    assert not scheduler.offers
    agent.finish("t")
    stage.sim.run_until(lambda: scheduler.offers and not agent.updates)
    assert scheduler.states("t") == [State.TASK_RUNNING, State.TASK_FINISHED]


def test_ids_of_another_reign_are_others() -> None:
    """I23: ids are never used twice."""
    stage = Stage()
    first = stage.scheduler(framework_info(), "one")
    stage.agent()
    stage.sim.run_until(lambda: first.offers)
    offers, before = set(first.offers), first.id
    stage.restart_master()
    stage.sim.run_until(lambda: first.offers)
    assert first.id == before == "m1-0000"
    assert not offers & set(first.offers)
    assert stage.scheduler(framework_info(), "two").id == "m2-0000"


def test_a_framework_that_has_not_come_back_is_known_from_its_agents_and_kept() -> None:
    """RecoveredFramework; FailoverAgentReregisterFirst; ExecutorMessageToRecoveredHttpFramework."""
    stage = Stage()
    scheduler, agent = stage.scheduler(lasting(), "one"), stage.agent()
    running(stage, scheduler, "t")
    stage.sim.crash("one")
    stage.restart_master()
    stage.sim.run_until(lambda: agent.registered)
    framework = stage.master.cluster.frameworks[scheduler.id]
    assert framework.state is FrameworkState.RECOVERED
    assert agent.id is not None
    agent.send(MASTER, scheduling.ExecutorMessage(scheduler.id, agent.id, "e", b"lost"))
    agent.finish("t")
    stage.sim.run(400.0)
    assert framework.state is FrameworkState.RECOVERED
    new = successor(stage, scheduler)
    stage.sim.run_until(lambda: new.states("t") == [State.TASK_FINISHED] and new.offers)
    assert not [one for one in new.received if isinstance(one, scheduling.ExecutorMessage)]


def test_a_framework_may_say_new_things_about_itself_after_a_master_failover() -> None:
    """UpdateFrameworkInfoOnMasterFailover."""
    stage = Stage()
    scheduler, agent = stage.scheduler(lasting(), "one"), stage.agent()
    running(stage, scheduler, "t")
    stage.sim.crash("one")
    stage.restart_master()
    stage.sim.run_until(lambda: agent.registered)
    info = framework_info(scheduler.id, role="web", failover_timeout=5.0, checkpoint=False)
    new = stage.scheduler(info, "two")
    framework = stage.master.cluster.frameworks[new.id]
    assert (framework.roles, framework.info.failover_timeout) == (("web",), 5.0)
    assert framework.info.checkpoint is True
    stage.sim.run_until(lambda: launching.FrameworkChanged(framework.info) in agent.received)


def test_an_end_that_was_not_acknowledged_outlives_the_master() -> None:
    """UnacknowledgedTerminalTask."""
    stage = Stage()
    scheduler, agent = stage.scheduler(lasting(), "one"), stage.agent()
    running(stage, scheduler, "t")
    stage.sim.run_until(lambda: not any(agent.updates.values()))
    scheduler.acknowledges = False
    agent.finish("t")
    stage.sim.run_until(lambda: State.TASK_FINISHED in scheduler.states("t"))
    status = scheduler.statuses[-1]
    stage.restart_master()
    stage.sim.run_until(lambda: scheduler.subscribed and agent.registered)
    assert status.agent_id is not None
    assert status.uuid is not None
    scheduler.send(MASTER, Acknowledge(scheduler.id, status.agent_id.value, "t", status.uuid))
    stage.sim.run_until(lambda: not agent.tasks)
    (framework,) = stage.master.cluster.frameworks.values()
    assert [task.state for task in framework.completed_tasks] == [State.TASK_FINISHED]


def test_tasks_on_several_agents_belong_to_one_framework_that_waits() -> None:
    """OrphanTasksMultipleAgents."""
    stage = Stage()
    scheduler = stage.scheduler(lasting(), "one")
    agents = [stage.agent("left"), stage.agent("right")]
    stage.sim.run_until(lambda: len(scheduler.offers) == 2)
    for number, offer in enumerate(tuple(scheduler.offers.values())):
        scheduler.launch(f"t{number}", "cpus:1;mem:512", offer)
    stage.sim.run_until(lambda: scheduler.states("t0") and scheduler.states("t1"))
    stage.sim.crash("one")
    stage.restart_master()
    stage.sim.run_until(lambda: all(agent.registered for agent in agents))
    (framework,) = stage.master.cluster.frameworks.values()
    assert sorted(framework.tasks) == ["t0", "t1"]
    operator = stage.sim.node("operator").probe()
    operator.send(MASTER, TeardownRequest(1, framework.id))
    stage.sim.run_until(lambda: not any(agent.tasks for agent in agents))
    assert [task.state for task in framework.completed_tasks] == [State.TASK_KILLED] * 2


def test_a_framework_that_never_comes_back_after_a_failover_is_given_up() -> None:
    """Beyond Mesos, where it and its tasks stay for ever: R1."""
    stage = Stage()
    scheduler, agent = stage.scheduler(lasting(), "one"), stage.agent()
    idle = stage.scheduler(framework_info(), "idle")
    running(stage, scheduler, "t")
    for host in ("one", "idle"):
        stage.sim.crash(host)
    stage.restart_master()
    stage.sim.run_until(lambda: agent.registered)
    stage.sim.run(590.0)
    assert list(stage.master.cluster.frameworks) == [scheduler.id]
    stage.sim.run_until(lambda: not agent.tasks, 60.0)
    stage.restart_master()
    late = [stage.stranger(lasting(one.id), f"late{one.id}") for one in (scheduler, idle)]
    stage.sim.run_until(lambda: all(one.errors for one in late))
    assert [one.errors for one in late] == [["Framework has been removed"]] * 2


def test_a_framework_that_comes_back_within_its_time_after_a_failover_is_kept() -> None:
    stage = Stage()
    scheduler, agent = stage.scheduler(lasting(), "one"), stage.agent()
    running(stage, scheduler, "t")
    stage.sim.crash("one")
    stage.restart_master()
    stage.sim.run(590.0)
    successor(stage, scheduler)
    stage.sim.run(700.0)
    assert list(agent.tasks) == [(scheduler.id, "t")]


def test_a_framework_that_was_torn_down_is_over_for_agents_that_come_back_under_the_next_master() -> None:
    """I27."""
    stage = Stage()
    scheduler, agent = stage.scheduler(lasting(), "one"), stage.agent()
    running(stage, scheduler, "t")
    stage.sim.partition(["agent"], ["master"])
    scheduler.send(MASTER, scheduling.Teardown(scheduler.id))
    stage.sim.run_until(lambda: not stage.master.cluster.frameworks)
    stage.sim.run(1.0)
    stage.restart_master()
    stage.sim.heal()
    stage.sim.run_until(lambda: agent.registered and not agent.tasks, 120.0)
    assert not stage.master.cluster.frameworks
