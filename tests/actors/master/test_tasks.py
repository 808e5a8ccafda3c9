from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.actors.master.town import SCHEDULER, SUCCESSOR, Capability, State, Town, framework_info, update
from transport.messages.allocation import RecoverResources
from transport.messages.launching import AcknowledgeUpdate, KillTask, ShutdownFramework
from transport.messages.scheduling import Acknowledge, Kill, TaskReference, TaskUpdate
from transport.records.agent import AgentInfo
from transport.records.check import KillPolicy
from transport.records.command import CommandInfo
from transport.records.executor import ExecutorInfo
from transport.records.ids import AgentID, ExecutorID, TaskID
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TaskStatus
from transport.records.time_info import DurationInfo, TimeInfo

Reason = TaskStatus.Reason
LOST_SINCE = TimeInfo(nanoseconds=77)


def told(town: Town) -> list[TaskStatus]:
    return [message.status for message in town.world.told_of(SCHEDULER, TaskUpdate)]


def states(town: Town) -> list[State]:
    return [status.state for status in told(town)]


def freed(town: Town) -> list[Resources]:
    return [message.resources for message in town.world.asked(RecoverResources)]


# --- updates ---


def test_an_update_is_passed_on_as_it_is() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    message = update(task, State.TASK_RUNNING, b"1")
    town.tasks.update(agent, message)
    assert told(town) == [message.status]
    assert (task.record.state, task.record.status_update_uuid) == (State.TASK_RUNNING, b"1")
    assert task.record.statuses[-1].data is None
    assert not freed(town)


def test_a_task_gives_back_what_it_held_once_when_its_agent_knows_that_it_is_over() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent, resources="cpus:1;mem:512")
    town.tasks.update(agent, update(task, State.TASK_RUNNING, b"1", latest=State.TASK_FINISHED))
    assert freed(town) == [Resources.parse("cpus:1;mem:512").allocate("*")]
    assert (task.record.state, task.record.status_update_state) == (State.TASK_FINISHED, State.TASK_RUNNING)
    town.tasks.update(agent, update(task, State.TASK_FINISHED, b"2"))
    town.tasks.update(agent, update(task, State.TASK_FINISHED, b"2"))
    assert len(freed(town)) == 1
    assert states(town) == [State.TASK_RUNNING, State.TASK_FINISHED, State.TASK_FINISHED]
    assert town.metrics.tasks_finished.value == 1
    assert framework.tasks


def test_updates_for_a_scheduler_that_is_away_are_not_passed_on_but_count() -> None:
    town = Town()
    agent = town.agent()
    framework = town.subscribe(framework_info(failover_timeout=60.0))
    task = town.task(framework, agent)
    town.frameworks.exited(SCHEDULER)
    town.world.forget()
    town.tasks.update(agent, update(task, State.TASK_FAILED, b"1"))
    assert not town.world.sent
    assert len(freed(town)) == 1
    assert framework.tasks


def test_an_update_of_an_unknown_task_is_passed_on_for_its_scheduler_to_acknowledge() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    message = update(task, State.TASK_FINISHED, b"1")
    town.cluster.remove_task(task)
    town.tasks.update(agent, message)
    assert told(town) == [message.status]
    assert not freed(town)
    assert town.metrics.invalid_status_updates.value == 1


def test_an_update_of_an_unknown_framework_is_dropped() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    message = update(task, State.TASK_KILLED, b"1")
    town.frameworks.teardown(framework)
    town.world.forget()
    town.tasks.update(agent, message)
    assert town.world.told(SCHEDULER) == []
    assert town.world.told(agent.pid) == [ShutdownFramework(framework.id)]
    town.cluster.completed_frameworks.clear()
    town.world.forget()
    town.tasks.update(agent, message)
    assert not town.world.sent


def test_an_end_that_needs_no_acknowledgement_completes_the_task_at_once() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    town.tasks.update(agent, update(task, State.TASK_LOST, None))
    assert not framework.tasks
    assert [one.state for one in framework.completed_tasks] == [State.TASK_LOST]
    assert len(freed(town)) == 1


def test_an_update_that_comes_late_a_second_time_is_acknowledged_and_not_told_again() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    starting, running = update(task, State.TASK_STARTING, b"1"), update(task, State.TASK_RUNNING, b"2")
    for message in (starting, running, running, starting):
        town.tasks.update(agent, message)
    assert states(town) == [State.TASK_STARTING, State.TASK_RUNNING, State.TASK_RUNNING]
    assert town.world.told(agent.pid) == [AcknowledgeUpdate(framework.id, "t", b"1")]
    assert task.record.status_update_uuid == b"2"


def test_nothing_goes_on_that_was_said_to_be_over() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    town.tasks.update(agent, update(task, State.TASK_FINISHED, b"9"))
    town.tasks.update(agent, update(task, State.TASK_RUNNING, b"1"))
    assert states(town) == [State.TASK_FINISHED]


def test_an_update_that_the_agent_told_of_when_it_came_back_is_new_until_it_is_sent() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    starting, running = update(task, State.TASK_STARTING, b"1"), update(task, State.TASK_RUNNING, b"2")
    task.record = replace(
        task.record,
        state=State.TASK_RUNNING,
        statuses=(starting.status, running.status),
        status_update_state=State.TASK_STARTING,
        status_update_uuid=b"1",
    )
    town.tasks.update(agent, starting)
    town.tasks.update(agent, running)
    assert states(town) == [State.TASK_STARTING, State.TASK_RUNNING]


# --- acknowledgements ---


def test_an_acknowledged_end_completes_the_task() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    for state, uuid in ((State.TASK_RUNNING, b"1"), (State.TASK_FINISHED, b"2")):
        town.tasks.update(agent, update(task, state, uuid))
        assert framework.tasks
        town.tasks.acknowledge(framework, Acknowledge(framework.id, agent.id, "t", uuid))
    assert town.world.told(agent.pid)[-2:] == [
        AcknowledgeUpdate(framework.id, "t", b"1"),
        AcknowledgeUpdate(framework.id, "t", b"2"),
    ]
    assert not framework.tasks
    assert not agent.tasks
    assert [one.state for one in framework.completed_tasks] == [State.TASK_FINISHED]
    assert len(freed(town)) == 1


def test_only_what_was_sent_last_can_be_acknowledged() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    town.world.forget()
    town.tasks.acknowledge(framework, Acknowledge(framework.id, agent.id, "t", b"1"))
    town.tasks.update(agent, update(task, State.TASK_FINISHED, b"2"))
    town.tasks.acknowledge(framework, Acknowledge(framework.id, agent.id, "t", b"1"))
    assert town.world.told(agent.pid) == []
    assert framework.tasks
    assert town.metrics.invalid_status_update_acknowledgements.value == 2


def test_acknowledgements_of_tasks_that_are_forgotten_reach_their_agent() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    town.world.forget()
    town.tasks.acknowledge(framework, Acknowledge(framework.id, agent.id, "forgotten", b"1"))
    assert town.world.told(agent.pid) == [AcknowledgeUpdate(framework.id, "forgotten", b"1")]


def test_acknowledgements_for_agents_that_are_not_there_are_dropped() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    town.tasks.update(agent, update(task, State.TASK_FINISHED, b"1"))
    agent.connected = False
    town.world.forget()
    town.tasks.acknowledge(framework, Acknowledge(framework.id, agent.id, "t", b"1"))
    town.tasks.acknowledge(framework, Acknowledge(framework.id, "m1-S9", "t", b"1"))
    assert not town.world.sent
    assert framework.tasks


# --- kills ---


def test_a_kill_goes_to_the_agent_and_is_remembered_until_the_task_is_over() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    policy = KillPolicy(grace_period=DurationInfo(nanoseconds=5))
    town.world.forget()
    town.tasks.kill(framework, Kill(framework.id, "t", None, policy))
    assert town.world.told(agent.pid) == [KillTask(framework.id, "t", policy)]
    assert agent.pending_kills == {(framework.id, "t"): policy}
    town.tasks.update(agent, update(task, State.TASK_KILLED, b"1"))
    assert not agent.pending_kills


def test_a_kill_waits_for_an_agent_that_is_not_there() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    town.task(framework, agent)
    agent.connected = False
    town.world.forget()
    town.tasks.kill(framework, Kill(framework.id, "t", agent.id))
    assert not town.world.sent
    assert list(agent.pending_kills) == [(framework.id, "t")]


def test_a_kill_on_the_wrong_agent_is_ignored() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    town.task(framework, agent)
    town.world.forget()
    town.tasks.kill(framework, Kill(framework.id, "t", "m1-S9"))
    assert not town.world.sent
    assert not agent.pending_kills


def test_a_kill_of_an_unknown_task_is_answered_like_a_question() -> None:
    town = Town()
    framework = town.subscribe()
    town.tasks.kill(framework, Kill(framework.id, "t"))
    assert [(one.state, one.reason) for one in told(town)] == [
        (State.TASK_LOST, Reason.REASON_RECONCILIATION)
    ]


# --- reconciliation ---


def test_questions_are_answered_one_by_one_and_in_order() -> None:
    town = Town()
    agent = town.agent()
    framework = town.subscribe(framework_info(None, Capability.PARTITION_AWARE))
    town.task(framework, agent)
    town.tasks.reconcile(
        framework,
        (
            TaskReference(task_id=TaskID(value="t")),
            TaskReference(task_id=TaskID(value="u"), agent_id=AgentID(value=agent.id)),
            TaskReference(task_id=TaskID(value="v"), agent_id=AgentID(value="m1-S9")),
        ),
    )
    assert states(town) == [State.TASK_STAGING, State.TASK_GONE, State.TASK_UNKNOWN]


def test_without_names_all_tasks_are_told_that_are_not_completed() -> None:
    town = Town()
    agent, framework = town.agent(resources="cpus:9;mem:9999"), town.subscribe()
    other = town.subscribe(pid=SUCCESSOR)
    for task_id, state in (
        ("run", State.TASK_RUNNING),
        ("end", State.TASK_FINISHED),
        ("out", State.TASK_RUNNING),
    ):
        task = town.task(framework, agent, task_id)
        town.tasks.update(agent, update(task, state, b"1"))
    town.task(other, agent, "not mine")
    town.cluster.remove_task(framework.tasks["out"])
    town.world.forget()
    town.tasks.reconcile(framework, ())
    assert [(one.task_id.value, one.state) for one in told(town)] == [
        ("run", State.TASK_RUNNING),
        ("end", State.TASK_FINISHED),
    ]


def test_very_many_answers_take_several_turns_and_end_with_the_subscription() -> None:
    town = Town()
    agent, framework = town.agent(resources="cpus:4000"), town.subscribe()
    for number in range(2001):
        town.task(framework, agent, f"t{number}", "cpus:1")
    town.world.forget()
    town.tasks.reconcile(framework, ())
    assert len(told(town)) == 1000
    town.cluster.remove_task(framework.tasks["t2000"])
    town.world.advance(0.05)
    assert len(told(town)) == 2000
    town.world.forget()
    town.tasks.reconcile(framework, ())
    town.world.advance(1.0)
    assert len(told(town)) == 2000
    town.world.forget()
    town.tasks.reconcile(framework, ())
    town.subscribe(framework_info(framework.id), SUCCESSOR)
    town.world.advance(1.0)
    assert len(told(town)) == 1000
    assert not town.world.told_of(SUCCESSOR, TaskUpdate)


def test_very_many_questions_take_several_turns_and_are_answered_in_order() -> None:
    town = Town()
    framework = town.subscribe()
    references = tuple(TaskReference(task_id=TaskID(value=f"t{number}")) for number in range(2001))
    town.world.forget()
    town.tasks.reconcile(framework, references)
    assert len(told(town)) == 1000
    town.world.advance(0.05)
    town.world.advance(0.05)
    assert [status.task_id.value for status in told(town)] == [f"t{number}" for number in range(2001)]


# --- what the master makes of tasks by itself ---


@pytest.mark.parametrize(
    ("partition_aware", "state"), [(True, State.TASK_UNREACHABLE), (False, State.TASK_LOST)]
)
def test_a_task_out_of_reach_is_remembered_and_holds_nothing(*, partition_aware: bool, state: State) -> None:
    town = Town()
    agent = town.agent()
    capabilities = (Capability.PARTITION_AWARE,) if partition_aware else ()
    framework = town.subscribe(framework_info(None, *capabilities))
    task = town.task(framework, agent)
    town.tasks.conclude(
        task, State.TASK_UNREACHABLE, Reason.REASON_AGENT_REMOVED, "silent", unreachable_time=LOST_SINCE
    )
    (status,) = told(town)
    assert (status.state, status.reason, status.message) == (state, Reason.REASON_AGENT_REMOVED, "silent")
    assert (status.unreachable_time, status.uuid) == (LOST_SINCE, None)
    assert list(framework.unreachable_tasks) == ["t"]
    assert framework.unreachable_tasks["t"].state is state
    assert not agent.tasks
    assert len(freed(town)) == 1
    assert town.metrics.tasks_lost.value == (0 if partition_aware else 1)


def test_a_task_that_the_master_ends_is_completed() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    town.tasks.kill(framework, Kill(framework.id, "t"))
    town.tasks.conclude(task, State.TASK_GONE_BY_OPERATOR, Reason.REASON_AGENT_REMOVED_BY_OPERATOR, "gone")
    assert states(town) == [State.TASK_LOST]
    assert [one.state for one in framework.completed_tasks] == [State.TASK_LOST]
    assert not agent.pending_kills
    assert len(freed(town)) == 1


def test_an_end_that_was_told_is_not_told_in_other_words() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    town.tasks.update(agent, update(task, State.TASK_FINISHED, b"1"))
    town.tasks.conclude(
        task, State.TASK_UNREACHABLE, Reason.REASON_AGENT_REMOVED, "silent", unreachable_time=LOST_SINCE
    )
    assert states(town) == [State.TASK_FINISHED]
    assert not framework.unreachable_tasks
    assert [one.state for one in framework.completed_tasks] == [State.TASK_FINISHED]
    assert len(freed(town)) == 1


def test_an_end_that_was_not_told_yet_is_not_forgotten_for_the_loss_of_the_agent() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    town.tasks.update(agent, update(task, State.TASK_RUNNING, b"1", latest=State.TASK_FINISHED))
    town.tasks.conclude(
        task, State.TASK_UNREACHABLE, Reason.REASON_AGENT_REMOVED, "silent", unreachable_time=LOST_SINCE
    )
    assert states(town) == [State.TASK_RUNNING, State.TASK_LOST]
    assert [one.state for one in framework.completed_tasks] == [State.TASK_FINISHED]
    assert len(freed(town)) == 1


@pytest.mark.parametrize(("partition_aware", "state"), [(True, State.TASK_DROPPED), (False, State.TASK_LOST)])
def test_a_refused_task_is_told_with_the_reason(*, partition_aware: bool, state: State) -> None:
    town = Town()
    capabilities = (Capability.PARTITION_AWARE,) if partition_aware else ()
    framework = town.subscribe(framework_info(None, *capabilities))
    info = TaskInfo(
        name="t",
        task_id=TaskID(value="t"),
        agent_id=AgentID(value="m1-S0"),
        executor=ExecutorInfo(executor_id=ExecutorID(value="e"), command=CommandInfo(value="true")),
    )
    town.tasks.refuse(framework, info, State.TASK_DROPPED, Reason.REASON_INVALID_OFFERS, "no such offer")
    assert told(town) == [
        TaskStatus(
            task_id=info.task_id,
            state=state,
            message="no such offer",
            source=TaskStatus.Source.SOURCE_MASTER,
            reason=Reason.REASON_INVALID_OFFERS,
            agent_id=info.agent_id,
            executor_id=ExecutorID(value="e"),
            timestamp=town.world.wall(),
        )
    ]
    counted = town.metrics.tasks_dropped if partition_aware else town.metrics.tasks_lost
    assert counted.value == 1


def test_only_so_many_tasks_out_of_reach_are_remembered() -> None:
    town = Town()
    framework = town.subscribe()
    framework._unreachable_limit = 1
    agent = town.agent()
    for task_id in ("a", "b"):
        task = town.task(framework, agent, task_id)
        town.tasks.conclude(
            task, State.TASK_UNREACHABLE, Reason.REASON_AGENT_REMOVED, "", unreachable_time=LOST_SINCE
        )
    assert list(framework.unreachable_tasks) == ["b"]


def test_nothing_is_said_of_tasks_on_agents_that_may_come_back_after_a_failover() -> None:
    town = Town()
    town.cluster.recovered["old-S0"] = AgentInfo(hostname="h")
    framework = town.subscribe()
    town.tasks.kill(framework, Kill(framework.id, "t", "old-S0"))
    town.tasks.reconcile(framework, (TaskReference(task_id=TaskID(value="t")),))
    assert not told(town)
