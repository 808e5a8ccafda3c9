from __future__ import annotations

from functools import partial
from signal import SIGKILL, SIGTERM

import pytest
from msgspec.structs import replace

from actors.executor.command import CommandExecutor
from actors.executor.containment.containment import Containment
from actors.executor.containment.rules import Rules
from actors.executor.host import EXECUTORS
from tests.actors.executor.agents import framework
from tests.actors.executor.containers import ScriptedContainerizer
from tests.actors.executor.hosts import CONTAINER, Host, TaskKeeper
from tests.actors.executor.tasks import command_task, environment, policy
from transport.messages.containing import AdoptContainer, Limitation
from transport.messages.executing import LaunchTask
from transport.messages.hosting import LaunchExecutor
from transport.pid import Pid
from transport.records.check import HealthCheck
from transport.records.command import CommandInfo
from transport.records.container import ContainerInfo
from transport.records.ids import ContainerID
from transport.records.task_status import TaskState, TaskStatus

Reason = TaskStatus.Reason
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


def adopting(*, running: bool, killed: bool = False) -> Host:
    """A host whose node died while a task ran: the executor of the new node is given the task."""

    def make(launch: LaunchExecutor, agent: Pid, containerizer: Pid) -> CommandExecutor:
        return CommandExecutor(replace(launch, killed=killed), agent, containerizer, task)

    task = command_task(grace=5.0)
    containers = ScriptedContainerizer()
    if running:
        containers.running[CONTAINER] = Pid("executor", "host", 1)
    return Host(make, containers=containers)


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


# Containers with a network of their own, and those that use too much.

DOCKER = ContainerInfo(
    type=ContainerInfo.Type.DOCKER,
    docker=ContainerInfo.DockerInfo(image="web:1", network=ContainerInfo.DockerInfo.Network.BRIDGE),
)


def docker_host(addresses: tuple[str, ...] = ("172.17.0.2", "fd00::2")) -> Host:
    """A host whose agent has Docker, and whose containers have these addresses."""
    containment = Containment(Rules(containerizers=("docker", "mesos")))
    containers = ScriptedContainerizer(addresses=addresses, described=b'[{"Id": "x"}]')
    return Host(partial(CommandExecutor, containment=containment), containers=containers)


def test_a_running_container_of_docker_is_described_and_has_its_own_addresses() -> None:
    host = docker_host()
    host.launch(replace(command_task(), container=DOCKER))
    host.until(STARTING, RUNNING)
    assert host.last.data == b'[{"Id": "x"}]'
    status = host.last.container_status
    assert status is not None
    assert status.container_id == ContainerID(value=CONTAINER)
    (network,) = status.network_infos
    assert [one.ip_address for one in network.ip_addresses] == ["172.17.0.2", "fd00::2"]
    host.containers.end(CONTAINER)
    host.until(STARTING, RUNNING, FINISHED)
    assert host.last.data is None


def test_one_in_the_network_of_its_host_has_the_addresses_of_that() -> None:
    shared = replace(DOCKER, docker=ContainerInfo.DockerInfo(image="web:1"))
    host = docker_host(())
    host.launch(replace(command_task(), container=shared))
    host.until(STARTING, RUNNING)
    assert host.last.container_status is None


@pytest.mark.parametrize(
    ("addresses", "asked"), [(("172.17.0.2",), ["172.17.0.2:80"]), (("fd00::2",), []), ((), [])]
)
def test_a_server_is_looked_at_where_its_container_is(addresses: tuple[str, ...], asked: list[str]) -> None:
    tcp = HealthCheck.TCPCheckInfo(port=80)
    check = HealthCheck(type=HealthCheck.Type.TCP, tcp=tcp, delay_seconds=0.0, interval_seconds=3600.0)
    host = docker_host(addresses)
    host.launch(replace(command_task(health=check), container=DOCKER))
    host.until(STARTING, RUNNING)
    host.sim.run(1.0)
    assert host.probes.asked == asked


def test_a_command_that_looks_at_a_task_runs_inside_its_container() -> None:
    look = HealthCheck(type=HealthCheck.Type.COMMAND, command=CommandInfo(value="true"), delay_seconds=0.0)
    host = docker_host()
    host.launch(replace(command_task(health=look), container=DOCKER))
    host.sim.run_until(lambda: f"{CONTAINER}.check-1" in host.containers.specs)
    spec = host.containers.specs[f"{CONTAINER}.check-1"]
    assert (spec.inside, spec.docker, spec.limits) == (True, None, None)
    assert spec.environment["MESOS_SANDBOX"] == "/mnt/mesos/sandbox"


@pytest.mark.parametrize(
    ("limitation", "reason", "resource"),
    [
        (
            Limitation(kind="memory", message="m", used=64 * 2**20),
            Reason.REASON_CONTAINER_LIMITATION_MEMORY,
            "mem",
        ),
        (
            Limitation(kind="disk", message="m", used=64 * 2**20),
            Reason.REASON_CONTAINER_LIMITATION_DISK,
            "disk",
        ),
        (
            Limitation(kind="ports", message="m", ports=((80, 81),)),
            Reason.REASON_CONTAINER_LIMITATION,
            "ports",
        ),
    ],
)
def test_a_task_that_used_too_much_has_failed_for_that_and_of_what(
    limitation: Limitation, reason: TaskStatus.Reason, resource: str
) -> None:
    host = running(Host())
    host.containers.end(CONTAINER, SIGKILL, limitation=limitation)
    host.until(STARTING, RUNNING, FAILED)
    assert (host.last.message, host.last.reason) == ("m", reason)
    assert host.last.limitation is not None
    (exceeded,) = host.last.limitation.resources
    assert exceeded.name == resource
    if exceeded.scalar is not None:
        assert exceeded.scalar.value == 64.0


# A task is kept before it is begun.


def test_a_task_is_begun_when_its_host_has_kept_it() -> None:
    host = Host()
    keeper = host.node.process(EXECUTORS, TaskKeeper)
    keeper.answers = False
    host.launch(command_task())
    host.sim.run(5.0)
    assert (host.books.states(), host.containers.specs) == ([], {})
    keeper.answers = True
    host.until(STARTING, RUNNING)
    assert len(host.kept) > 1
    assert host.kept[0].task == command_task()


def test_a_task_that_is_killed_before_it_was_kept_is_never_begun() -> None:
    host = Host()
    keeper = host.node.process(EXECUTORS, TaskKeeper)
    keeper.answers = False
    host.launch(command_task())
    host.sim.run(0.5)
    host.agent.kill("task-1")
    keeper.answers = True
    host.until(KILLED)
    assert host.containers.specs == {}
    host.ended()


def test_a_task_that_cannot_be_kept_fails_with_words() -> None:
    host = Host()
    host.node.process(EXECUTORS, TaskKeeper).error = "no space left"
    host.launch(command_task())
    host.until(FAILED)
    assert host.last.message == "the task cannot be kept: no space left"
    assert host.containers.specs == {}
    host.ended()


def test_the_task_of_a_framework_that_does_not_checkpoint_is_not_kept() -> None:
    host = Host(framework_info=framework(checkpoint=False))
    host.launch(command_task())
    host.until(STARTING, RUNNING)
    assert host.kept == []


def test_who_adopts_a_task_tells_what_it_is_and_has_it_begun_if_it_never_was() -> None:
    host = adopting(running=True)
    host.until(RUNNING)
    (adopted,) = host.containers.adopted
    assert (adopted.container_id, adopted.launches) == (CONTAINER, True)
    assert adopted.spec is not None
    assert adopted.spec.arguments == ("/bin/sh", "-c", "true")


def test_a_task_is_ended_when_its_host_knows_that_it_is_to_end() -> None:
    host = Host()
    host.launch(command_task(grace=5.0))
    host.until(STARTING, RUNNING)
    keeper = host.node.process(EXECUTORS, TaskKeeper)
    keeper.answers = False
    host.agent.kill("task-1")
    host.sim.run(3.0)
    assert host.containers.signals == []
    assert host.kept[-1].killed
    keeper.answers = True
    host.until(STARTING, RUNNING, KILLED)
    assert host.containers.signals == [(CONTAINER, SIGTERM)]
    host.ended()


@pytest.mark.parametrize("running", [True, False])
def test_who_adopts_a_task_that_was_to_end_ends_it_and_says_so(running: bool) -> None:
    host = adopting(running=running, killed=True)
    host.until(KILLED)
    host.ended()
