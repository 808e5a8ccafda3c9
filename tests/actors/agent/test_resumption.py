"""An agent that was killed comes back: what survives, what does not, and at which step."""

from __future__ import annotations

from msgspec.structs import replace

from actors.agent.executor import ExecutorState
from actors.units import Duration
from tests.actors.agent.stage import (
    AGENT_ID,
    FRAMEWORK_ID,
    ExecutorDouble,
    Stage,
    agent_info,
    custom,
    flags,
    framework,
    task,
)
from transport.messages.checkpointing import StreamUpdate
from transport.messages.detection import WatchLeader
from transport.messages.executing import KillExecutorTask
from transport.messages.hosting import RecoverExecutors
from transport.messages.launching import ExecutorExited, RunTask, ShutdownFramework, StatusUpdate
from transport.messages.membership import AgentReconciliation, RegisterAgent, ReregisterAgent
from transport.messages.node import StopNode
from transport.records.ids import FrameworkID, TaskID
from transport.records.task_status import TaskState, TaskStatus


def running(stage: Stage, task_id: str = "t1", **others: object) -> ExecutorDouble:
    stage.run_task(task(task_id), **others)  # type: ignore[arg-type]
    executor = stage.executor(task_id)
    executor.update("RUNNING", task_id)
    return executor


def back(stage: Stage, *executors: ExecutorDouble) -> ReregisterAgent:
    """Kill the agent, start it again, let these executors subscribe, and let it register."""
    stage.start_again()
    stage.run(0.1)
    for executor in executors:
        executor.subscribe()
    stage.detect()
    return stage.reregister()


def test_an_executor_goes_on_under_the_next_agent() -> None:
    stage = Stage()
    executor = running(stage)
    told = back(stage, executor)
    assert [one.state for one in told.tasks] == [TaskState.TASK_RUNNING]
    stage.acknowledge()
    executor.update("FINISHED")
    stage.acknowledge()
    stage.end()
    assert stage.states() == ["RUNNING", "FINISHED"]
    assert stage.executors.destroyed == []
    assert not stage.agent.books.frameworks


def test_updates_name_the_executors_process_also_after_a_restart() -> None:
    stage = Stage()
    executor = running(stage)
    back(stage, executor)
    stage.acknowledge()
    executor.update("FINISHED")
    container = stage.statuses()[-1].container_status
    assert container is not None
    assert container.executor_pid == 4712


def test_the_agent_keeps_its_id() -> None:
    stage = Stage()
    stage.start_again()
    stage.detect()
    told = stage.reregister()
    assert told.info.id is not None
    assert told.info.id.value == AGENT_ID
    assert len(stage.heard(RegisterAgent)) == 1


def test_an_agent_registers_as_soon_as_all_executors_are_back_and_not_before() -> None:
    stage = Stage(executor_reregistration_timeout=Duration.of(10))
    one, two = running(stage, "t1"), running(stage, "t2")
    stage.start_again()
    stage.run(0.1)
    one.subscribe()
    assert not any(isinstance(message, WatchLeader) for message in stage.detector.received)
    two.subscribe()
    assert any(isinstance(message, WatchLeader) for message in stage.detector.received)


def test_executors_that_do_not_come_back_in_time_are_destroyed() -> None:
    for aware, state in ((True, "GONE"), (False, "LOST")):
        stage = Stage()
        running(stage, aware=aware)
        stage.start_again()
        stage.run(1.9)
        assert stage.executors.destroyed == []
        stage.run(1.0)
        assert stage.executors.destroyed == [stage.container()]
        stage.detect()
        stage.reregister()
        stage.acknowledge()
        assert stage.last() == (state, "EXECUTOR_REREGISTRATION_TIMEOUT")


def test_an_executor_that_comes_back_too_late_is_shut_down() -> None:
    stage = Stage()
    executor = running(stage)
    stage.start_again()
    stage.run(3.0)
    executor.subscribe()
    assert executor.shut_down


def test_an_executor_that_ended_while_the_agent_was_away() -> None:
    stage = Stage()
    running(stage)
    stage.crash()
    stage.end("t1", 9, message="killed by hand")
    stage.restart()
    stage.detect()
    stage.reregister()
    stage.acknowledge()
    assert stage.last() == ("FAILED", "EXECUTOR_TERMINATED")
    assert stage.statuses()[-1].message == "killed by hand"


def test_an_end_that_the_master_was_told_of_stays_though_its_tasks_updates_got_lost() -> None:
    stage = Stage()
    stage.run_task(task(executor=custom()), launch_executor=True)
    stage.executor("e1").update("RUNNING")
    stage.acknowledge()
    stage.sim.drop(StreamUpdate, times=1)
    stage.end("e1", 9, message="killed by hand")
    assert [one.status for one in stage.heard(ExecutorExited)] == [9]
    stage.executors.ended.clear()
    stage.start_again()
    stage.run(0.1)
    assert stage.agent.books.executor_counts[ExecutorState.TERMINATED] == 1
    assert not stage.agent.books.used
    stage.detect()
    assert stage.reregister().executors == ()
    assert stage.last() == ("FAILED", "EXECUTOR_TERMINATED")
    assert stage.statuses()[-1].message == "killed by hand"


def test_a_restart_before_the_executor_was_started() -> None:
    stage = Stage()
    hold = stage.sim.hold(to=stage.hosts.pid_of("executors"))
    stage.run_task()
    stage.crash()
    hold.release()
    stage.run()
    stage.hosts.kill_process()
    stage.hosts.restart()
    stage.restart()
    stage.detect()
    stage.reregister()
    assert stage.last() == ("FAILED", "EXECUTOR_TERMINATED")


def test_a_task_that_its_executor_never_got_is_dropped_or_lost() -> None:
    for aware, state in ((True, "DROPPED"), (False, "LOST")):
        stage = Stage()
        for task_id in ("t1", "t2"):
            info = task(task_id, executor=custom())
            stage.run_task(info, launch_executor=task_id == "t1", aware=aware)
        executor = stage.executor("e1")
        executor.update("RUNNING", "t1")
        stage.acknowledge("t1")
        stage.start_again()
        stage.run(0.1)
        executor.subscribe()
        stage.detect()
        stage.reregister()
        assert stage.last("t2") == (state, "AGENT_RESTARTED")
        assert executor.heard(KillExecutorTask) == [KillExecutorTask("t2")]
        assert not executor.shut_down


def test_a_task_that_its_executor_got_stays() -> None:
    stage = Stage()
    info = task(executor=custom())
    stage.run_task(info, launch_executor=True)
    executor = stage.executor("e1")
    stage.start_again()
    stage.run(0.1)
    executor.subscribe(tasks=(info,))
    stage.detect()
    (told,) = stage.reregister().tasks
    assert told.state is TaskState.TASK_STAGING
    executor.update("RUNNING")
    assert stage.states() == ["RUNNING"]


def test_an_executor_that_came_back_runs_further_tasks() -> None:
    stage = Stage()
    info = task(executor=custom())
    stage.run_task(info, launch_executor=True)
    executor = stage.executor("e1")
    stage.start_again()
    stage.run(0.1)
    executor.subscribe(tasks=(info,))
    stage.detect()
    stage.reregister()
    stage.run_task(task("t2", executor=custom()), launch_executor=False)
    assert executor.launched == ["t1", "t2"]
    assert stage.states("t2") == []


def test_an_executor_without_any_task_after_a_restart_is_shut_down() -> None:
    stage = Stage()
    stage.run_task(task(executor=custom()), launch_executor=True)
    executor = stage.executor("e1")
    stage.start_again()
    stage.run(0.1)
    executor.subscribe()
    assert executor.shut_down


def test_updates_that_the_agent_missed_come_with_the_subscription() -> None:
    stage = Stage()
    executor = running(stage)
    stage.acknowledge()
    stage.crash()
    finished = executor.status("FINISHED")
    stage.restart()
    stage.run(0.1)
    executor.subscribe(updates=(finished,))
    stage.detect()
    stage.reregister()
    assert stage.states() == ["RUNNING", "FINISHED"]


def test_updates_that_were_not_acknowledged_are_sent_again_and_others_are_not() -> None:
    stage = Stage()
    executor = running(stage)
    stage.acknowledge()
    executor.update("FINISHED")
    stage.start_again()
    stage.master.received.clear()
    stage.detect()
    stage.reregister()
    assert [update.status.state.name for update in stage.heard(StatusUpdate)] == ["TASK_FINISHED"]


def test_an_executor_that_is_over_is_not_recovered_and_its_files_go() -> None:
    stage = Stage()
    executor = running(stage)
    executor.update("FINISHED")
    stage.acknowledge()
    stage.acknowledge()
    stage.end()
    stage.start_again()
    stage.detect()
    assert stage.reregister().tasks == ()
    assert not stage.agent.books.containers


def test_executors_of_frameworks_that_do_not_checkpoint_are_destroyed() -> None:
    stage = Stage()
    running(stage, checkpoint=False)
    container_id = stage.container()
    stage.start_again()
    stage.detect()
    assert stage.reregister().tasks == ()
    assert stage.executors.destroyed == [container_id]


def test_the_master_is_told_what_became_of_tasks_that_did_not_survive() -> None:
    stage = Stage()
    running(stage, checkpoint=False)
    stage.start_again()
    stage.detect()
    status = TaskStatus(task_id=TaskID(value="t1"), state=TaskState.TASK_RUNNING)
    unknown = AgentReconciliation(framework_id=FRAMEWORK_ID, statuses=(status,), partition_aware=True)
    stage.reregister(reconciliations=(unknown,))
    assert stage.last() == ("DROPPED", "RECONCILIATION")


def test_after_a_reboot_nothing_runs_and_the_id_is_kept() -> None:
    for aware, state in ((True, "GONE"), (False, "LOST")):
        stage = Stage()
        running(stage, aware=aware)
        stage.crash()
        stage.boot_id = "boot-2"
        stage.executors.running.clear()
        stage.restart()
        stage.detect()
        told = stage.reregister()
        assert told.info.id is not None
        assert told.info.id.value == AGENT_ID
        stage.acknowledge()
        assert stage.last() == (state, "AGENT_RESTARTED")


def test_a_changed_description_is_refused_with_words() -> None:
    stage = Stage()
    stage.crash()
    stage.info = agent_info("cpus:8;mem:4096")
    stage.restart()
    stage.run()
    assert not stage.node.up
    assert "resources" in (stage.node.failure or "")
    assert "meta/slaves/latest" in (stage.node.failure or "")


def test_a_changed_description_after_a_reboot_makes_it_a_new_agent() -> None:
    stage = Stage()
    running(stage)
    stage.crash()
    stage.boot_id = "boot-2"
    stage.executors.running.clear()
    stage.info = agent_info("cpus:8;mem:4096")
    stage.restart()
    stage.master.received.clear()
    stage.detect()
    stage.sim.run_until(lambda: stage.heard(RegisterAgent))
    assert stage.heard(RegisterAgent)[0].info.id is None


def test_an_agent_may_grow_where_that_is_allowed() -> None:
    stage = Stage(reconfiguration_policy="additive")
    executor = running(stage)
    stage.crash()
    stage.info = agent_info("cpus:8;mem:8192;disk:1024;ports:[31000-31999]")
    stage.restart()
    stage.run(0.1)
    executor.subscribe()
    stage.detect()
    told = stage.reregister()
    assert told.info.resources == stage.info.resources
    assert told.resources == stage.info.resources
    assert [one.state for one in told.tasks] == [TaskState.TASK_RUNNING]
    stage.run_task(task("t2", "cpus:7;mem:64"))
    assert len(stage.executors.launched) == 2


def test_cleaning_up_ends_all_executors_and_then_the_agent() -> None:
    stage = Stage()
    executor = running(stage)
    stage.crash()
    stage.flags = flags(recover="cleanup")
    stage.restart()
    control = stage.node.probe("node")
    stage.run(0.1)
    executor.subscribe()
    assert executor.shut_down
    stage.end()
    stage.sim.run_until(lambda: control.received == [StopNode()])
    assert not any(isinstance(message, WatchLeader) for message in stage.detector.received)


def test_cleaning_up_destroys_executors_that_do_not_come_back() -> None:
    stage = Stage()
    running(stage)
    stage.crash()
    stage.flags = flags(recover="cleanup")
    stage.restart()
    control = stage.node.probe("node")
    stage.sim.run_until(lambda: control.received == [StopNode()])
    assert stage.executors.destroyed == [stage.container()]


def test_a_framework_that_ends_while_the_agent_was_away_ends_after_its_return() -> None:
    stage = Stage()
    executor = running(stage)
    back(stage, executor)
    stage.tell(ShutdownFramework(FRAMEWORK_ID))
    assert executor.shut_down


def test_a_framework_that_was_ended_does_not_come_back_with_the_agent_and_others_hold_what_it_held() -> None:
    stage = Stage()
    stage.run_task(task("t1", "cpus:4;mem:64"))
    stage.executor("t1").update("RUNNING")
    stage.tell(ShutdownFramework(FRAMEWORK_ID))
    other = replace(framework(), id=FrameworkID(value="m1-0001"))
    stage.tell(RunTask(other, task("t2", "cpus:4;mem:64")))
    assert [one.executor.executor_id.value for one in stage.executors.launched] == ["t1", "t2"]
    stage.start_again()
    stage.run(0.1)
    assert list(stage.agent.books.frameworks) == ["m1-0001"]
    assert stage.executors.destroyed == [stage.container("t1")]


def test_a_kill_after_the_return_reaches_the_executor() -> None:
    stage = Stage()
    executor = running(stage)
    back(stage, executor)
    stage.kill()
    assert executor.killed == ["t1"]
    executor.update("KILLED")
    stage.acknowledge()
    stage.acknowledge()
    assert stage.states() == ["RUNNING", "KILLED"]


def test_the_question_what_runs_is_repeated() -> None:
    stage = Stage()
    executor = running(stage)
    stage.crash()
    lost = stage.sim.drop(RecoverExecutors, times=3)
    stage.restart()
    stage.sim.run_until(lambda: len(lost.dropped) == 3)
    stage.run(1.5)
    executor.subscribe()
    stage.detect()
    assert [one.state for one in stage.reregister().tasks] == [TaskState.TASK_RUNNING]


def test_what_a_task_holds_is_known_after_the_return() -> None:
    stage = Stage()
    executor = running(stage)
    back(stage, executor)
    stage.run_task(task("t2", "cpus:4;mem:64"))
    assert stage.last("t2") == ("DROPPED", "RESOURCES_UNKNOWN")
