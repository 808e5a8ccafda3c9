"""Kills, wherever a task is on its way, and draining."""

from __future__ import annotations

import pytest

from actors.agent.killing import drain_policy
from tests.actors.agent.stage import FRAMEWORK_ID, Stage, custom, task
from transport.messages.checkpointing import Archive
from transport.messages.executing import KillExecutorTask, LaunchTask
from transport.messages.launching import KillTask, StatusUpdate
from transport.messages.membership import ReactivateAgent
from transport.records.agent import DrainConfig
from transport.records.check import KillPolicy
from transport.records.time_info import DurationInfo

KILLED = ("KILLED", "TASK_KILLED_DURING_LAUNCH")


def policy(seconds: float) -> KillPolicy:
    return KillPolicy(grace_period=DurationInfo(nanoseconds=int(seconds * 1e9)))


def test_a_running_task_is_killed_by_its_executor() -> None:
    stage = Stage()
    stage.run_task()
    executor = stage.executor()
    executor.update("RUNNING")
    stage.tell(KillTask(FRAMEWORK_ID, "t1", policy(7)))
    assert executor.heard(KillExecutorTask) == [KillExecutorTask("t1", policy(7))]
    executor.update("KILLED")
    stage.acknowledge()
    stage.acknowledge()
    assert stage.states() == ["RUNNING", "KILLED"]


def test_a_task_that_is_killed_while_its_checkpoint_is_made_is_never_launched() -> None:
    stage = Stage()
    hold = stage.sim.hold(Archive, to=stage.node.pid_of("archive"))
    stage.run_task()
    stage.kill()
    assert stage.states() == []
    hold.release()
    stage.run()
    assert stage.last() == KILLED
    assert stage.executors.launched == []
    stage.acknowledge()
    assert not stage.agent.books.frameworks


def test_several_tasks_that_are_killed_while_their_checkpoints_are_made() -> None:
    stage = Stage()
    hold = stage.sim.hold(Archive, to=stage.node.pid_of("archive"))
    for task_id in ("t1", "t2"):
        stage.run_task(task(task_id, executor=custom()), launch_executor=task_id == "t1")
        stage.kill(task_id)
    hold.release()
    stage.run()
    assert stage.last("t1") == stage.last("t2") == KILLED
    assert stage.executors.launched == []


def test_a_task_that_is_killed_while_its_executor_starts_is_never_given_to_it() -> None:
    stage = Stage()
    stage.run_task()
    stage.kill()
    assert stage.last() == KILLED
    assert stage.executors.destroyed == [stage.container()]
    executor = stage.executor()
    assert executor.launched == []
    assert executor.shut_down


def test_an_executor_whose_first_tasks_are_all_killed_ends_before_it_subscribes() -> None:
    stage = Stage()
    for task_id in ("t1", "t2"):
        stage.run_task(task(task_id, executor=custom()), launch_executor=task_id == "t1")
    stage.kill("t1")
    assert stage.executors.destroyed == []
    stage.kill("t2")
    assert stage.executors.destroyed == [stage.container("e1")]


def test_an_executor_that_has_other_tasks_goes_on() -> None:
    stage = Stage()
    for task_id in ("t1", "t2"):
        stage.run_task(task(task_id, executor=custom()), launch_executor=task_id == "t1")
    stage.kill("t1")
    executor = stage.executor("e1")
    assert executor.launched == ["t2"]
    assert not executor.shut_down


def test_killing_one_of_a_group_before_it_is_launched_kills_the_group() -> None:
    stage = Stage()
    stage.run_group(task("a"), task("b"))
    stage.kill("b")
    assert stage.last("a") == stage.last("b") == KILLED
    assert stage.executor("group").launched == []


def test_killing_one_of_a_group_while_its_checkpoint_is_made_kills_the_group() -> None:
    stage = Stage()
    hold = stage.sim.hold(Archive, to=stage.node.pid_of("archive"))
    stage.run_group(task("a"), task("b"))
    stage.kill("a")
    hold.release()
    stage.run()
    assert stage.last("a") == stage.last("b") == KILLED
    assert stage.executors.launched == []


@pytest.mark.parametrize("killed", ["a", "b"])
def test_killing_one_group_leaves_the_other_of_the_same_executor(killed: str) -> None:
    stage = Stage()
    stage.run_group(task("a"))
    stage.run_group(task("b"))
    stage.kill(killed)
    assert stage.last(killed) == KILLED
    assert stage.executor("group").launched == [name for name in ("a", "b") if name != killed]


def test_a_kill_of_an_unknown_task_is_answered_as_the_framework_knows_it() -> None:
    for aware, state in ((True, "DROPPED"), (False, "LOST")):
        stage = Stage()
        stage.run_task(aware=aware)
        stage.kill("other")
        assert stage.last("other") == (state, "EXECUTOR_TERMINATED")


def test_a_kill_that_overtakes_its_launch_wins() -> None:
    stage = Stage()
    stage.kill()
    stage.run_task()
    assert stage.executors.launched == []
    assert stage.states()[-1] in ("LOST", "DROPPED")


def test_a_kill_of_a_task_that_is_over_is_not_answered() -> None:
    stage = Stage()
    stage.run_task()
    stage.executor().update("FINISHED")
    stage.kill()
    stage.end()
    stage.acknowledge()
    stage.master.received.clear()
    stage.kill()
    assert stage.heard(StatusUpdate) == []


def test_a_kill_is_told_again_until_the_task_is_over() -> None:
    stage = Stage()
    stage.run_task()
    executor = stage.executor()
    executor.update("RUNNING")
    lost = stage.sim.drop(KillExecutorTask, times=2)
    stage.kill()
    stage.run(30.0)
    assert len(lost.dropped) == 2
    assert executor.killed
    executor.update("KILLED")
    before = len(executor.killed)
    stage.run(30.0)
    assert len(executor.killed) == before


def test_a_task_whose_launch_was_lost_and_that_is_killed_is_not_launched_again() -> None:
    stage = Stage()
    stage.sim.drop(LaunchTask, times=1)
    stage.run_task()
    executor = stage.executor()
    stage.kill()
    stage.sim.run_until(lambda: executor.asked_again)
    executor.subscribe()
    assert stage.last() == KILLED
    assert executor.launched == []
    assert executor.shut_down


# --- draining ---


def test_draining_kills_running_tasks_in_time() -> None:
    stage = Stage()
    stage.run_task(task("t1", kill_policy=policy(60)))
    stage.run_task(task("t2", kill_policy=policy(1)))
    one, two = stage.executor("t1"), stage.executor("t2")
    one.update("RUNNING", "t1")
    two.update("RUNNING", "t2")
    stage.drain(10)
    assert one.heard(KillExecutorTask) == [KillExecutorTask("t1", policy(10))]
    assert two.heard(KillExecutorTask) == [KillExecutorTask("t2", None)]


def test_what_draining_does_to_tasks_is_told_as_such() -> None:
    stage = Stage()
    stage.run_task()
    executor = stage.executor()
    executor.update("RUNNING")
    stage.drain()
    executor.update("KILLING")
    executor.update("KILLED")
    for _ in range(3):
        stage.acknowledge()
    assert stage.states() == ["RUNNING", "KILLING", "KILLED"]
    assert [status.reason is not None for status in stage.statuses()] == [False, True, True]
    assert stage.last() == ("KILLED", "AGENT_DRAINING")


def test_tasks_of_an_agent_that_will_be_gone_are_gone_by_operator() -> None:
    stage = Stage()
    stage.run_task()
    executor = stage.executor()
    stage.drain(mark_gone=True)
    executor.update("KILLED")
    assert stage.last() == ("GONE_BY_OPERATOR", "AGENT_DRAINING")


def test_draining_kills_tasks_that_wait_for_their_executor() -> None:
    stage = Stage()
    stage.run_task()
    stage.drain()
    assert stage.last() == ("KILLED", "AGENT_DRAINING")
    assert stage.executor().launched == []


def test_draining_kills_tasks_whose_checkpoint_is_being_made() -> None:
    stage = Stage()
    hold = stage.sim.hold(Archive, to=stage.node.pid_of("archive"))
    stage.run_task()
    stage.drain()
    hold.release()
    stage.run()
    assert stage.last() == ("KILLED", "AGENT_DRAINING")
    assert stage.executors.launched == []


def test_draining_survives_a_restart_until_it_is_over() -> None:
    stage = Stage()
    stage.drain(10, mark_gone=True)
    stage.start_again()
    stage.detect()
    told = stage.reregister().drain_config
    assert told is not None
    assert told.mark_gone
    stage.run_task()
    assert stage.last() == ("DROPPED", "AGENT_DRAINING")
    stage.tell(ReactivateAgent())
    stage.run_task(task("t2"))
    assert len(stage.executors.launched) == 1
    stage.start_again()
    stage.detect()
    assert stage.reregister().drain_config is None


def test_a_task_that_did_not_hear_of_draining_is_killed_after_the_restart() -> None:
    stage = Stage()
    stage.run_task()
    executor = stage.executor()
    executor.update("RUNNING")
    stage.sim.drop(KillExecutorTask, times=1)
    stage.drain()
    assert executor.killed == []
    stage.start_again()
    stage.run(0.1)
    executor.subscribe()
    assert executor.killed == ["t1"]


@pytest.mark.parametrize(
    ("longest", "own", "used"),
    [(None, 60.0, None), (10.0, 60.0, 10.0), (10.0, 5.0, None), (10.0, None, None), (1.0, None, 1.0)],
)
def test_a_drained_task_has_its_own_grace_but_no_more_than_the_drain_allows(
    longest: float | None, own: float | None, used: float | None
) -> None:
    config = DrainConfig(max_grace_period=None if longest is None else policy(longest).grace_period)
    expected = None if used is None else policy(used)
    assert drain_policy(config, None if own is None else policy(own)) == expected
