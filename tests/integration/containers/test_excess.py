"""Tasks that take more than they were given, on a real agent: each ends for the reason that is true."""

from __future__ import annotations

import pytest

from tests import dockerd
from tests.integration.containers.hand import Household, docker
from tests.integration.masters import wait_until
from transport.records.container import ContainerInfo
from transport.records.task_status import TaskState, TaskStatus

Reason = TaskStatus.Reason
#: dd has all of a block in memory.
_EATS_MEMORY = "exec dd if=/dev/zero of=/dev/null bs=200M count=1"
_EATS_DISK = 'cd "$MESOS_SANDBOX"; dd if=/dev/zero of=file bs=1M count=20; sleep 1000'
#: A shell that cannot fork gives up: the first one does not have to.
_FORKS = "sleep 1000 & (while :; do sleep 1000 & done); wait"


def containers() -> list[tuple[str, ContainerInfo | None]]:
    return [("linux", None), ("docker", docker(dockerd.busybox()))]


@pytest.mark.parametrize("kind", ["linux", "docker"])
def test_who_takes_more_memory_is_ended_for_that(kind: str, agent: Household) -> None:
    agent.run(f"memory-{kind}", _EATS_MEMORY, dict(containers())[kind], "cpus:0.1;mem:32")
    status = agent.until(f"memory-{kind}", TaskState.TASK_FAILED)
    assert status.reason is Reason.REASON_CONTAINER_LIMITATION_MEMORY, status
    assert "memory" in (status.message or "").lower()


@pytest.mark.parametrize("kind", ["linux", "docker"])
def test_who_takes_more_disk_is_ended_for_that(kind: str, agent: Household) -> None:
    agent.run(f"disk-{kind}", _EATS_DISK, dict(containers())[kind], "cpus:0.1;mem:64;disk:4")
    status = agent.until(f"disk-{kind}", TaskState.TASK_FAILED)
    assert status.reason is Reason.REASON_CONTAINER_LIMITATION_DISK, status
    assert "disk" in (status.message or "").lower()


@pytest.mark.parametrize("kind", ["linux", "docker"])
def test_who_forks_without_end_leaves_others_alone_and_can_be_killed(kind: str, agent: Household) -> None:
    name = f"forks-{kind}"
    agent.run(name, _FORKS, dict(containers())[kind])
    agent.until(name, TaskState.TASK_RUNNING)
    wait_until(lambda: len(agent.processes(name)) > 20, lambda: "it forks")
    agent.run(f"beside-{kind}", "true")
    agent.until(f"beside-{kind}", TaskState.TASK_FINISHED)
    agent.kill(name)
    agent.until(name, TaskState.TASK_KILLED)
    wait_until(lambda: not agent.processes(name), lambda: f"all of it is gone: {agent.processes(name)}")
