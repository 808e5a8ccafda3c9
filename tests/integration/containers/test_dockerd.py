"""A dockerd that hangs, dies and comes back: Docker's tasks wait for it, and nobody else does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import dockerd
from tests.dockerd import Dockerd
from tests.integration.containers.hand import Household, docker, household
from tests.integration.masters import wait_until
from transport.records.container import ContainerInfo
from transport.records.task_status import TaskState

_IMAGE = "pion-test/busybox:own"


@pytest.fixture(scope="module")
def own() -> Iterator[Dockerd]:
    """A dockerd of these tests, whose containers outlive it."""
    one = Dockerd("--bridge=none", "--live-restore")
    try:
        dockerd.import_busybox(one.socket, _IMAGE)
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="module")
def agent(own: Dockerd) -> Iterator[Household]:
    flags = ("--containerizers=mesos,docker", f"--docker_socket={own.socket}", "--docker_remove_delay=1secs")
    with household(*flags) as one:
        yield one


@pytest.fixture
def container() -> ContainerInfo:
    return docker(_IMAGE)


def test_a_dockerd_that_hangs_holds_up_its_own_tasks_alone(
    own: Dockerd, agent: Household, container: ContainerInfo
) -> None:
    for name in ("killed", "stays"):
        agent.run(name, "trap 'exit 0' TERM; while :; do sleep 0.1; done", container)
        agent.until(name, TaskState.TASK_RUNNING)
    own.pause()
    try:
        agent.kill("killed")
        agent.run("waits", "sleep 1000", container)
        for number in range(5):
            agent.run(f"beside-{number}", "true")
            agent.until(f"beside-{number}", TaskState.TASK_FINISHED)
        assert TaskState.TASK_RUNNING not in agent.states("waits")
        assert not agent.states("killed")[-1].terminal
    finally:
        own.resume()
    agent.until("waits", TaskState.TASK_RUNNING)
    agent.until("killed", TaskState.TASK_KILLED)
    assert agent.states("stays")[-1] is TaskState.TASK_RUNNING
    for name in ("waits", "stays"):
        agent.kill(name)
        agent.until(name, TaskState.TASK_KILLED)


def test_a_dockerd_that_is_started_again_finds_its_tasks_as_they_were(
    own: Dockerd, agent: Household, container: ContainerInfo
) -> None:
    stays, ends = "stays-on", "ends"
    agent.run(stays, "while :; do sleep 0.1; done", container)
    agent.run(ends, 'cd "$MESOS_SANDBOX"; while [ ! -e end ]; do sleep 0.1; done; exit 3', container)
    for name in (stays, ends):
        agent.until(name, TaskState.TASK_RUNNING)
    before = agent.processes(stays)
    own.halt()
    (sandbox,) = {file.parent.resolve() for file in agent.house.files(ends, "stdout")}
    (sandbox / "end").touch()
    wait_until(lambda: not agent.processes(ends), lambda: "it ends while there is no dockerd")
    own.start()
    status = agent.until(ends, TaskState.TASK_FAILED)
    assert "status 3" in (status.message or ""), status
    assert agent.states(stays)[-1] is TaskState.TASK_RUNNING
    assert before[0] in agent.processes(stays)
    agent.kill(stays)
    agent.until(stays, TaskState.TASK_KILLED)
