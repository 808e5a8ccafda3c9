"""Docker tasks, against Docker without Pion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from tests import dockerd
from tests.benchmarks.containers.bare import Threads, docker_run, remove_containers
from tests.benchmarks.figure import Figure, Size, at_least, at_most, compared, percentile_of
from tests.benchmarks.launch.cluster import cluster
from tests.benchmarks.launch.framework import DEADLINE_SECONDS, Driver, driver
from tests.benchmarks.launch.tasks import true
from transport.records.container import ContainerInfo
from transport.records.offer import Offer
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState

_LAUNCHES = 30
_AT_ONCE = 48
_BRIEF = "sleep 1"


def figures(size: Size) -> Iterator[Figure]:
    socket, image = dockerd.docker_socket(), dockerd.busybox()
    with cluster(agent_flags=flags(socket)) as running, driver(running.address) as framework:
        framework.run(lambda offer: [docker_task(offer, image, _BRIEF)])
        docker_run(socket, image, "true")
        ours, theirs = [], []
        for _ in range(size.of(_LAUNCHES, least=3)):
            ours.append(_accept_to_running(framework, image))
            theirs.append(docker_run(socket, image, *_BRIEF.split()) * 1000)
        medians = (percentile_of(ours, 50), percentile_of(theirs, 50))
        yield compared(
            "containers.docker_accept_to_running.p50", "ms", "docker run -d", [medians], at_most(1.3)
        )
        threads, count = Threads(socket, image), size.of(_AT_ONCE, least=8)
        rates = [
            (_rate(framework, image, count), threads.rate(count, *_BRIEF.split()))
            for _ in range(max(1, size.rounds // 2 + 1))
        ]
        yield compared(
            "containers.docker_parallel", "containers/s", "Docker's SDK in 8 threads", rates, at_least(0.8)
        )
    remove_containers(socket, image)


def flags(socket: str) -> tuple[str, ...]:
    """Of an agent."""
    return ("--containerizers=mesos,docker", f"--docker_socket={socket}", "--docker_remove_delay=1secs")


def docker_task(offer: Offer, image: str, command: str) -> TaskInfo:
    docker = ContainerInfo.DockerInfo(image=image, network=ContainerInfo.DockerInfo.Network.HOST)
    return replace(
        true(offer, command), container=ContainerInfo(type=ContainerInfo.Type.DOCKER, docker=docker)
    )


def _accept_to_running(framework: Driver, image: str) -> float:
    """Milliseconds, of one."""
    framework.run(lambda offer: [docker_task(offer, image, _BRIEF)])
    assert framework.bench.offered.wait(DEADLINE_SECONDS)
    return (_running(framework)[-1] - framework.bench.accepted) * 1000


def _rate(framework: Driver, image: str, count: int) -> float:
    """Containers started a second, of so many at once."""
    framework.bench.heard.clear()
    framework.run(lambda offer: [docker_task(offer, image, _BRIEF) for _ in range(count)])
    assert framework.bench.offered.wait(DEADLINE_SECONDS)
    return count / (max(_running(framework)) - framework.bench.accepted)


def _running(framework: Driver) -> Sequence[float]:
    """When each task was heard of as running."""
    last = framework.bench.last.values()
    failed = [status for status in last if status.state is not TaskState.TASK_FINISHED]
    assert not failed, failed[0]
    return [heard[TaskState.TASK_RUNNING] for heard in framework.bench.heard.values()]
