"""What the commands of a simulated cluster do, and the executors that it plays."""

from __future__ import annotations

import pytest

from actors.executor.settings import ExecutorSettings
from actors.process import Process
from actors.simulation import Simulation
from containerizers.containerizer import Ended, Event, Launched
from containerizers.fake import Course, FakeKernel
from containerizers.spec import Spec
from frameworks.testing.programs import Executors, HealthyServers, SimulatedContainers, scripted, shell

ENVIRONMENT = {
    "PION_AGENT_PID": "agent@anna:5050",
    "MESOS_FRAMEWORK_ID": "f",
    "MESOS_EXECUTOR_ID": "e",
    "MESOS_DIRECTORY": "/sandbox",
}


def make_spec(command: str) -> Spec:
    return Spec(arguments=("sh", "-c", command), directory="/", environment=ENVIRONMENT)


@pytest.mark.parametrize(
    ("command", "seconds", "status"),
    [
        ("true", 0.0, 0),
        ("false", 0.0, 1),
        ("sleep 2.5", 2.5, 0),
        ("sleep 1 && exit 3", 1.0, 3),
        ("false && sleep 100", 0.0, 1),
        ("make all", 0.1, 0),
    ],
)
def test_a_few_commands_are_understood(command: str, seconds: float, status: int) -> None:
    assert shell(make_spec(command)) == Course(seconds=seconds, status=status << 8)


def test_commands_do_what_the_test_says() -> None:
    course = Course(seconds=7.0)
    script = scripted({"make all": course, "program with arguments": course})
    assert script(make_spec("make all")) == course
    assert script(make_spec("true")) == Course(seconds=0.0)
    assert script(Spec(arguments=("program", "with", "arguments"), directory="/")) == course


def test_servers_answer_well() -> None:
    answers: list[tuple[int | None, str | None]] = []
    servers = HealthyServers()
    servers.http("http://127.0.0.1:1/", 1.0, lambda *answer: answers.append(answer))
    servers.tcp("127.0.0.1", 1, 1.0, lambda *answer: answers.append(answer))
    servers.close()
    assert answers == [(200, None), (None, None)]


class Played(Process):
    """An executor that does as the test says."""

    def __init__(self, settings: ExecutorSettings) -> None:
        self.settings = settings


class Host:
    """A host of a simulation, on which one command starts an executor."""

    def __init__(self) -> None:
        self.sim = Simulation(0)
        self.events: list[Event] = []
        self.kernel = FakeKernel(lambda: self.sim.now)
        self.executors = Executors(self.sim, "anna", {"play": Played})
        self.containers = self.successor()

    def successor(self) -> SimulatedContainers:
        return SimulatedContainers(
            self.events.append, lambda *_later: None, shell, self.kernel, self.executors
        )

    def play(self) -> Played:
        self.containers.launch("c", make_spec("play"))
        assert self.events == [Launched("c", 100_001)]
        return self.executors.node("c").process("executor", Played)


def test_an_executor_is_a_node_of_its_own() -> None:
    host = Host()
    played = host.play()
    assert played.settings.framework_id == "f"
    assert host.executors.running == ("c",)
    played.terminate()
    host.sim.run(1.0)
    assert host.events[1:] == [Ended("c", 0)]
    assert not host.executors.running


def test_an_executor_that_crashes_returns_1() -> None:
    host = Host()
    host.play()
    host.executors.node("c").kill("executor")
    host.sim.run(1.0)
    assert host.events[1:] == [Ended("c", 1 << 8)]


@pytest.mark.parametrize("kill", ["signal", "destroy"])
def test_an_executor_is_killed_as_a_process_is(kill: str) -> None:
    host = Host()
    host.play()
    node = host.executors.node("c")
    if kill == "signal":
        host.containers.signal("c", 15)
        assert node.up
        host.containers.signal("c", 9)
    else:
        host.containers.destroy("c")
    assert not node.up
    assert host.events[1:] == [Ended("c", 9)]


def test_an_executor_outlives_whoever_launched_it() -> None:
    host = Host()
    host.play()
    host.containers.close()
    later = host.successor()
    assert later.recover() == ("c",)
    later.adopt("c")
    later.destroy("c")
    assert host.events[1:] == [Launched("c", 100_000), Ended("c", 9)]


def test_a_host_without_power_runs_nothing() -> None:
    host = Host()
    host.play()
    node = host.executors.node("c")
    host.executors.lose_power()
    assert not node.up
    assert not host.executors.running
    node.recover()
    host.sim.run(1.0)
    assert [actor.pid.name for actor in node.actors()] == ["supervisor"]


def test_commands_run_beside_executors() -> None:
    host = Host()
    host.play()
    host.containers.launch("d", make_spec("sleep 100"))
    assert host.containers.recover() == ("c",)
    assert host.successor().recover() == ("c", "d")
    host.containers.destroy("d")
    host.containers.signal("d", 9)
    assert host.executors.running == ("c",)
