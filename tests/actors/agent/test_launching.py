"""From RunTask to the executor."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.agent.executor import ExecutorState
from actors.simulation.filters import Hold
from tests.actors.agent.kept import volume
from tests.actors.agent.stage import (
    AGENT_ID,
    FRAMEWORK_ID,
    Stage,
    agent_info,
    custom,
    framework,
    resources,
    task,
)
from transport.messages.checkpointing import (
    Archive,
    Archived,
    MakeSandbox,
    Save,
    SaveExecutor,
    SaveFramework,
    SaveTask,
)
from transport.messages.executing import LaunchTask, LaunchTaskGroup
from transport.messages.hosting import LaunchExecutor
from transport.messages.launching import (
    ExecutorExited,
    FrameworkChanged,
    RunTask,
    ShutdownFramework,
    StatusUpdate,
)
from transport.records.executor import ExecutorInfo
from transport.records.task_status import TaskState


def saves(hold: Hold) -> tuple[Save, ...]:
    """What the one request asks the archive for that is kept back."""
    (envelope,) = hold.held
    assert isinstance(envelope.message, Archive)
    return envelope.message.saves


def test_everything_of_a_checkpointing_framework_is_kept_before_its_executor_is_started() -> None:
    stage = Stage()
    hold = stage.sim.hold(Archive, to=stage.node.pid_of("archive"))
    stage.run_task()
    assert stage.executors.launched == []
    assert [type(save) for save in saves(hold)] == [SaveFramework, SaveExecutor, SaveTask, MakeSandbox]
    hold.release()
    stage.run()
    assert len(stage.executors.launched) == 1


def test_of_other_frameworks_only_the_sandbox_is_made() -> None:
    stage = Stage()
    hold = stage.sim.hold(Archive, to=stage.node.pid_of("archive"))
    stage.run_task(checkpoint=False)
    assert [type(save) for save in saves(hold)] == [MakeSandbox]


def test_a_framework_is_kept_once() -> None:
    stage = Stage()
    stage.run_task()
    hold = stage.sim.hold(Archive, to=stage.node.pid_of("archive"))
    stage.run_task(task("t2"))
    assert SaveFramework not in [type(save) for save in saves(hold)]


def test_the_launch_of_an_executor_says_where_and_how() -> None:
    stage = Stage()
    stage.run_task(task(container=None))
    (launch,) = stage.executors.launched
    assert launch.sandbox.endswith(f"executors/t1/runs/{launch.container_id}")
    assert launch.environment["MESOS_DIRECTORY"] == launch.sandbox
    assert launch.environment["PION_AGENT_PID"] == str(stage.pid.whoever())
    assert launch.user == "root"
    assert launch.framework == framework()


def test_without_switch_user_executors_run_as_the_agents_user() -> None:
    stage = Stage(switch_user=False)
    stage.run_task()
    (launch,) = stage.executors.launched
    assert launch.user is None


def test_an_unknown_user_fails_the_task() -> None:
    stage = Stage()
    stage.run_task(user="nobody-here")
    assert stage.executors.launched == []
    assert stage.last() == ("FAILED", "CONTAINER_LAUNCH_FAILED")
    assert "nobody-here" in (stage.statuses()[-1].message or "")
    stage.acknowledge()
    assert not stage.agent.books.frameworks


def test_a_launch_that_is_said_twice_happens_once() -> None:
    stage = Stage()
    message = RunTask(framework(), task())
    stage.master.send(stage.pid, message)
    stage.master.send(stage.pid, message)
    stage.run()
    stage.run_task()
    assert len(stage.executors.launched) == 1
    executor = stage.executor()
    assert executor.launched == ["t1"]


def test_a_launch_that_comes_right_after_its_task_was_over_is_passed_over() -> None:
    stage = Stage()
    stage.run_task()
    stage.executor().update("FINISHED")
    stage.end()
    stage.acknowledge()
    told = stage.last()
    stage.run_task()
    assert stage.last() == told
    assert len(stage.executors.launched) == 1
    stage.run(3.0)
    stage.run_task()
    assert len(stage.executors.launched) == 2


def test_tasks_wait_for_their_executor_and_are_given_to_it_in_order() -> None:
    stage = Stage()
    for task_id in ("t1", "t2", "t3"):
        stage.run_task(task(task_id, executor=custom()), launch_executor=task_id == "t1")
    assert len(stage.executors.launched) == 1
    executor = stage.executor("e1")
    assert executor.launched == ["t1", "t2", "t3"]
    stage.run_task(task("t4", executor=custom(), needs="cpus:0.1"), launch_executor=False)
    assert executor.launched[-1] == "t4"


def test_a_task_for_an_executor_that_is_gone_is_dropped_or_lost() -> None:
    for aware, state in ((True, "DROPPED"), (False, "LOST")):
        stage = Stage()
        stage.run_task(task(executor=custom()), launch_executor=False, aware=aware)
        assert stage.last() == (state, "EXECUTOR_TERMINATED")
        assert not stage.agent.books.frameworks


def test_a_task_for_an_executor_that_ends_is_dropped() -> None:
    stage = Stage()
    stage.run_task(task(executor=custom()), launch_executor=True)
    stage.executor("e1")
    framework_entry = stage.agent.books.frameworks[FRAMEWORK_ID]
    stage.shut_down_executor("e1")
    assert framework_entry.executors["e1"].state is ExecutorState.TERMINATING
    stage.run_task(task("t2", executor=custom()), launch_executor=False)
    assert stage.last("t2") == ("DROPPED", "EXECUTOR_TERMINATED")


def test_the_master_learns_that_an_executor_is_not_started_for_a_task_that_is_refused() -> None:
    stage = Stage()
    stage.run_task(task("t1", "cpus:5", executor=custom()), launch_executor=True)
    assert stage.last() == ("DROPPED", "RESOURCES_UNKNOWN")
    assert stage.heard(ExecutorExited) == [ExecutorExited(FRAMEWORK_ID, AGENT_ID, "e1", -1)]


def test_the_master_learns_that_an_executor_was_not_started_as_its_first_task_was_killed() -> None:
    stage = Stage()
    hold = stage.sim.hold(Archive, to=stage.node.pid_of("archive"))
    stage.run_task(task(executor=custom()), launch_executor=True)
    stage.kill()
    hold.release()
    stage.run()
    assert len(stage.heard(ExecutorExited)) == 1


def test_a_command_task_whose_id_is_that_of_an_executor_in_use_is_dropped() -> None:
    stage = Stage()
    stage.run_task(task("t1", executor=custom("t2")), launch_executor=True)
    stage.run_task(task("t2"))
    assert stage.last("t2") == ("DROPPED", "EXECUTOR_TERMINATED")


@pytest.mark.parametrize("needs", ["cpus:5;mem:64", "cpus:1;gpus:1", "ports:[1-2]"])
def test_a_task_that_wants_what_the_agent_does_not_have_is_dropped(needs: str) -> None:
    stage = Stage()
    stage.run_task(task(needs=needs))
    assert stage.last() == ("DROPPED", "RESOURCES_UNKNOWN")
    assert stage.executors.launched == []


def test_the_agent_never_gives_away_what_is_taken() -> None:
    stage = Stage()
    stage.run_task(task("t1", "cpus:3;mem:64"))
    stage.run_task(task("t2", "cpus:2;mem:64"))
    assert stage.last("t2") == ("DROPPED", "RESOURCES_UNKNOWN")
    stage.executor().update("FAILED")
    stage.run_task(task("t3", "cpus:4;mem:64"))
    assert [one.executor.executor_id.value for one in stage.executors.launched] == ["t1", "t3"]


def test_volumes_of_a_task_are_seen_in_its_sandbox() -> None:
    stage = Stage(info=replace(agent_info(), resources=(*agent_info().resources, volume())))
    hold = stage.sim.hold(Archive, to=stage.node.pid_of("archive"))
    stage.run_task(replace(task(), resources=(*resources("cpus:1"), volume())))
    (made,) = [save for save in saves(hold) if isinstance(save, MakeSandbox)]
    assert made.volumes == (volume(),)


def test_a_group_is_given_to_its_executor_together() -> None:
    stage = Stage()
    stage.run_group(task("a"), task("b"))
    (launch,) = stage.executors.launched
    assert launch.executor.type is ExecutorInfo.Type.DEFAULT
    assert not launch.generated
    executor = stage.executor("group")
    (message,) = executor.heard(LaunchTaskGroup)
    assert [info.task_id.value for info in message.group.tasks] == ["a", "b"]
    assert executor.heard(LaunchTask) == []
    executor.update("RUNNING", "a")
    executor.update("RUNNING", "b")
    assert stage.states("a") == stage.states("b") == ["RUNNING"]


def test_a_group_that_does_not_fit_as_a_whole_is_dropped_as_a_whole() -> None:
    stage = Stage()
    stage.run_group(task("a", "cpus:3"), task("b", "cpus:3"))
    assert stage.last("a") == stage.last("b") == ("DROPPED", "RESOURCES_UNKNOWN")


def test_tasks_of_a_framework_that_was_ended_are_not_launched() -> None:
    stage = Stage()
    stage.tell(ShutdownFramework(FRAMEWORK_ID))
    stage.run_task()
    assert stage.executors.launched == []
    assert stage.states() == []


def test_launches_wait_for_the_executor_node() -> None:
    stage = Stage(registered=False)
    stage.sim.cut("hosts", "agent")
    stage.register()
    stage.run_task()
    assert stage.executors.launched == []
    stage.sim.heal()
    stage.sim.run_until(lambda: stage.executors.launched)


def test_a_lost_launch_is_told_again() -> None:
    stage = Stage()
    lost = stage.sim.drop(LaunchExecutor, times=1)
    stage.run_task()
    assert len(lost.dropped) == 1
    stage.sim.run_until(lambda: stage.executors.launched)
    lost = stage.sim.drop(LaunchTask, times=1)
    executor = stage.executor()
    assert len(lost.dropped) == 1
    stage.sim.run_until(lambda: executor.launched == ["t1"])
    executor.update("RUNNING")
    stage.run(30.0)
    assert executor.launched == ["t1"]
    assert len(stage.executors.launched) == 1


def test_no_task_overtakes_the_one_for_which_the_sandbox_is_made() -> None:
    stage = Stage()
    hold = stage.sim.hold(Archive, to=stage.node.pid_of("archive"))
    for task_id in ("t1", "t2"):
        stage.run_task(task(task_id, executor=custom()), checkpoint=False)
    assert stage.executors.launched == []
    hold.release()
    stage.run()
    (launched,) = stage.executors.launched
    assert launched.sandbox


def test_no_launch_overtakes_one_that_has_waited_for_the_sandbox() -> None:
    stage = Stage()
    hold = stage.sim.hold(Archived, where=lambda answer: not answer.sandbox)
    for task_id in ("t1", "t2"):
        info = task(task_id, "cpus:0.1;mem:1", executor=custom())
        stage.master.send(stage.pid, RunTask(framework(checkpoint=False), info))
    stage.run_task(task("t3", "cpus:0.1;mem:1", executor=custom()), checkpoint=False)
    executor = stage.executor("e1")
    assert executor.launched == ["t1"]
    hold.release()
    stage.run()
    assert executor.launched == ["t1", "t2", "t3"]


def test_draining_agents_take_no_tasks() -> None:
    stage = Stage()
    stage.drain()
    stage.run_task()
    assert stage.last() == ("DROPPED", "AGENT_DRAINING")


def test_a_change_of_the_framework_is_kept_and_its_checkpointing_stays() -> None:
    stage = Stage()
    stage.run_task()
    stage.tell(FrameworkChanged(framework(checkpoint=False, webui_url="http://shop")))
    entry = stage.agent.books.frameworks[FRAMEWORK_ID]
    assert entry.info.webui_url == "http://shop"
    assert entry.checkpoint
    stage.start_again()
    stage.run(0.1)
    assert stage.agent.books.frameworks[FRAMEWORK_ID].info.webui_url == "http://shop"


def test_a_framework_that_is_back_hears_at_once_what_it_has_missed() -> None:
    stage = Stage()
    stage.run_task()
    stage.executor().update("RUNNING")
    stage.run(15.0)
    heard = len(stage.heard(StatusUpdate))
    stage.run(5.0)
    assert len(stage.heard(StatusUpdate)) == heard
    stage.tell(FrameworkChanged(framework()))
    stage.run(1.0)
    assert len(stage.heard(StatusUpdate)) == heard + 1


def test_a_task_is_staging_until_its_executor_says_something() -> None:
    stage = Stage()
    stage.run_task()
    stage.executor()
    entry = stage.agent.books.frameworks[FRAMEWORK_ID].tasks["t1"]
    assert entry.state is TaskState.TASK_STAGING
    assert stage.states() == []
