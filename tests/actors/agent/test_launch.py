"""The executor that is made up for a command task."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.agent.launch import command_executor, executor_user
from tests.actors.agent.stage import custom, framework, resources, task
from transport.records.check import KillPolicy
from transport.records.command import CommandInfo, Environment
from transport.records.container import ContainerInfo
from transport.records.discovery import DiscoveryInfo
from transport.records.executor import ExecutorInfo
from transport.records.ids import FrameworkID
from transport.records.labels import Label, Labels
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.time_info import DurationInfo

FRAMEWORK = FrameworkID(value="f1")


def made(**others: object) -> ExecutorInfo:
    return command_executor(task("t1", **others), FRAMEWORK)  # type: ignore[arg-type]


def test_it_is_called_as_its_task_and_belongs_to_its_framework() -> None:
    executor = made()
    assert executor.executor_id.value == "t1"
    assert executor.source == "t1"
    assert executor.framework_id == FRAMEWORK


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (CommandInfo(value="sleep 1000"), "sh -c 'sleep 1000'"),
        (CommandInfo(value="echo hello world"), "sh -c 'echo hello w...'"),
        (CommandInfo(value="/bin/true", shell=False), "/bin/true"),
        (CommandInfo(value="echo", shell=False, arguments=("a", "long", "list")), "echo a long ..."),
    ],
)
def test_its_name_shows_the_beginning_of_the_command(command: CommandInfo, shown: str) -> None:
    assert made(command=command).name == f"Command Executor (Task: t1) (Command: {shown})"


def test_it_takes_a_little_beside_its_task_in_the_same_role() -> None:
    assert Resources(made().resources) == Resources(resources("cpus:0.1;mem:32"))


def test_what_concerns_the_container_is_copied() -> None:
    container = ContainerInfo(type=ContainerInfo.Type.MESOS)
    labels = Labels(labels=(Label(key="rack", value="1"),))
    discovery = DiscoveryInfo(visibility=DiscoveryInfo.Visibility.CLUSTER, name="web")
    environment = Environment(variables=(Environment.Variable(name="A", value="1"),))
    uris = (CommandInfo.URI(value="file:///data"),)
    command = CommandInfo(value="true", user="joe", environment=environment, uris=uris)
    executor = made(container=container, labels=labels, discovery=discovery, command=command)
    assert (executor.container, executor.labels, executor.discovery) == (container, labels, discovery)
    assert executor.command is not None
    assert (executor.command.user, executor.command.uris) == ("joe", uris)
    assert executor.command.environment == environment


def test_it_has_two_seconds_more_than_its_task_to_end() -> None:
    assert made().shutdown_grace_period is None
    policy = KillPolicy(grace_period=DurationInfo(nanoseconds=5 * 10**9))
    assert made(kill_policy=policy).shutdown_grace_period == DurationInfo(nanoseconds=7 * 10**9)
    assert made(kill_policy=KillPolicy()).shutdown_grace_period is None


def test_whose_user_it_runs_as() -> None:
    joe = custom(command=CommandInfo(value="./run", user="joe"))
    assert executor_user(joe, framework(user="ann"), switch_user=True) == "joe"
    assert executor_user(custom(), framework(user="ann"), switch_user=True) == "ann"
    assert executor_user(custom(), framework(user=""), switch_user=True) is None
    assert executor_user(joe, framework(user="ann"), switch_user=False) is None
    without = replace(custom(), command=None)
    assert executor_user(without, framework(user="ann"), switch_user=True) == "ann"


def test_a_task_without_resources_can_be_launched() -> None:
    bare = TaskInfo(
        name="t1", task_id=task().task_id, agent_id=task().agent_id, command=CommandInfo(value="true")
    )
    executor = command_executor(bare, FRAMEWORK)
    assert [one.allocation_info for one in executor.resources] == [None, None]
