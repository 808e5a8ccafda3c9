"""Groups of tasks under one executor."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.requests import request_executor, request_task
from actors.master.validation.group import group_error
from tests.actors.master.market import Market, default_executor, executor, task
from tests.transport.records.samples import scalar
from transport.records.check import CheckInfo, HealthCheck
from transport.records.container import ContainerInfo
from transport.records.executor import ExecutorInfo
from transport.records.ids import AgentID, FrameworkID
from transport.records.image import Image
from transport.records.linux import LinuxInfo
from transport.records.network import NetworkInfo
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.value import Value

DOCKER = ContainerInfo(type=ContainerInfo.Type.DOCKER, docker=ContainerInfo.DockerInfo(image="i"))
ALONE = ContainerInfo(type=ContainerInfo.Type.MESOS, linux_info=LinuxInfo(share_cgroups=False))
WITH_IMAGE = ContainerInfo(
    type=ContainerInfo.Type.MESOS, mesos=ContainerInfo.MesosInfo(image=Image(type=Image.Type.DOCKER))
)
NETWORKED = ContainerInfo(type=ContainerInfo.Type.MESOS, network_infos=(NetworkInfo(name="n"),))
HTTP = HealthCheck(type=HealthCheck.Type.HTTP, http=HealthCheck.HTTPCheckInfo(port=80))
TCP = CheckInfo(type=CheckInfo.Type.TCP, tcp=CheckInfo.Tcp(port=80))
LIMITS = {"cpus": Value.Scalar(value=2)}


def error_of(info: ExecutorInfo, *infos: TaskInfo, running: bool = False) -> str | None:
    market = Market()
    framework, agent, offer = market.stall("cpus:4;mem:4096;disk:1000;ports:[31000-32000]", role="a")
    framework_id = FrameworkID(value=framework.id)
    request = request_executor(info, framework_id, "a")
    if running:
        market.cluster.add_executor(agent, framework.id, request.info)
    tasks = [request_task(one, framework_id, "a", request) for one in infos]
    return group_error(request, tasks, framework, agent, offer.resources)


def test_a_sound_group_breaks_no_rule() -> None:
    assert error_of(default_executor(), task("t"), task("u")) is None
    custom = executor(resources="cpus:0.01;mem:32;disk:1")
    assert error_of(custom, replace(task("t"), command=None)) is None
    apart = replace(task("t"), container=ALONE, limits=LIMITS)
    assert error_of(default_executor(), apart, replace(apart, task_id=task("u").task_id)) is None
    assert error_of(default_executor(), replace(task("t"), health_check=HTTP)) is None
    assert error_of(default_executor(), replace(task("t"), command=None, container=WITH_IMAGE)) is None


@pytest.mark.parametrize(
    ("info", "told"),
    [
        (executor(kind=None), "executor.type: must be DEFAULT or CUSTOM"),
        (executor(kind=ExecutorInfo.Type.UNKNOWN), "executor.type: must be DEFAULT or CUSTOM"),
        (replace(executor(), command=None), "executor.command: must be set"),
        (
            replace(executor(resources="cpus:1;mem:32;disk:1"), container=DOCKER),
            "executor.container.type: must not be DOCKER for a group",
        ),
        (default_executor(resources="mem:32;disk:1"), "executor.resources: must have at least 0.01 cpus"),
        (default_executor(resources="cpus:0.009;mem:32;disk:1"), "executor.resources: must have at least"),
        (default_executor(resources="cpus:1;mem:31;disk:1"), "executor.resources: must have at least"),
        (default_executor(resources="cpus:1;mem:32"), "executor.resources: must have at least"),
    ],
)
def test_the_rule_that_the_executor_of_a_group_breaks_is_told(info: ExecutorInfo, told: str) -> None:
    error = error_of(info, task("t"))
    assert error is not None
    assert error.startswith(told)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (replace(task("u"), agent_id=AgentID(value="x")), "agent_id: must be m1-S0"),
        (replace(task("u"), executor=default_executor("other")), "executor: must be that of the group"),
        (replace(task("u"), command=None), "command: must be set for an executor of type DEFAULT"),
        (replace(task("u"), container=DOCKER), "container.type: must not be DOCKER in a group"),
        (
            replace(task("u"), container=NETWORKED, health_check=HTTP),
            "health_check.type: must be COMMAND for a task with network_infos of its own",
        ),
        (replace(task("u"), container=NETWORKED, check=TCP), "health_check.type: must be COMMAND"),
        (replace(task("u"), limits=LIMITS), "limits: must not be set unless share_cgroups is false"),
    ],
)
def test_the_task_that_breaks_a_rule_is_told(broken: TaskInfo, told: str) -> None:
    error = error_of(default_executor(), task("t"), broken)
    assert error is not None
    assert error.startswith(f"task 'u': {told}")


def test_a_task_may_name_the_executor_of_its_group() -> None:
    info = default_executor()
    assert error_of(info, replace(task("t"), executor=info)) is None


def test_a_group_must_have_tasks_and_none_twice() -> None:
    assert error_of(default_executor()) == "task_group: must not be empty"
    assert error_of(default_executor(), task("t"), task("t")) == "task 't': task_id: 't' is there twice"


def test_all_tasks_of_a_group_share_cgroups_or_none_does() -> None:
    told = "container.linux_info.share_cgroups: must be the same for all tasks"
    assert error_of(default_executor(), task("t"), replace(task("u"), container=ALONE)) == told


def test_the_group_and_a_new_executor_must_fit_into_what_is_left() -> None:
    big = replace(task("t"), resources=(scalar("cpus", 3),))
    assert error_of(default_executor(), big, replace(task("u"), resources=(scalar("cpus", 0.9),))) is None
    fills = replace(task("u"), resources=(scalar("cpus", 1),))
    error = error_of(default_executor(), big, fills)
    assert error is not None
    assert error.startswith("resources: the group (and its executor) needs cpus(allocated: a):4.1")
    assert error_of(default_executor(), big, fills, running=True) is None


def test_two_tasks_of_a_group_must_not_use_the_same_port() -> None:
    ports = tuple(Resources.parse("ports:[31000-31000]"))
    pair = (replace(task("t"), resources=ports), replace(task("u"), resources=ports))
    error = error_of(default_executor(), *pair)
    assert error is not None
    assert error.startswith("resources: the group")
