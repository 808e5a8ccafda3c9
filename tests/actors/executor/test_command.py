from __future__ import annotations

from functools import partial
from signal import SIGKILL, SIGTERM

import pytest
from msgspec.structs import replace

from actors.executor.command import CommandExecutor
from tests.actors.executor.agents import framework
from tests.actors.executor.containers import ScriptedContainerizer
from tests.actors.executor.hosts import CONTAINER, Host
from tests.actors.executor.tasks import command_task, environment, policy
from transport.messages.containing import AdoptContainer
from transport.messages.executing import LaunchTask
from transport.pid import Pid
from transport.records.command import CommandInfo
from transport.records.container import ContainerInfo
from transport.records.task_status import TaskState, TaskStatus

STARTING, RUNNING, KILLING = TaskState.TASK_STARTING, TaskState.TASK_RUNNING, TaskState.TASK_KILLING
FINISHED, FAILED, KILLED = TaskState.TASK_FINISHED, TaskState.TASK_FAILED, TaskState.TASK_KILLED
KNOWS_KILLING = framework(has_killing=True)


def deaf() -> ScriptedContainerizer:
    """Containers that do not end by SIGTERM."""
    return ScriptedContainerizer(obeys=False)


def running(host: Host, *, grace: float | None = None, completion: float | None = None) -> Host:
    host.launch(command_task(grace=grace, completion=completion))
    host.until(STARTING, RUNNING)
    return host


def test_a_command_that_exits_with_0_is_finished_and_its_executor_ends() -> None:
    host = running(Host())
    host.containers.end(CONTAINER, 0)
    host.until(STARTING, RUNNING, FINISHED)
    assert host.last.message == "Command exited with status 0"
    host.ended()


def test_a_command_that_does_not_has_failed() -> None:
    host = running(Host())
    host.containers.end(CONTAINER, 3 << 8)
    host.until(STARTING, RUNNING, FAILED)
    assert host.last.message == "Command exited with status 3"
    host.ended()


def test_the_command_runs_in_the_sandbox_with_its_environment_as_its_user() -> None:
    host = Host(environment={"MESOS_EXECUTOR_ID": "executor-1", "MESOS_DIRECTORY": "/sandbox"}, user="alice")
    command = CommandInfo(value="echo $A", user="bob", environment=environment({"A": "1"}))
    host.launch(command_task(command=command))
    host.until(STARTING, RUNNING)
    spec = host.containers.specs[CONTAINER]
    assert spec.arguments == ("/bin/sh", "-c", "echo $A")
    assert (spec.directory, spec.stdout, spec.user) == ("/sandbox", "/sandbox/stdout", "bob")
    assert spec.environment["A"] == "1"
    assert spec.environment["MESOS_EXECUTOR_ID"] == "executor-1"


def test_every_update_says_when_by_whom_and_has_an_id_of_its_own() -> None:
    host = running(Host())
    one, two = host.books.statuses()
    assert one.uuid is not None and two.uuid is not None
    assert len(one.uuid) == len(two.uuid) == 16 and one.uuid != two.uuid
    for status in (one, two):
        assert status.source is TaskStatus.Source.SOURCE_EXECUTOR
        assert status.executor_id is not None and status.executor_id.value == "executor-1"
        assert status.timestamp is not None


def test_a_command_that_says_nothing_to_run_fails() -> None:
    host = Host()
    host.launch(command_task(command=CommandInfo(value="")))
    host.until(FAILED)
    assert host.last.reason is TaskStatus.Reason.REASON_CONTAINER_LAUNCH_FAILED
    assert host.last.message == "command.value: must name a shell command"
    host.ended()


def test_a_container_that_cannot_be_started_fails_the_task() -> None:
    host = Host(containers=ScriptedContainerizer(holds=True))
    host.launch(command_task())
    host.until(STARTING)
    host.containers.end(CONTAINER, None, "program 'x': No such file or directory")
    host.until(STARTING, FAILED)
    assert host.last.reason is TaskStatus.Reason.REASON_CONTAINER_LAUNCH_FAILED
    host.ended()


def test_a_second_task_fails_and_the_first_goes_on() -> None:
    host = running(Host())
    host.agent.launch(command_task("task-2"))
    host.until(FAILED, task_id="task-2")
    assert host.containers.running
    host.containers.end(CONTAINER)
    host.until(STARTING, RUNNING, FINISHED, task_id="task-1")
    host.ended()


def test_a_kill_is_sigterm_and_the_task_was_killed() -> None:
    host = running(Host(framework_info=KNOWS_KILLING))
    host.agent.kill("task-1")
    host.until(STARTING, RUNNING, KILLING, KILLED)
    assert host.containers.signals == [(CONTAINER, SIGTERM)]
    assert host.last.message == "Command terminated with signal Terminated"
    host.ended()
    assert host.containers.destroyed == []


@pytest.mark.parametrize(
    ("own", "override", "seconds"), [(None, None, 3.0), (7.0, None, 7.0), (7.0, 1.5, 1.5)]
)
def test_a_task_that_does_not_obey_is_killed_when_its_grace_is_over(
    own: float | None, override: float | None, seconds: float
) -> None:
    host = running(Host(containers=deaf()), grace=own)
    host.agent.kill("task-1", None if override is None else policy(override))
    host.sim.run(seconds - 0.1)
    assert host.books.states() == [STARTING, RUNNING]
    host.until(STARTING, RUNNING, KILLED)
    assert host.containers.destroyed == [CONTAINER]
    assert host.last.message == "Command terminated with signal Killed"
    assert SIGKILL not in [number for _, number in host.containers.signals]
    host.ended()


def test_a_second_kill_with_less_grace_comes_sooner_and_one_with_more_does_not_come_later() -> None:
    host = running(Host(containers=deaf()), grace=10.0)
    host.agent.kill("task-1")
    host.sim.run(1.0)
    host.agent.kill("task-1", policy(60.0))
    host.agent.kill("task-1", policy(4.0))
    host.sim.run(2.8)
    assert host.books.states() == [STARTING, RUNNING]
    host.sim.run(0.5)
    assert host.books.states() == [STARTING, RUNNING, KILLED]
    assert host.containers.signals == [(CONTAINER, SIGTERM)]


def test_what_the_framework_can_deal_with_is_what_the_agent_says_last() -> None:
    host = Host()
    host.agent.framework = KNOWS_KILLING
    running(host)
    host.agent.kill("task-1")
    host.until(STARTING, RUNNING, KILLING, KILLED)


def test_a_kill_during_the_start_ends_what_is_there_of_it() -> None:
    host = Host(containers=ScriptedContainerizer(holds=True), framework_info=KNOWS_KILLING)
    host.launch(command_task())
    host.until(STARTING)
    host.agent.kill("task-1")
    host.until(STARTING, KILLING, KILLED)
    host.ended()


def test_a_kill_that_came_too_early_is_repeated_as_soon_as_the_task_runs() -> None:
    host = Host(containers=ScriptedContainerizer(holds=True, obeys=False), framework_info=KNOWS_KILLING)
    host.launch(command_task(grace=60.0))
    host.until(STARTING)
    host.agent.kill("task-1")
    host.until(STARTING, KILLING)
    host.containers.obeys = True
    host.containers.start(CONTAINER)
    host.until(STARTING, KILLING, KILLED)
    host.ended()


def test_a_kill_during_a_start_that_never_ends_destroys_the_container() -> None:
    host = Host(containers=ScriptedContainerizer(holds=True, obeys=False))
    host.launch(command_task())
    host.until(STARTING)
    host.agent.kill("task-1")
    host.until(STARTING, KILLED)
    assert host.containers.destroyed == [CONTAINER]


def test_a_kill_of_another_task_changes_nothing() -> None:
    host = running(Host())
    host.agent.kill("task-7")
    host.sim.run(10.0)
    assert host.books.states() == [STARTING, RUNNING]


def test_a_task_that_takes_longer_than_it_may_fails() -> None:
    host = running(Host(containers=deaf(), framework_info=KNOWS_KILLING), completion=20.0, grace=2.0)
    host.sim.run(19.5)
    assert host.books.states() == [STARTING, RUNNING]
    host.until(STARTING, RUNNING, KILLING, FAILED)
    assert host.last.reason is TaskStatus.Reason.REASON_MAX_COMPLETION_TIME_REACHED


def test_a_shutdown_kills_within_the_grace_of_the_executor() -> None:
    grace = {"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": "10secs"}
    host = running(Host(containers=deaf(), environment=grace), grace=60.0)
    host.agent.shut_down()
    host.sim.run(7.9)
    assert host.books.states() == [STARTING, RUNNING]
    host.sim.run(0.5)
    assert host.books.states() == [STARTING, RUNNING, KILLED]
    host.ended()


def test_a_shutdown_before_any_task_is_the_end() -> None:
    host = Host()
    host.subscribed()
    host.agent.shut_down()
    host.ended()
    assert host.books.states() == []


def test_the_end_waits_a_minute_for_the_acknowledgement_and_no_longer() -> None:
    host = running(Host())
    host.books.acknowledges = False
    host.containers.end(CONTAINER)
    host.sim.run(59.0)
    assert host.lives
    host.sim.run(2.0)
    assert not host.lives


def test_a_task_told_twice_is_run_once() -> None:
    host = running(Host())
    host.agent.tell(LaunchTask(command_task()))
    host.sim.run(1.0)
    assert host.books.states() == [STARTING, RUNNING]


def test_a_containerizer_that_crashed_is_followed_by_one_that_knows_the_container() -> None:
    host = running(Host())
    before = host.containers
    successor = ScriptedContainerizer()
    successor.running = before.running
    host.node.kill("containerizer")
    host.sim.run(0.05)
    host.node.spawn(lambda: successor, "containerizer")
    host.sim.wait_for(AdoptContainer)
    successor.end(CONTAINER)
    host.until(STARTING, RUNNING, FINISHED)
    host.sim.run_until(lambda: not host.lives)


def test_a_container_that_a_crashed_containerizer_forgot_fails_the_task() -> None:
    host = running(Host())
    host.node.kill("containerizer")
    host.sim.run(0.05)
    host.node.spawn(ScriptedContainerizer, "containerizer")
    host.until(STARTING, RUNNING, FAILED)
    assert host.last.message == "Command's exit status is not known"


def test_a_container_that_cannot_be_had_fails_the_task_and_runs_nothing() -> None:
    host = Host()
    docker = ContainerInfo(type=ContainerInfo.Type.DOCKER)
    host.launch(replace(command_task(), container=docker))
    host.until(FAILED)
    assert host.last.message is not None
    assert host.last.message.startswith("container.type: no containerizer of this agent makes DOCKER ones")
    assert host.containers.specs == {}
    host.ended()


def adopting(*, running: bool) -> Host:
    """A host whose node died while a task ran: the executor of the new node is given the task."""
    task = command_task(grace=5.0)
    containers = ScriptedContainerizer()
    if running:
        containers.running[CONTAINER] = Pid("executor", "host", 1)
    return Host(partial(CommandExecutor, adopted=task), containers=containers)


def test_a_task_that_outlived_its_node_goes_on_with_the_next_executor() -> None:
    host = adopting(running=True)
    host.until(RUNNING)
    assert host.books.subscriptions[0].unacknowledged_tasks == (command_task(grace=5.0),)
    host.agent.tell(LaunchTask(command_task(grace=5.0)))
    host.sim.run(1.0)
    assert host.containers.specs == {}
    host.agent.kill("task-1")
    host.until(RUNNING, KILLED)
    assert host.containers.signals == [(CONTAINER, SIGTERM)]
    host.ended()


def test_a_task_that_died_with_its_node_has_failed_for_all_that_is_known() -> None:
    host = adopting(running=False)
    host.until(FAILED)
    assert host.last.message == "Command's exit status is not known"
    assert host.last.reason is None
    host.ended()
