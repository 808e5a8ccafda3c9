"""Executors."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.requests import request_executor
from actors.master.validation.executor import executor_error
from tests.actors.master.market import Market, default_executor, executor
from tests.transport.records.samples import volume
from transport.records.command import CommandInfo, Environment
from transport.records.container import ContainerInfo
from transport.records.executor import ExecutorInfo
from transport.records.ids import ExecutorID, FrameworkID
from transport.records.image import Image
from transport.records.time_info import DurationInfo

DOCKER = ContainerInfo(type=ContainerInfo.Type.DOCKER, docker=ContainerInfo.DockerInfo(image="i"))
MESOS = ContainerInfo(type=ContainerInfo.Type.MESOS)
WITH_IMAGE = ContainerInfo(
    type=ContainerInfo.Type.MESOS, mesos=ContainerInfo.MesosInfo(image=Image(type=Image.Type.DOCKER))
)
BAD_COMMAND = CommandInfo(environment=Environment(variables=(Environment.Variable(name="A"),)))


def error_of(info: ExecutorInfo, *running: ExecutorInfo) -> str | None:
    """Which rule it breaks on an agent where others run."""
    market = Market()
    framework, agent, _ = market.stall(role="a")
    framework_id = FrameworkID(value=framework.id)
    for one in running:
        market.cluster.add_executor(agent, framework.id, request_executor(one, framework_id, "a").info)
    return executor_error(request_executor(info, framework_id, "a"), framework, agent)


@pytest.mark.parametrize(
    "info",
    [
        executor(),
        executor(kind=None),
        executor(resources="cpus:0"),
        default_executor(),
        replace(default_executor(), container=MESOS),
        replace(executor(), container=DOCKER),
        replace(executor(), shutdown_grace_period=DurationInfo(nanoseconds=0)),
    ],
)
def test_a_sound_executor_breaks_no_rule(info: ExecutorInfo) -> None:
    assert error_of(info) is None


@pytest.mark.parametrize(
    ("info", "told"),
    [
        (replace(executor(), command=None), "executor.command: must be set for an executor of type CUSTOM"),
        (
            replace(default_executor(), command=CommandInfo(value="x")),
            "executor.command: must not be set for an executor of type DEFAULT",
        ),
        (replace(default_executor(), container=DOCKER), "executor.container.type: must be MESOS"),
        (
            replace(default_executor(), container=WITH_IMAGE),
            "executor.container.mesos.image: must not be set",
        ),
        (replace(executor(), framework_id=FrameworkID(value="f9")), "executor.framework_id: must be m1-0000"),
        (
            replace(executor(), executor_id=ExecutorID(value="a/b")),
            "executor.executor_id: id 'a/b': must",
        ),
        (
            replace(executor(), executor_id=ExecutorID(value="")),
            "executor.executor_id: id '': must not be",
        ),
        (
            replace(executor(), shutdown_grace_period=DurationInfo(nanoseconds=-1)),
            "executor.shutdown_grace_period: must not be negative",
        ),
        (
            replace(executor(), resources=(volume("v", 1), volume("v", 2))),
            "executor.resources: the persistence id 'v' is there twice",
        ),
        (replace(executor(), command=BAD_COMMAND), "executor.command.environment variable 'A'"),
        (
            replace(executor(), container=ContainerInfo(type=ContainerInfo.Type.DOCKER)),
            "executor.container.docker: must be set",
        ),
        (
            replace(executor(), resources=(volume("v", 1, shared=True),)),
            "executor.resources: must not be shared",
        ),
    ],
)
def test_the_rule_that_an_executor_breaks_is_told(info: ExecutorInfo, told: str) -> None:
    error = error_of(info)
    assert error is not None
    assert error.startswith(told)


def test_an_executor_that_runs_already_must_be_the_same() -> None:
    assert error_of(executor(), executor()) is None
    assert error_of(executor("e2", "cpus:1"), executor()) is None
    told = "executor: one with the id 'e' is on agent m1-S0 already, and is not the same"
    assert error_of(executor(resources="cpus:0.2;mem:32"), executor()) == told
    assert error_of(replace(executor(), name="another"), executor()) == told


def test_the_same_resources_in_another_order_are_the_same() -> None:
    assert error_of(executor(resources="mem:32;cpus:0.1"), executor()) is None
