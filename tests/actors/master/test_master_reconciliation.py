"""What a framework is told when it asks for tasks; after Mesos' reconciliation_tests and partition_tests."""

from __future__ import annotations

import pytest

from tests.actors.master.stage import MASTER, PlayedAgent, PlayedScheduler, Stage, State, running
from tests.actors.master.town import Capability, framework_info
from transport.messages import scheduling
from transport.messages.launching import ExecutorExited
from transport.messages.scheduling import TaskReference
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, TaskID
from transport.records.task_status import TaskStatus

Reason = TaskStatus.Reason


def aware() -> FrameworkInfo:
    return framework_info(None, Capability.PARTITION_AWARE, failover_timeout=3600.0, checkpoint=True)


def legacy() -> FrameworkInfo:
    return framework_info(failover_timeout=3600.0, checkpoint=True)


def ask(stage: Stage, scheduler: PlayedScheduler, *tasks: tuple[str, str | None]) -> list[tuple[str, State]]:
    """Ask for some tasks, or (none given) for all, and return what is said within a second."""
    before = len(scheduler.statuses)
    references = tuple(
        TaskReference(
            task_id=TaskID(value=task_id), agent_id=None if agent_id is None else AgentID(value=agent_id)
        )
        for task_id, agent_id in tasks
    )
    scheduler.send(MASTER, scheduling.Reconcile(scheduler.id, references))
    stage.sim.run(1.0)
    return [
        (status.task_id.value, status.state)
        for status in scheduler.statuses[before:]
        if status.reason is Reason.REASON_RECONCILIATION
    ]


def silence(stage: Stage, agent: PlayedAgent) -> None:
    """Have the master give an agent up."""
    agent.deaf = True
    stage.sim.partition([agent.pid.host], ["master"])
    stage.sim.run_until(lambda: agent.id in stage.master.cluster.unreachable, 1800.0)
    stage.sim.run(1.0)


def test_a_live_task_is_told_as_it_is() -> None:
    """TaskStateMatch, ImplicitNonTerminalTask."""
    stage = Stage()
    scheduler = stage.scheduler(aware(), "one")
    stage.agent()
    running(stage, scheduler, "t")
    assert ask(stage, scheduler, ("t", None)) == [("t", State.TASK_RUNNING)]
    assert ask(stage, scheduler) == [("t", State.TASK_RUNNING)]


def test_a_completed_task_is_not_among_all_tasks() -> None:
    """ImplicitTerminalTask."""
    stage = Stage()
    scheduler, agent = stage.scheduler(aware(), "one"), stage.agent()
    running(stage, scheduler, "t")
    agent.finish("t")
    stage.sim.run_until(lambda: not agent.updates)
    assert ask(stage, scheduler) == []


def test_the_state_that_was_told_last_is_told_though_the_agent_knows_better() -> None:
    """ReconcileStatusUpdateTaskState."""
    stage = Stage()
    scheduler, agent = stage.scheduler(aware(), "one"), stage.agent()
    scheduler.acknowledges = False
    running(stage, scheduler, "t")
    agent.finish("t")
    stage.sim.run(15.0)
    assert ask(stage, scheduler, ("t", None)) == [("t", State.TASK_RUNNING)]
    assert stage.master.cluster.frameworks[scheduler.id].tasks["t"].terminal


def test_what_is_unknown_depends_on_the_agent() -> None:
    """UnknownSlave, UnknownTask, UnknownTaskPartitionAware."""
    stage = Stage()
    scheduler, plain = stage.scheduler(aware(), "one"), stage.scheduler(legacy(), "two")
    agent = stage.agent()
    questions = (("t", agent.id), ("t", "m1-S99"), ("t", None))
    assert [state for _, state in ask(stage, scheduler, *questions)] == [
        State.TASK_GONE,
        State.TASK_UNKNOWN,
        State.TASK_UNKNOWN,
    ]
    assert [state for _, state in ask(stage, plain, *questions)] == [State.TASK_LOST] * 3


def test_nothing_is_said_until_an_agent_is_back_after_a_master_failover() -> None:
    """RecoveredAgent."""
    stage = Stage()
    scheduler, agent = stage.scheduler(aware(), "one"), stage.agent()
    running(stage, scheduler, "t")
    agent.deaf = True
    stage.restart_master()
    stage.sim.run_until(lambda: scheduler.subscribed)
    assert ask(stage, scheduler, ("t", agent.id), ("t", None)) == []
    agent.deaf = False
    agent.exited(MASTER)
    stage.sim.run_until(lambda: agent.registered)
    assert ask(stage, scheduler, ("t", agent.id)) == [("t", State.TASK_RUNNING)]


def test_a_task_out_of_reach_is_told_with_the_time_since() -> None:
    """PartitionedSlave; DisconnectedFramework: by asking, also by who was away meanwhile."""
    stage = Stage()
    scheduler, agent = stage.scheduler(aware(), "one"), stage.agent()
    running(stage, scheduler, "t")
    silence(stage, agent)
    stage.sim.run_until(lambda: scheduling.Failure(agent.id or "") in scheduler.received)
    assert scheduler.states("t") == [State.TASK_RUNNING, State.TASK_UNREACHABLE]
    assert scheduler.statuses[-1].reason is Reason.REASON_AGENT_REMOVED
    new = stage.scheduler(scheduler.info, "two")
    assert ask(stage, new, ("t", None), ("t", agent.id)) == [("t", State.TASK_UNREACHABLE)] * 2
    assert new.statuses[-1].unreachable_time is not None
    assert ask(stage, new) == []


@pytest.mark.parametrize("partition_aware", [True, False])
def test_a_task_that_comes_back_with_its_agent_is_told_again(*, partition_aware: bool) -> None:
    """ReregisterSlavePartitionAware, ReregisterSlaveNotPartitionAware."""
    stage = Stage()
    scheduler, agent = stage.scheduler(aware() if partition_aware else legacy(), "one"), stage.agent()
    running(stage, scheduler, "t")
    silence(stage, agent)
    stage.sim.heal()
    agent.deaf = False
    agent.exited(MASTER)
    stage.sim.run_until(lambda: scheduler.statuses[-1].reason is Reason.REASON_AGENT_REREGISTERED)
    lost = State.TASK_UNREACHABLE if partition_aware else State.TASK_LOST
    assert scheduler.states("t") == [State.TASK_RUNNING, lost, State.TASK_RUNNING]
    assert list(stage.master.cluster.frameworks[scheduler.id].tasks) == ["t"]
    agent.finish("t")
    stage.sim.run_until(lambda: scheduler.states("t")[-1] is State.TASK_FINISHED)


def test_an_agent_out_of_reach_is_remembered_by_the_next_master() -> None:
    """PartitionedAgentThenMasterFailover."""
    stage = Stage()
    scheduler, agent = stage.scheduler(aware(), "one"), stage.agent()
    running(stage, scheduler, "t")
    silence(stage, agent)
    stage.restart_master()
    stage.sim.run_until(lambda: scheduler.subscribed)
    assert ask(stage, scheduler, ("t", agent.id)) == [("t", State.TASK_UNREACHABLE)]


def test_updates_of_an_agent_that_was_given_up_are_not_heard() -> None:
    """PartitionedSlaveStatusUpdates, PartitionedSlaveExitedExecutor."""
    stage = Stage()
    scheduler, agent = stage.scheduler(aware(), "one"), stage.agent()
    running(stage, scheduler, "t")
    silence(stage, agent)
    stage.sim.heal()
    heard = len(scheduler.statuses), len(scheduler.received)
    agent.registered = True
    agent.finish("t")
    agent.send(MASTER, ExecutorExited(scheduler.id, agent.id or "", "e", 1))
    stage.sim.run(5.0)
    assert (len(scheduler.statuses), len(scheduler.received)) == heard
