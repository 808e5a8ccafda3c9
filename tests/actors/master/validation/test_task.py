"""Tasks that are launched by themselves."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.requests import request_task
from actors.master.validation.task import needed_resources, task_error
from tests.actors.master.market import Market, default_executor, executor, task, under
from tests.transport.records.samples import scalar, volume
from transport.records.check import CheckInfo, HealthCheck, KillPolicy
from transport.records.command import CommandInfo, Environment
from transport.records.container import ContainerInfo
from transport.records.ids import AgentID, FrameworkID, TaskID
from transport.records.linux import LinuxInfo
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.task import Task, TaskInfo
from transport.records.task_status import TaskState
from transport.records.time_info import DurationInfo
from transport.records.value import Value

BAD_COMMAND = CommandInfo(environment=Environment(variables=(Environment.Variable(name="A"),)))
ALONE = ContainerInfo(type=ContainerInfo.Type.MESOS, linux_info=LinuxInfo(share_cgroups=False))
NEGATIVE = DurationInfo(nanoseconds=-1)
REVOCABLE = replace(scalar("cpus", 1), revocable=Resource.RevocableInfo())
OFFERED = "cpus:4;mem:4096;disk:1000;ports:[31000-32000]"


def error_of(info: TaskInfo, market: Market | None = None) -> str | None:
    market = market or Market()
    framework, agent, offer = market.stall(OFFERED, role="a")
    request = request_task(info, FrameworkID(value=framework.id), "a")
    return task_error(request, framework, agent, offer.resources)


def with_executor(resources: str = "cpus:0.1", **changes: object) -> TaskInfo:
    (info,) = under(replace(executor(resources=resources), **changes), task())
    return info


@pytest.mark.parametrize(
    "info",
    [
        task(),
        task(resources="cpus:4;mem:4096;disk:1000;ports:[31000-32000]"),
        replace(task(), resources=(scalar("cpus", 0),)),
        with_executor(),
        with_executor(type=None),
        replace(task(), kill_policy=KillPolicy(grace_period=DurationInfo(nanoseconds=0))),
        replace(task(), limits={"cpus": Value.Scalar(value=2)}),
    ],
)
def test_a_sound_task_breaks_no_rule(info: TaskInfo) -> None:
    assert error_of(info) is None


#: Faults of every kind, in the order in which they are looked for.
FAULTS: list[tuple[dict[str, object], str]] = [
    ({"task_id": TaskID(value="a/b")}, "task_id: id 'a/b': must have no control characters"),
    (
        {"agent_id": AgentID(value="m1-S9")},
        "agent_id: must be m1-S0, whose resources were offered, not m1-",
    ),
    ({"kill_policy": KillPolicy(grace_period=NEGATIVE)}, "kill_policy.grace_period: must not be negative"),
    ({"max_completion_time": NEGATIVE}, "max_completion_time: must not be negative"),
    ({"check": CheckInfo()}, "check.type: must be COMMAND, HTTP or TCP"),
    ({"health_check": HealthCheck()}, "health_check.type: must be COMMAND, HTTP or TCP"),
    ({"resources": ()}, "resources: must not be empty"),
    ({"resources": (volume("v", 1), volume("v", 2))}, "resources: the persistence id 'v' is there twice"),
    ({"resources": (REVOCABLE, scalar("cpus", 1))}, "resources: cpus must not be revocable in part"),
    ({"command": BAD_COMMAND}, "command.environment variable 'A'"),
    ({"container": ContainerInfo(type=ContainerInfo.Type.DOCKER)}, "container.docker: must be set"),
    ({"limits": {"disk": Value.Scalar(value=1)}}, "limits: only cpus and mem"),
    ({"executor": executor()}, "exactly one of executor and command must be set"),
    ({"resources": (scalar("cpus", 5),)}, "resources: the task (and its executor) needs cpus"),
    ({"container": ALONE}, "container.linux_info.share_cgroups: may only be false in a group"),
]


@pytest.mark.parametrize(("changes", "told"), FAULTS)
def test_the_rule_that_a_task_breaks_is_told(changes: dict[str, object], told: str) -> None:
    error = error_of(replace(task(), **changes))
    assert error is not None
    assert error.startswith(told)


@pytest.mark.parametrize("index", range(len(FAULTS) - 1))
def test_of_two_faults_the_one_that_mesos_looks_for_first_is_told(index: int) -> None:
    (first, told), (second, _) = FAULTS[index], FAULTS[index + 1]
    error = error_of(replace(task(), **(second | first)))
    assert error is not None
    assert error.startswith(told)


def test_a_task_has_a_command_or_an_executor() -> None:
    assert error_of(replace(task(), command=None)) == "exactly one of executor and command must be set"


def test_the_executor_of_a_task_must_be_a_custom_one_with_a_command() -> None:
    (default,) = under(default_executor(), task())
    assert error_of(default) == "executor.type: must be CUSTOM, or not set, unless a group is launched"
    assert error_of(with_executor(type=None, command=None)) == "executor.command: must be set"
    broken = error_of(with_executor(shutdown_grace_period=NEGATIVE))
    assert broken == "executor.shutdown_grace_period: must not be negative"


def test_a_task_and_its_executor_must_fit_into_what_is_left_together() -> None:
    assert error_of(replace(with_executor("cpus:3"), resources=(scalar("cpus", 1),))) is None
    error = error_of(replace(with_executor("cpus:3.5"), resources=(scalar("cpus", 1),)))
    assert error is not None
    assert "needs cpus(allocated: a):4.5, but only" in error


def test_a_task_and_its_executor_must_not_use_the_same_port() -> None:
    info = with_executor("cpus:0.1;ports:[31000-31001]")
    clash = replace(info, resources=tuple(Resources.parse("cpus:1;ports:[31001-31002]")))
    assert error_of(clash) == "resources: the task and its executor must not use the same ports"


def test_an_executor_that_runs_already_needs_nothing_more() -> None:
    market = Market()
    framework, agent, _ = market.stall(OFFERED, role="a")
    request = request_task(with_executor("cpus:3"), FrameworkID(value=framework.id), "a")
    assert needed_resources(request, framework, agent) == Resources.parse("cpus:4;mem:512").allocate("a")
    assert request.executor is not None
    market.cluster.add_executor(agent, framework.id, request.executor.info)
    assert needed_resources(request, framework, agent) == Resources.parse("cpus:1;mem:512").allocate("a")


def test_the_id_of_a_task_that_lives_or_is_out_of_reach_cannot_be_used_again() -> None:
    market = Market()
    framework, agent, offer = market.stall(OFFERED, role="a")
    request = request_task(task("t"), FrameworkID(value=framework.id), "a")
    entry = market.task(framework, agent, "t")
    assert task_error(request, framework, agent, offer.resources) == "task_id: 't' is in use"
    market.cluster.remove_task(entry, unreachable=True)
    assert task_error(request, framework, agent, offer.resources) == "task_id: 't' is in use"
    framework.unreachable_tasks.clear()
    assert task_error(request, framework, agent, offer.resources) is None


def test_an_unreachable_task_of_another_framework_does_not_matter() -> None:
    market = Market()
    framework, agent, offer = market.stall(OFFERED, role="a")
    record = Task(
        name="t",
        task_id=TaskID(value="u"),
        framework_id=FrameworkID(value=framework.id),
        agent_id=AgentID(value=agent.id),
        state=TaskState.TASK_RUNNING,
    )
    framework.note_unreachable(record)
    request = request_task(task("t"), FrameworkID(value=framework.id), "a")
    assert task_error(request, framework, agent, offer.resources) is None
