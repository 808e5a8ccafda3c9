"""How an agent finds its master, and notices that it is gone."""

from __future__ import annotations

import itertools

import pytest
from msgspec.structs import replace

from tests.actors.agent.stage import (
    AGENT_ID,
    FRAMEWORK_ID,
    PING_TIMEOUT_SECONDS,
    Stage,
    custom,
    framework,
    task,
)
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.launching import ExecutorExited, KillTask, RunTask, StatusUpdate
from transport.messages.membership import (
    AgentReconciliation,
    AgentRegistered,
    PingAgent,
    PongAgent,
    RegisterAgent,
    ReregisterAgent,
    ShutdownAgent,
    UnregisterAgent,
)
from transport.messages.node import StopNode
from transport.pid import Pid
from transport.records.ids import ExecutorID, FrameworkID, TaskID
from transport.records.task_status import TaskState, TaskStatus


def gaps(stage: Stage, kind: type, seconds: float) -> list[float]:
    """The pauses between the tries of so much time."""
    times: list[float] = []
    begin = stage.sim.now
    while stage.sim.now < begin + seconds:
        before = len(stage.heard(kind))
        stage.run(0.05)
        if len(stage.heard(kind)) > before:
            times.append(stage.sim.now)
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def test_an_agent_registers_again_and_again_with_longer_pauses_up_to_a_minute() -> None:
    stage = Stage(registered=False)
    stage.detect()
    pauses = gaps(stage, RegisterAgent, 900.0)
    assert len(pauses) >= 10
    assert max(pauses) > 10.0
    assert max(pauses) <= 60.1
    assert stage.heard(ReregisterAgent) == []


def test_a_registered_agent_keeps_its_id_and_says_no_more() -> None:
    stage = Stage()
    assert stage.agent.books.agent_id == AGENT_ID
    stage.master.received.clear()
    stage.run(60.0)
    assert stage.heard(RegisterAgent) == []


def test_registration_sends_what_the_host_has() -> None:
    stage = Stage()
    (message,) = stage.heard(RegisterAgent)
    assert message.info == stage.info
    assert message.resources == tuple(stage.agent.books.total)
    assert message.capabilities


def test_pings_are_answered_to_the_leader_alone() -> None:
    stage = Stage()
    stage.ping()
    stage.run()
    assert stage.heard(PongAgent) == [PongAgent()]
    stranger = stage.sim.node("stranger").probe("master")
    stranger.send(stage.pid, PingAgent(connected=True))
    stage.run()
    assert stranger.received == []


def test_an_agent_that_is_never_pinged_registers_again() -> None:
    stage = Stage()
    stage.run(PING_TIMEOUT_SECONDS - 2.0)
    assert stage.heard(ReregisterAgent) == []
    stage.run(6.0)
    assert stage.heard(ReregisterAgent)


def test_pings_that_stop_after_a_while_make_the_agent_register_again() -> None:
    stage = Stage()
    for _ in range(10):
        stage.run(15.0)
        stage.ping()
    stage.run(PING_TIMEOUT_SECONDS - 1.0)
    assert stage.heard(ReregisterAgent) == []
    stage.run(5.0)
    assert stage.heard(ReregisterAgent)


def test_a_ping_that_says_disconnected_makes_the_agent_register_again() -> None:
    stage = Stage()
    stage.ping(connected=False)
    message = stage.reregister()
    assert message.info.id is not None
    assert message.info.id.value == AGENT_ID


def test_an_agent_registers_again_when_the_connection_with_its_master_breaks() -> None:
    stage = Stage()
    stage.sim.disconnect("agent", "master")
    assert stage.reregister().info.hostname == "host"


def test_messages_of_anybody_but_the_registered_master_are_ignored() -> None:
    stage = Stage()
    stranger = stage.sim.node("stranger").probe("master")
    stranger.send(stage.pid, RunTask(framework(), task()))
    stranger.send(stage.pid, ShutdownAgent("go away"))
    stage.run()
    assert stage.executors.launched == []
    assert not stage.agent.books.frameworks
    stage.run_task()
    assert len(stage.executors.launched) == 1


def test_a_master_named_by_hand_may_have_another_name_for_its_host() -> None:
    stage = Stage(registered=False)
    stage.epoch = 0
    named = stage.sim.node("named").probe("relay")
    stage.detect(Pid("master", "named", 5050))
    stage.run(2.0)
    stage.tell(AgentRegistered(AGENT_ID, PING_TIMEOUT_SECONDS))
    assert stage.agent.books.agent_id == AGENT_ID
    named.send(stage.pid, PingAgent(connected=True))
    stage.ping()
    stage.run()
    assert named.received == []
    assert stage.heard(PongAgent) == [PongAgent()]


def test_hearing_of_the_same_leader_again_changes_nothing() -> None:
    stage = Stage()
    stage.detect()
    stage.run(5.0)
    assert stage.heard(ReregisterAgent) == []


def test_where_masters_change_nobody_else_may_answer_for_the_leader() -> None:
    stage = Stage(registered=False)
    stage.detect(Pid("master", "named", 5050))
    stage.run(2.0)
    stage.tell(AgentRegistered(AGENT_ID, PING_TIMEOUT_SECONDS))
    assert stage.agent.books.info.id is None


@pytest.mark.parametrize("epoch", [6, 8])
def test_the_leader_is_who_the_detector_says_even_with_an_older_epoch(epoch: int) -> None:
    stage = Stage(registered=False)
    stage.epoch = 7
    stage.register()
    other = stage.sim.node("other").probe("master")
    stage.detector.send(stage.pid, LeaderDetected(other.pid, epoch))
    stage.sim.run_until(lambda: any(isinstance(one, ReregisterAgent) for one in other.received))
    stage.run_task()
    assert stage.executors.launched == []


def hear_of_a_newer_leader(stage: Stage, epoch: int) -> None:
    """Some other node, which knows of one, says something to the agent."""
    node = stage.sim.node("elsewhere")
    node.epoch = epoch
    node.probe().send(stage.pid, PingAgent(connected=True))
    stage.run()


def test_who_hears_of_a_newer_epoch_obeys_nobody_until_the_detector_has_looked() -> None:
    stage = Stage()
    hear_of_a_newer_leader(stage, 5)
    stage.run_task()
    assert stage.executors.launched == []
    assert stage.detector.received[-1] == WatchLeader(doubted=True)
    stage.run(60.0)
    assert stage.heard(ReregisterAgent) == []
    other = stage.sim.node("other").probe("master")
    stage.detector.send(stage.pid, LeaderDetected(other.pid, 5))
    stage.sim.run_until(lambda: any(isinstance(one, ReregisterAgent) for one in other.received))
    assert stage.heard(ReregisterAgent) == []


def test_a_leader_that_the_detector_confirms_is_obeyed_again_after_registering_anew() -> None:
    stage = Stage()
    hear_of_a_newer_leader(stage, 5)
    stage.run_task()
    stage.detect()
    stage.reregister()
    stage.run_task()
    assert len(stage.executors.launched) == 1
    assert stage.node.epoch == 5
    assert stage.detector.received.count(WatchLeader(doubted=True)) == 1


def test_an_agent_does_not_register_with_a_leader_in_doubt() -> None:
    stage = Stage(registered=False)
    hear_of_a_newer_leader(stage, 5)
    stage.detect()
    stage.run(60.0)
    assert stage.heard(RegisterAgent) == []
    stage.detect()
    stage.sim.run_until(lambda: stage.heard(RegisterAgent))


def test_without_a_leader_updates_are_held_and_sent_to_the_next_one() -> None:
    stage = Stage()
    stage.run_task()
    executor = stage.executor()
    stage.detector.send(stage.pid, LeaderDetected(None, 2))
    stage.run()
    stage.master.received.clear()
    executor.update("RUNNING")
    stage.run(30.0)
    assert stage.heard(StatusUpdate) == []
    stage.epoch = 3
    stage.detect()
    message = stage.reregister()
    assert [one.state for one in message.tasks] == [TaskState.TASK_RUNNING]
    assert stage.states() == ["RUNNING"]


def test_what_runs_is_told_when_the_agent_registers_again() -> None:
    stage = Stage()
    stage.run_task()
    stage.executor().update("RUNNING")
    stage.run_task(task("t2", executor=custom()), launch_executor=True)
    stage.ping(connected=False)
    message = stage.reregister()
    assert message.frameworks == (framework(),)
    assert [one.executor_id.value for one in message.executors] == ["e1"]
    told = {one.task_id.value: one for one in message.tasks}
    assert told["t1"].executor_id is None
    assert told["t1"].status_update_state is TaskState.TASK_RUNNING
    assert told["t2"].executor_id is not None
    assert told["t2"].executor_id.value == "e1"
    assert told["t2"].state is TaskState.TASK_STAGING


def test_a_task_that_is_over_and_not_acknowledged_is_told_with_both_states() -> None:
    stage = Stage()
    stage.run_task()
    executor = stage.executor()
    executor.update("RUNNING")
    executor.update("FINISHED")
    stage.ping(connected=False)
    (told,) = stage.reregister().tasks
    assert told.state is TaskState.TASK_FINISHED
    assert told.status_update_state is TaskState.TASK_RUNNING


def test_a_task_whose_checkpoint_is_being_made_is_told_too() -> None:
    stage = Stage()
    hold = stage.sim.hold(to=stage.node.pid_of("archive"))
    stage.run_task()
    stage.ping(connected=False)
    (told,) = stage.reregister().tasks
    assert told.state is TaskState.TASK_STAGING
    hold.release()
    stage.run()
    assert len(stage.executors.launched) == 1


def question(task_id: str) -> TaskStatus:
    return TaskStatus(task_id=TaskID(value=task_id), state=TaskState.TASK_STAGING)


def test_tasks_that_the_agent_does_not_know_are_dropped_or_lost() -> None:
    for aware, state in ((True, "DROPPED"), (False, "LOST")):
        stage = Stage()
        stage.run_task(task("known"), aware=aware)
        stage.ping(connected=False)
        statuses = (question("known"), question("unknown"))
        stage.reregister(
            reconciliations=(
                AgentReconciliation(framework_id=FRAMEWORK_ID, statuses=statuses, partition_aware=aware),
            )
        )
        assert stage.last("unknown") == (state, "RECONCILIATION")
        assert stage.states("known") == []


def test_an_executor_that_was_to_run_what_the_agent_does_not_know_is_told_to_be_gone() -> None:
    stage = Stage()
    stage.run_task(task("known"), aware=True)
    stage.ping(connected=False)
    unknown = replace(question("unknown"), executor_id=ExecutorID(value="lost"))
    stage.reregister(reconciliations=(AgentReconciliation(framework_id=FRAMEWORK_ID, statuses=(unknown,)),))
    assert [one.executor_id for one in stage.heard(ExecutorExited)] == ["lost"]


def test_a_master_that_takes_the_agent_for_another_ends_it() -> None:
    stage = Stage()
    stage.ping(connected=False)
    stage.sim.run_until(lambda: stage.heard(ReregisterAgent))
    stage.tell(AgentRegistered("m1-S9", PING_TIMEOUT_SECONDS))
    assert not stage.node.up
    assert "m1-S9" in (stage.node.failure or "")


def test_an_agent_that_is_shut_down_kills_everything_gives_up_its_id_and_ends() -> None:
    stage = Stage()
    control = stage.node.probe("node")
    stage.run_task()
    executor = stage.executor()
    executor.update("RUNNING")
    stage.tell(ShutdownAgent("marked gone"))
    assert executor.shut_down
    assert control.received == []
    stage.end()
    stage.sim.run_until(lambda: control.received == [StopNode()])
    assert stage.heard(UnregisterAgent) == []
    stage.start_again()
    stage.master.received.clear()
    stage.detect()
    stage.sim.run_until(lambda: stage.heard(RegisterAgent))


def test_an_agent_that_leaves_tells_its_master_when_everything_has_ended() -> None:
    stage = Stage()
    control = stage.node.probe("node")
    stage.run_task()
    executor = stage.executor()
    control.send(stage.pid, UnregisterAgent(""))
    stage.run()
    assert executor.shut_down
    stage.tell(RunTask(replace(framework(), id=FrameworkID(value="other")), task("t2")))
    assert len(stage.executors.launched) == 1
    stage.sim.run_until(lambda: stage.heard(UnregisterAgent))
    assert stage.heard(UnregisterAgent) == [UnregisterAgent(AGENT_ID)]
    stage.sim.run_until(lambda: control.received == [StopNode()])


def test_an_agent_that_leaves_does_not_register_again() -> None:
    stage = Stage()
    stage.run_task()
    stage.executor().update("RUNNING")
    stage.tell(ShutdownAgent("go"))
    stage.sim.disconnect("agent", "master")
    stage.run(3.0)
    assert stage.heard(ReregisterAgent) == []


def test_nobody_else_can_make_an_agent_leave() -> None:
    stage = Stage()
    control = stage.node.probe("node")
    stage.tell(UnregisterAgent(AGENT_ID))
    assert control.received == []


def test_a_kill_for_an_unknown_task_is_answered() -> None:
    stage = Stage()
    stage.tell(KillTask(FRAMEWORK_ID, "nobody"))
    assert stage.last("nobody") == ("LOST", "EXECUTOR_TERMINATED")
