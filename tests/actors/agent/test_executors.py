"""The life of executors: subscribing, being lost sight of, shutting down, ending."""

from __future__ import annotations

from actors.agent.executor import ExecutorState
from actors.agent.executors import STARTS_AT_ONCE
from tests.actors.agent.stage import (
    AGENT_ID,
    FRAMEWORK_ID,
    PING_TIMEOUT_SECONDS,
    ExecutorDouble,
    Stage,
    custom,
    framework,
    task,
)
from transport.messages.checkpointing import Archive, DiscardFramework, EndStreams, SaveCompletion
from transport.messages.executing import (
    ExecutorSubscribed,
    ExecutorUpdate,
    KillExecutorTask,
    LaunchTask,
    ShutdownNow,
    SubscribeExecutor,
    UpdateAcknowledged,
)
from transport.messages.hosting import DestroyExecutor, ExecutorEnded, ExecutorLaunched, ForgetExecutor
from transport.messages.launching import ExecutorExited, RunTask, ShutdownFramework, StatusUpdate
from transport.messages.membership import AgentReregistered, ReregisterAgent, UnregisterAgent
from transport.messages.scheduling import ExecutorMessage, FrameworkMessage
from transport.records.check import KillPolicy
from transport.records.resources import Resources
from transport.records.task_status import TaskState, TaskStatus
from transport.records.time_info import DurationInfo


def running(stage: Stage, task_id: str = "t1") -> ExecutorDouble:
    """A command task that runs."""
    stage.run_task(task(task_id))
    executor = stage.executor(task_id)
    executor.update("RUNNING", task_id)
    return executor


def running_custom(stage: Stage, *task_ids: str, **others: object) -> ExecutorDouble:
    """Tasks that run under a custom executor."""
    for task_id in task_ids:
        info = task(task_id, executor=custom(**others))  # type: ignore[arg-type]
        stage.run_task(info, launch_executor=task_id == task_ids[0])
    executor = stage.executor("e1")
    for task_id in task_ids:
        executor.update("RUNNING", task_id)
    return executor


# --- starting ---


def test_the_node_starts_a_limited_number_of_executors_at_a_time() -> None:
    stage = Stage()
    stage.executors.slow = True
    waiting = [f"waiting-{number}" for number in range(3)]
    for task_id in [*(f"t{number}" for number in range(STARTS_AT_ONCE)), *waiting]:
        stage.master.send(stage.pid, RunTask(framework(), task(task_id, "cpus:0.01;mem:1")))
    stage.run(2.0)
    assert len(stage.executors.launched) == STARTS_AT_ONCE

    stage.kill(waiting[0])
    assert stage.states(waiting[0]) == ["KILLED"]
    stage.executor("t0")
    stage.end("t1")
    stage.run()
    started = [one.executor.executor_id.value for one in stage.executors.launched[STARTS_AT_ONCE:]]
    assert started == waiting[1:]


# --- subscribing ---


def test_an_executor_that_does_not_subscribe_in_time_is_destroyed_and_its_tasks_fail() -> None:
    stage = Stage()
    stage.run_task()
    stage.run(60.0)
    assert stage.executors.destroyed == [stage.container()]
    stage.run()
    assert stage.last() == ("FAILED", "EXECUTOR_REGISTRATION_TIMEOUT")


def test_an_executor_that_subscribed_is_not_destroyed_later() -> None:
    stage = Stage()
    running(stage)
    stage.run(120.0)
    assert stage.executors.destroyed == []


def test_an_executor_that_nobody_expects_is_shut_down() -> None:
    stage = Stage()
    assert stage.executor("nobody").shut_down


def test_subscribing_twice_is_answered_twice_and_launches_once() -> None:
    stage = Stage()
    stage.run_task()
    executor = stage.executor()
    executor.subscribe()
    assert len(executor.heard(ExecutorSubscribed)) == 2
    assert executor.launched == ["t1"]


def test_updates_of_an_executor_that_did_not_subscribe_are_not_heard() -> None:
    stage = Stage()
    stage.run_task()
    stranger = ExecutorDouble(stage, "t1")
    stranger.update("FINISHED")
    assert stage.states() == []
    assert stage.agent.metrics.invalid_status_updates.value == 1


def test_an_executor_that_sends_staging_is_shut_down() -> None:
    stage = Stage()
    stage.run_task()
    executor = stage.executor()
    executor.update("STAGING")
    assert executor.shut_down
    assert stage.states() == []


# --- updates ---


def test_the_first_terminal_update_wins() -> None:
    stage = Stage()
    executor = running_custom(stage, "t1", "t2")
    executor.update("FINISHED", "t1")
    executor.update("FAILED", "t1")
    stage.acknowledge("t1")
    stage.acknowledge("t1")
    stage.run(30.0)
    assert stage.states("t1") == ["RUNNING", "FINISHED"]
    assert len(executor.heard(UpdateAcknowledged)) == 4


def test_an_update_that_is_said_again_after_its_acknowledgement_is_not_sent_again() -> None:
    stage = Stage()
    executor = running_custom(stage, "t1", "t2")
    finished = executor.update("FINISHED", "t1")
    stage.acknowledge("t1")
    stage.acknowledge("t1")
    stage.master.received.clear()
    executor.tell(ExecutorUpdate(FRAMEWORK_ID, "e1", finished))
    stage.run(30.0)
    assert [one for one in stage.heard(StatusUpdate) if one.status.task_id.value == "t1"] == []
    assert executor.heard(UpdateAcknowledged)[-1].uuid == finished.uuid


def test_a_task_that_was_given_up_and_runs_all_the_same_is_killed() -> None:
    stage = Stage()
    executor = running_custom(stage, "t1")
    executor.update("RUNNING", "ghost")
    assert executor.heard(KillExecutorTask) == [KillExecutorTask("ghost")]


def test_latest_state_runs_ahead_of_what_is_acknowledged() -> None:
    stage = Stage()
    executor = running(stage)
    executor.update("FINISHED")
    stage.run(20.0)
    latest = {update.latest_state.name for update in stage.heard(StatusUpdate)[1:]}
    assert latest == {"TASK_FINISHED"}
    assert stage.states() == ["RUNNING"]


def test_an_update_names_the_process_of_an_executor_that_has_one() -> None:
    stage = Stage()
    stage.run_task(task(executor=custom()), launch_executor=True)
    stage.executors.send(stage.pid, ExecutorLaunched(stage.container("e1"), 4711))
    stage.executor("e1").update("RUNNING")
    container = stage.statuses()[0].container_status
    assert container is not None
    assert container.executor_pid == 4711


# --- connections ---


def test_after_a_broken_connection_the_executor_is_told_what_it_missed() -> None:
    stage = Stage()
    executor = running(stage)
    stage.sim.disconnect("agent", "hosts")
    stage.kill()
    assert executor.killed == []
    executor.subscribe()
    assert executor.killed == ["t1"]


def test_an_executor_that_is_lost_sight_of_is_asked_to_subscribe_again() -> None:
    stage = Stage()
    executor = running_custom(stage, "t1")
    stage.sim.disconnect("agent", "hosts")
    stage.sim.run_until(lambda: executor.asked_again)
    executor.subscribe()
    executor.probe.received.clear()
    stage.run(10.0)
    assert not executor.asked_again


def test_updates_that_were_not_acknowledged_come_with_the_subscription() -> None:
    stage = Stage()
    executor = running(stage)
    stage.sim.disconnect("agent", "hosts")
    stage.run(0.1)
    finished = executor.status("FINISHED")
    executor.tell(ExecutorUpdate(FRAMEWORK_ID, "t1", finished))
    stage.acknowledge()
    assert stage.states() == ["RUNNING"]
    executor.subscribe(updates=(finished,))
    assert stage.states() == ["RUNNING", "FINISHED"]


def test_a_task_that_got_lost_with_the_connection_is_launched_again() -> None:
    stage = Stage()
    stage.sim.drop(LaunchTask, times=1)
    stage.run_task()
    executor = stage.executor()
    assert executor.launched == []
    stage.sim.disconnect("agent", "hosts")
    stage.run(0.2)
    executor.subscribe()
    assert executor.launched == ["t1"]
    executor.subscribe(tasks=(task(),))
    assert executor.launched == ["t1"]


# --- shutting down ---


def test_an_executor_is_asked_to_end_and_destroyed_after_its_grace() -> None:
    stage = Stage()
    grace = DurationInfo(nanoseconds=20 * 10**9)
    executor = running_custom(stage, "t1", shutdown_grace_period=grace)
    stage.shut_down_executor("e1")
    assert executor.heard(ShutdownNow) == [ShutdownNow()]
    stage.run(19.0)
    assert stage.executors.destroyed == []
    stage.run(1.0)
    assert stage.executors.destroyed == [stage.container("e1")]
    stage.run()
    stage.acknowledge()
    assert stage.last() == ("FAILED", "EXECUTOR_TERMINATED")


def test_an_executor_that_shuts_down_in_time_is_not_destroyed() -> None:
    stage = Stage()
    executor = running_custom(stage, "t1")
    stage.shut_down_executor("e1")
    executor.update("KILLED")
    stage.end("e1")
    stage.run(30.0)
    assert stage.executors.destroyed == []
    stage.acknowledge()
    assert stage.states() == ["RUNNING", "KILLED"]


def test_an_executor_that_has_not_subscribed_is_destroyed_at_once() -> None:
    stage = Stage()
    stage.run_task(task(executor=custom()), launch_executor=True)
    stage.shut_down_executor("e1")
    assert stage.executors.destroyed == [stage.container("e1")]
    assert stage.last() == ("FAILED", "EXECUTOR_TERMINATED")


def test_shutting_an_executor_down_while_its_first_task_is_launched() -> None:
    stage = Stage()
    hold = stage.sim.hold(to=stage.node.pid_of("archive"))
    stage.run_task(task(executor=custom()), launch_executor=True)
    stage.shut_down_executor("e1")
    hold.release()
    stage.run()
    assert stage.executors.launched == []
    assert stage.last() == ("DROPPED", "EXECUTOR_TERMINATED")


def test_a_destroy_that_got_lost_is_told_again() -> None:
    stage = Stage()
    running_custom(stage, "t1")
    lost = stage.sim.drop(DestroyExecutor, times=1)
    stage.shut_down_executor("e1")
    stage.run(6.0)
    assert len(lost.dropped) == 1
    stage.sim.run_until(lambda: stage.executors.destroyed)


def test_ending_a_framework_ends_its_executors_and_nobody_hears_of_its_tasks() -> None:
    stage = Stage()
    executor = running(stage)
    queued = stage.agent.books
    stage.run_task(task("t2"))
    stage.master.received.clear()
    stage.tell(ShutdownFramework(FRAMEWORK_ID))
    assert executor.shut_down
    executor.update("KILLED")
    stage.run(10.0)
    stage.end("t1")
    assert stage.heard(StatusUpdate) == []
    assert not queued.frameworks
    assert stage.garbage.received[-1] == DiscardFramework(FRAMEWORK_ID)


def test_ending_a_framework_ends_its_streams() -> None:
    stage = Stage()
    executor = running(stage)
    executor.update("FINISHED")
    stage.end()
    hold = stage.sim.hold(EndStreams)
    stage.tell(ShutdownFramework(FRAMEWORK_ID))
    assert len(hold.held) == 1
    hold.release()
    stage.run()
    stage.master.received.clear()
    stage.run(60.0)
    assert stage.heard(StatusUpdate) == []
    assert not stage.agent.books.frameworks


# --- the end ---


def test_tasks_of_an_executor_that_ends_fail() -> None:
    stage = Stage()
    running_custom(stage, "t1", "t2")
    stage.end("e1", 256)
    for task_id in ("t1", "t2"):
        stage.acknowledge(task_id)
        assert stage.last(task_id) == ("FAILED", "EXECUTOR_TERMINATED")
    assert stage.heard(ExecutorExited) == [ExecutorExited(FRAMEWORK_ID, "m1-S0", "e1", 256)]


def test_how_a_container_ended_is_told() -> None:
    stage = Stage()
    stage.run_task()
    reason = TaskStatus.Reason.REASON_CONTAINER_LAUNCH_FAILED
    stage.end("t1", None, reason=reason, message="no such program")
    assert stage.last() == ("FAILED", "CONTAINER_LAUNCH_FAILED")
    assert stage.statuses()[-1].message == "no such program"


def test_tasks_that_wait_for_an_executor_fail_with_it() -> None:
    stage = Stage()
    stage.run_task(task(executor=custom()), launch_executor=True)
    stage.end("e1")
    assert stage.last() == ("FAILED", "EXECUTOR_TERMINATED")


def test_the_node_is_told_to_forget_an_end_once_the_updates_are_safe() -> None:
    stage = Stage()
    running(stage)
    hold = stage.sim.hold(to=stage.node.pid_of("updates"))
    stage.end()
    assert stage.executors.forgotten == []
    hold.release()
    stage.run()
    assert stage.executors.forgotten == [stage.container()]


def test_an_end_that_is_told_again_changes_nothing() -> None:
    stage = Stage()
    stage.sim.drop(ForgetExecutor, times=1)
    running(stage)
    stage.end()
    stage.end()
    stage.run(20.0)
    stage.acknowledge()
    stage.run(20.0)
    assert stage.states() == ["RUNNING", "FAILED"]
    assert stage.executors.ended == {}


def test_an_executor_is_remembered_until_its_updates_are_acknowledged() -> None:
    stage = Stage()
    executor = running(stage)
    executor.update("FINISHED")
    stage.end()
    (entry,) = stage.agent.books.containers.values()
    assert entry.state is ExecutorState.TERMINATED
    hold = stage.sim.hold(to=stage.node.pid_of("archive"))
    stage.acknowledge()
    stage.acknowledge()
    saved = [save for one in hold.held if isinstance(one.message, Archive) for save in one.message.saves]
    assert [type(save) for save in saved] == [SaveCompletion]
    assert not stage.agent.books.containers


def test_the_master_is_not_told_of_an_end_that_a_restart_could_undo() -> None:
    stage = Stage()
    running_custom(stage, "t1")
    kept = stage.sim.hold(Archive, to=stage.node.pid_of("archive"))
    updates = stage.sim.hold(to=stage.node.pid_of("updates"))
    stage.end("e1", 9)
    stage.ping(connected=False)
    told = stage.reregister()
    assert [one.executor_id.value for one in told.executors] == ["e1"]
    assert [one.state for one in told.tasks] == [TaskState.TASK_RUNNING]
    assert not stage.heard(ExecutorExited)
    for hold in (kept, updates):
        hold.release()
    stage.run()
    assert [one.status for one in stage.heard(ExecutorExited)] == [9]
    stage.ping(connected=False)
    told = stage.reregister()
    assert told.executors == ()
    assert [one.state for one in told.tasks] == [TaskState.TASK_FAILED]


def test_an_executor_that_ends_while_the_master_is_away_is_told_to_be_there_and_then_to_have_ended() -> None:
    stage = Stage()
    running_custom(stage, "t1")
    stage.sim.disconnect("agent", "master")
    stage.run(0.1)  # both have noticed
    stage.end("e1", 9)
    stage.detect()
    told = stage.reregister()
    assert [one.executor_id.value for one in told.executors] == ["e1"]
    assert [one.status for one in stage.heard(ExecutorExited)] == [9]
    stage.ping(connected=False)
    assert stage.reregister().executors == ()


def test_who_is_told_of_no_framework_need_not_be_told_of_its_executors_ends() -> None:
    stage = Stage()
    running_custom(stage, "t1")
    stage.sim.disconnect("agent", "master")
    stage.end("e1", 9)
    assert stage.agent.books.frameworks
    stage.node.probe("operator").send(stage.pid, UnregisterAgent(AGENT_ID))
    stage.run()
    assert not stage.agent.books.frameworks


def test_what_an_executor_held_is_free_when_it_ends() -> None:
    stage = Stage()
    running_custom(stage, "t1")
    assert stage.agent.books.used.scalar_quantities["cpus"] == 1500
    stage.end("e1")
    assert not stage.agent.books.used


# --- messages ---


def test_messages_pass_both_ways() -> None:
    stage = Stage()
    executor = running_custom(stage, "t1")
    down = FrameworkMessage(FRAMEWORK_ID, "m1-S0", "e1", b"down")
    stage.tell(down)
    assert executor.heard(FrameworkMessage) == [down]
    up = ExecutorMessage(FRAMEWORK_ID, "m1-S0", "e1", b"up")
    executor.tell(up)
    assert stage.heard(ExecutorMessage) == [up]


def test_messages_for_whom_nobody_is_there_are_dropped() -> None:
    stage = Stage()
    executor = running_custom(stage, "t1")
    stage.sim.disconnect("agent", "hosts")
    stage.run(0.1)  # both have noticed
    stage.tell(FrameworkMessage(FRAMEWORK_ID, "m1-S0", "e1", b"down"))
    executor.tell(ExecutorMessage(FRAMEWORK_ID, "m1-S0", "e1", b"up"))
    assert executor.heard(FrameworkMessage) == []
    assert stage.heard(ExecutorMessage) == []
    assert stage.agent.metrics.invalid_framework_messages.value == 2


# --- the executor node ---


def test_executors_that_the_lost_node_no_longer_runs_have_ended() -> None:
    stage = Stage()
    running(stage)
    container_id = stage.container()
    stage.hosts.kill_process()
    stage.hosts.restart()
    stage.sim.run_until(lambda: len(stage.statuses()) == 1)
    stage.acknowledge()
    assert stage.last() == ("FAILED", "EXECUTOR_TERMINATED")
    assert container_id not in stage.executors.running


def test_a_frameworks_own_executor_may_use_what_it_and_its_live_tasks_were_given() -> None:
    stage = Stage()
    executor = running_custom(stage, "t1")
    alone = Resources(custom().resources).unallocate()
    both = alone + Resources(task("t1").resources).unallocate()
    container_id = stage.container("e1")
    assert stage.executors.bounds == {container_id: str(both)}
    executor.update("FINISHED", "t1")
    stage.acknowledge()
    assert stage.executors.bounds == {container_id: str(alone)}


def test_an_executor_that_the_lost_node_never_began_is_begun_by_the_next() -> None:
    stage = Stage()
    stage.executors.slow = True
    stage.run_task(task())
    container_id = stage.container()
    stage.hosts.kill_process()
    stage.hosts.restart()
    stage.sim.run_until(lambda: stage.executors.launched)
    assert [one.container_id for one in stage.executors.launched] == [container_id]
    stage.executor().update("RUNNING")
    assert stage.states() == ["RUNNING"]


def test_executors_outlive_a_broken_connection_with_their_node() -> None:
    stage = Stage()
    executor = running(stage)
    stage.sim.disconnect("agent", "hosts")
    stage.run(5.0)
    executor.subscribe()
    stage.run(5.0)
    assert stage.states() == ["RUNNING"]
    assert stage.executors.destroyed == []


def test_an_end_that_got_lost_with_the_connection_is_learned_afterwards() -> None:
    stage = Stage()
    running(stage)
    stage.sim.drop(ExecutorEnded, times=1)
    stage.end("t1", 9)
    stage.acknowledge()
    assert stage.states() == ["RUNNING"]
    stage.sim.disconnect("agent", "hosts")
    stage.sim.run_until(lambda: stage.last() == ("FAILED", "EXECUTOR_TERMINATED"))


def test_an_executor_that_ends_while_the_agent_registers_is_told_of_afterwards() -> None:
    stage = Stage()
    stage.run_task(task(executor=custom()), launch_executor=True)
    stage.executor("e1").subscribe()
    stage.sim.disconnect("agent", "master")
    stage.detect()
    stage.sim.run_until(lambda: stage.heard(ReregisterAgent))
    stage.end("e1", 9)
    assert not stage.heard(ExecutorExited)
    stage.tell(AgentReregistered(AGENT_ID, PING_TIMEOUT_SECONDS))
    assert [(one.executor_id, one.status) for one in stage.heard(ExecutorExited)] == [("e1", 9)]


def test_a_kill_policy_of_a_command_task_lengthens_the_grace_of_its_executor() -> None:
    stage = Stage()
    policy = KillPolicy(grace_period=DurationInfo(nanoseconds=30 * 10**9))
    stage.run_task(task(kill_policy=policy))
    stage.executor().update("RUNNING")
    stage.shut_down_executor("t1")
    stage.run(31.0)
    assert stage.executors.destroyed == []
    stage.run(1.0)
    assert stage.executors.destroyed == [stage.container()]


def test_an_executor_may_subscribe_from_another_actor() -> None:
    stage = Stage()
    old = running_custom(stage, "t1")
    new = stage.executor("e1")
    old.update("FINISHED")
    stage.acknowledge()
    assert stage.states() == ["RUNNING"]
    new.update("FAILED")
    assert stage.states() == ["RUNNING", "FAILED"]


def test_before_the_books_are_read_executors_are_not_answered() -> None:
    stage = Stage()
    stage.run_task()
    executor = stage.executor()
    executor.probe.received.clear()
    stage.crash()
    stage.sim.hold(to="archive")
    stage.restart()
    executor.tell(SubscribeExecutor(FRAMEWORK_ID, "t1"))
    assert executor.probe.received == []
