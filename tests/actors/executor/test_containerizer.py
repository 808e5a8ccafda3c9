from __future__ import annotations

import signal

import pytest

from actors.executor.containerizer import ADOPTION_SECONDS, ContainerizerProcess
from actors.process import Process, handles
from actors.simulation import Probe, SimulatedNode, Simulation
from actors.system import Restart
from containerizers import containerizer
from containerizers.containerizer import Broken, Ended, Launched, Notify
from containerizers.fake import Course, Delay, FakeContainerizer, FakeKernel
from containerizers.spec import Limits, Spec
from transport.messages import container_spec
from transport.messages.container_spec import ContainerSpec, WantedFile
from transport.messages.containing import (
    AdoptContainer,
    AwaitContainer,
    ContainerEnded,
    ContainerInspected,
    ContainerLaunched,
    ContainersFound,
    ContainersListed,
    DestroyContainer,
    FindContainers,
    InspectContainer,
    LaunchContainer,
    Limitation,
    LimitContainer,
    ListContainers,
    ListedContainer,
    SignalContainer,
    UpdateContainer,
)
from transport.messages.fetching import FetchFiles, FilesFetched, StopFetching
from transport.pid import Pid

COURSES = {
    "short": Course(seconds=10.0, status=3 << 8),
    "endless": Course(),
    "stubborn": Course(ignored=(signal.SIGTERM,)),
    "bad": Course(error="no such program"),
}


class ScriptedFetcher(Process):
    """A fetcher that answers when the test says so."""

    def __init__(self) -> None:
        self.asked: list[FetchFiles] = []
        self.stopped: list[str] = []

    @handles(FetchFiles)
    def fetch(self, sender: Pid, message: FetchFiles) -> None:
        self.asked.append(message)
        self.asker = sender

    @handles(StopFetching)
    def stop(self, sender: Pid, message: StopFetching) -> None:
        self.stopped.append(message.container_id)

    def answer(self, container_id: str, error: str = "") -> None:
        self.send(self.asker, FilesFetched(container_id, error))


class Watched(FakeContainerizer):
    """One that remembers what it was asked for."""

    updates: list[tuple[str, Limits]]
    destroyed: list[str]

    def update(self, container_id: str, limits: Limits) -> None:
        self.updates.append((container_id, limits))
        if limits.memory_bytes == 0:
            raise ValueError("the kernel will not have it")

    def destroy(self, container_id: str) -> None:
        self.destroyed.append(container_id)
        super().destroy(container_id)


class Host:
    """A node with a containerizer, whose kernel outlives its processes, and actors in the test's hand."""

    def __init__(self, seed: int = 1) -> None:
        self.sim = Simulation(seed)
        self.specs: list[Spec] = []
        self.updates: list[tuple[str, Limits]] = []
        self.destroyed: list[str] = []
        self.node = self.sim.node("host", self._boot)
        self.one = self.node.probe("one")

    def _boot(self, node: SimulatedNode) -> None:
        if node.incarnation == 1 or node.lost_power:
            self.kernel = FakeKernel(node.now)
        node.spawn(lambda: ContainerizerProcess(self._make), "containerizer", restart=Restart(), vital=True)
        node.spawn(ScriptedFetcher, "fetcher", restart=Restart())

    def _make(self, notify: Notify, delay: Delay) -> FakeContainerizer:
        self.notify = notify
        made = Watched(notify, delay, self._course, self.kernel)
        made.updates, made.destroyed = self.updates, self.destroyed
        return made

    @property
    def fetcher(self) -> ScriptedFetcher:
        return self.node.process("fetcher", ScriptedFetcher)

    def launch_with_files(self, container_id: str, program: str = "endless") -> None:
        files = (WantedFile(uri="http://h/file"),)
        spec = ContainerSpec(
            arguments=(program,), directory="/box", user="u", stdout="/box/o", stderr="/box/e", files=files
        )
        self.tell(self.one, LaunchContainer(container_id, spec))
        self.sim.run(0.5)

    def _course(self, spec: Spec) -> Course:
        self.specs.append(spec)
        return COURSES[spec.arguments[0]]

    def tell(self, probe: Probe, *messages: object) -> None:
        for message in messages:
            probe.send(self.node.pid_of("containerizer"), message)

    def launch(self, container_id: str, program: str, probe: Probe | None = None) -> None:
        spec = ContainerSpec(arguments=(program,), directory="/")
        self.tell(probe or self.one, LaunchContainer(container_id, spec))

    def expect(self, probe: Probe, *messages: object, timeout_seconds: float = 60.0) -> None:
        """Wait until the probe has been told just that."""
        self.sim.run_until(lambda: len(probe.received) >= len(messages), timeout_seconds)
        self.sim.run(0.1)
        assert probe.received == list(messages)
        probe.received.clear()


@pytest.fixture
def host() -> Host:
    return Host()


def test_who_launches_a_container_is_told_of_its_start_and_its_end(host: Host) -> None:
    other = host.node.probe("other")
    host.launch("a", "short")
    host.expect(host.one, ContainerLaunched("a", 1001), ContainerEnded("a", 3 << 8))
    assert other.received == []


def test_a_container_gets_all_that_its_spec_says(host: Host) -> None:
    given = ContainerSpec(
        arguments=("short", "x"),
        directory="/sandbox",
        environment={"A": "b"},
        user="u",
        stdout="/o",
        stderr="/e",
    )
    host.tell(host.one, LaunchContainer("a", given))
    host.sim.run(1.0)
    assert host.specs == [
        Spec(
            arguments=("short", "x"),
            directory="/sandbox",
            environment={"A": "b"},
            user="u",
            stdout="/o",
            stderr="/e",
        )
    ]


def test_what_cannot_be_started_has_ended(host: Host) -> None:
    host.launch("a", "bad")
    host.expect(host.one, ContainerEnded("a", None, "no such program"))


def test_a_bad_id_is_answered_and_not_tried(host: Host) -> None:
    host.launch("../a", "short")
    host.sim.run(1.0)
    (answer,) = host.one.received
    assert isinstance(answer, ContainerEnded)
    assert answer.error.startswith("container id '../a': must be ")
    assert host.specs == []


def test_to_launch_twice_is_to_launch_once(host: Host) -> None:
    host.launch("a", "endless")
    host.launch("a", "endless")
    host.expect(host.one, ContainerLaunched("a", 1001))
    host.launch("a", "endless")
    host.expect(host.one, ContainerLaunched("a", 1001))
    assert len(host.specs) == 1


def test_nobody_launches_what_is_another_s(host: Host) -> None:
    other = host.node.probe("other")
    host.launch("a", "endless")
    host.expect(host.one, ContainerLaunched("a", 1001))
    host.launch("a", "endless", other)
    host.expect(other, ContainerEnded("a", None, "container a: is there already"))
    assert host.one.received == []


def test_signals_reach_the_container(host: Host) -> None:
    host.launch("a", "stubborn")
    host.tell(host.one, SignalContainer("a", signal.SIGTERM), SignalContainer("b", signal.SIGTERM))
    host.sim.run(10.0)
    assert host.one.received == [ContainerLaunched("a", 1001)]
    host.one.received.clear()
    host.tell(host.one, SignalContainer("a", signal.SIGKILL))
    host.expect(host.one, ContainerEnded("a", signal.SIGKILL))


def test_the_owner_that_destroys_is_told_once(host: Host) -> None:
    host.launch("a", "stubborn")
    host.tell(host.one, DestroyContainer("a"), DestroyContainer("a"))
    host.expect(host.one, ContainerLaunched("a", 1001), ContainerEnded("a", signal.SIGKILL))


def test_whoever_destroys_is_told_when_all_of_it_is_gone(host: Host) -> None:
    other = host.node.probe("other")
    for container_id in ("a.x", "a.y", "ab"):
        host.launch(container_id, "endless")
    host.tell(other, DestroyContainer("a"))
    host.expect(other, ContainerEnded("a"))
    ended = [one.container_id for one in host.one.received if isinstance(one, ContainerEnded)]
    assert sorted(ended) == ["a.x", "a.y"]


def test_to_destroy_what_is_not_there_is_answered(host: Host) -> None:
    host.tell(host.one, DestroyContainer("a"))
    host.expect(host.one, ContainerEnded("a"))


def test_the_containers_of_an_actor_that_ends_are_destroyed(host: Host) -> None:
    other = host.node.probe("other")
    host.launch("a", "stubborn", other)
    host.launch("b", "stubborn")
    host.sim.run(1.0)
    host.node.kill("other")
    host.sim.run(1.0)
    assert list(host.kernel.running) == ["b"]


def test_one_that_was_adopted_outlives_the_actor_that_launched_it(host: Host) -> None:
    other = host.node.probe("other")
    host.launch("a", "short", other)
    host.sim.run(1.0)
    host.tell(host.one, AdoptContainer("a"))
    host.expect(host.one, ContainerLaunched("a", 1001))
    host.node.kill("other")
    host.expect(host.one, ContainerEnded("a", 3 << 8))


def test_after_a_crash_of_the_node_containers_are_found_and_adopted(host: Host) -> None:
    host.launch("a", "short")
    host.launch("b", "endless")
    host.sim.run(1.0)
    host.node.kill_process()
    host.sim.run(1.0)
    host.node.restart()
    one = host.node.probe("one")
    host.tell(one, FindContainers(), AdoptContainer("a"), AdoptContainer("gone"))
    host.sim.run(1.0)
    assert one.received == [
        ContainersFound(("a", "b"), is_complete=True),
        ContainerEnded("gone"),
        ContainerLaunched("a", 1001),
    ]
    one.received.clear()
    # It is no child of this process: its status is not to be had.
    host.expect(one, ContainerEnded("a", None))


def test_what_nobody_adopts_is_destroyed_after_a_while(host: Host) -> None:
    host.launch("a", "endless")
    host.sim.run(1.0)
    host.node.kill_process()
    host.node.restart()
    host.sim.run(ADOPTION_SECONDS - 1.0)
    assert list(host.kernel.running) == ["a"]
    host.sim.run(2.0)
    assert host.kernel.running == {}


def test_what_nested_ones_shared_goes_with_them_unless_somebody_wants_it(host: Host) -> None:
    for container_id in ("unwanted.x", "owned.x", "owned.y", "bounded.x"):
        host.launch(container_id, "endless")
    host.sim.run(1.0)
    host.node.kill_process()
    host.node.restart()
    one = host.node.probe("one")
    host.tell(one, AdoptContainer("owned.y"), UpdateContainer("bounded", BOUNDS))
    host.sim.run(ADOPTION_SECONDS + 1.0)
    assert list(host.kernel.running) == ["owned.y"]
    assert sorted(host.destroyed) == ["bounded.x", "owned.x", "unwanted", "unwanted.x"]


def test_an_orphan_can_be_destroyed_but_not_launched_again(host: Host) -> None:
    host.launch("a", "endless")
    host.launch("a.x", "endless")
    host.sim.run(1.0)
    host.node.kill_process()
    host.node.restart()
    one = host.node.probe("one")
    host.launch("a", "endless", one)
    host.expect(one, ContainerEnded("a", None, "container a: is there already"))
    host.tell(one, DestroyContainer("a"))
    host.expect(one, ContainerEnded("a"))
    assert host.kernel.running == {}


def test_a_containerizer_that_crashes_is_succeeded_by_one_that_adopts(host: Host) -> None:
    host.launch("a", "endless")
    host.sim.run(1.0)
    host.node.kill("containerizer")
    host.sim.run(1.0)
    host.one.received.clear()
    host.tell(host.one, AdoptContainer("a"), SignalContainer("a", signal.SIGTERM))
    host.expect(host.one, ContainerLaunched("a", 1001), ContainerEnded("a", None))


def test_a_containerizer_that_is_broken_is_replaced(host: Host) -> None:
    host.launch("a", "endless")
    host.sim.run(1.0)
    host.one.received.clear()
    host.notify(Broken("it has ended"))
    host.sim.run(1.0)
    (crash,) = host.sim.crashes
    assert str(crash.error) == "it has ended"
    host.tell(host.one, AdoptContainer("a"))
    host.expect(host.one, ContainerLaunched("a", 1001))


def test_a_containerizer_that_is_told_to_end_leaves_nothing_behind(host: Host) -> None:
    host.launch("a", "stubborn")
    host.sim.run(1.0)
    host.one.terminate(host.node.pid_of("containerizer"))
    host.sim.run(1.0)
    host.kernel.sweep()
    assert host.kernel.running == {}


def test_what_becomes_of_a_container_belongs_to_the_story_of_its_launch() -> None:
    host = Host()
    sim = Simulation(1, trace=True)
    host.sim = sim
    host.node = sim.node("host", host._boot)
    host.one = host.node.probe("one")
    host.launch("a", "short")
    host.expect(host.one, ContainerLaunched("a", 1001), ContainerEnded("a", 3 << 8))
    story = sim.story("a")
    for name in ("LaunchContainer", "ContainerLaunched", "ContainerEnded"):
        assert name in story


def test_whoever_awaits_a_container_is_told_its_end_and_does_not_hasten_it(host: Host) -> None:
    host.launch("one", "short")
    other = host.node.probe("other")
    host.tell(other, AwaitContainer("one"), AwaitContainer("none"))
    host.expect(other, ContainerEnded("none"))
    host.sim.run(15.0)
    host.expect(other, ContainerEnded("one", 3 << 8))


def test_a_container_that_waits_to_be_adopted_is_there_and_can_be_awaited(host: Host) -> None:
    host.launch("one", "endless")
    host.sim.run(1.0)
    host.notify(Broken("a bug"))
    host.sim.run(1.0)
    other = host.node.probe("other")
    host.tell(other, InspectContainer("one"), AwaitContainer("one"), InspectContainer("none"))
    host.expect(other, ContainerInspected("one", is_there=True), ContainerInspected("none"))
    host.sim.run(ADOPTION_SECONDS)
    host.expect(other, ContainerEnded("one"))


def test_what_the_first_process_of_a_container_finds_in_its_environment_is_told(host: Host) -> None:
    spec = ContainerSpec(arguments=("endless",), directory="/", environment={"A": "b"})
    host.tell(host.one, LaunchContainer("one", spec))
    other = host.node.probe("other")
    host.sim.run(1.0)
    host.tell(other, InspectContainer("one"))
    host.expect(other, ContainerInspected("one", is_there=True, environment={"A": "b"}))


# Files.


def test_what_a_container_needs_is_fetched_before_it_is_made(host: Host) -> None:
    host.launch_with_files("a")
    assert host.specs == []
    assert host.fetcher.asked == [
        FetchFiles("a", "/box", (WantedFile(uri="http://h/file"),), "u", "/box/o", "/box/e")
    ]
    host.fetcher.answer("a")
    host.expect(host.one, ContainerLaunched("a", 1001))


def test_a_container_whose_files_cannot_be_had_has_ended(host: Host) -> None:
    host.launch_with_files("a")
    host.fetcher.answer("a", "http://h/file: not found")
    reason = "Failed to fetch all URIs for container 'a': http://h/file: not found"
    host.expect(host.one, ContainerEnded("a", None, reason))
    assert host.specs == []


@pytest.mark.parametrize("message", [SignalContainer("a", signal.SIGTERM), DestroyContainer("a")])
def test_a_container_that_is_not_wanted_while_its_files_are_fetched_is_never_made(
    host: Host, message: object
) -> None:
    host.launch_with_files("a")
    host.tell(host.one, message)
    host.expect(host.one, ContainerEnded("a", None, "it was ended while its files were fetched"))
    assert host.fetcher.stopped == ["a"]
    host.fetcher.answer("a")  # it was just done
    host.sim.run(1.0)
    assert host.specs == []


def test_what_was_to_be_nested_in_a_container_that_ends_meanwhile_is_never_made(host: Host) -> None:
    host.launch("a", "short")
    host.launch_with_files("a.x")
    host.one.received.clear()
    never = ContainerEnded("a.x", None, "it was ended while its files were fetched")
    host.expect(host.one, never, ContainerEnded("a", 3 << 8))
    assert host.fetcher.stopped == ["a.x"]


def test_to_launch_again_while_files_are_fetched_is_to_launch_once(host: Host) -> None:
    host.launch_with_files("a")
    host.launch_with_files("a")
    assert len(host.fetcher.asked) == 1


def test_files_are_not_fetched_for_an_actor_that_ended(host: Host) -> None:
    host.launch_with_files("a")
    host.node.kill("one")
    host.sim.run(1.0)
    assert host.fetcher.stopped == ["a"]


def test_a_fetcher_that_crashed_is_asked_again(host: Host) -> None:
    host.launch_with_files("a")
    host.node.kill("fetcher")
    host.sim.run(2.0)
    assert [asked.container_id for asked in host.fetcher.asked] == ["a"]
    host.fetcher.answer("a")
    host.expect(host.one, ContainerLaunched("a", 1001))


def test_what_is_being_fetched_for_does_not_run_yet_but_is_there(host: Host) -> None:
    host.launch_with_files("a")
    host.tell(host.one, ListContainers(), InspectContainer("a"))
    listed = ListedContainer(container_id="a", is_launching=True, directory="/box")
    host.expect(host.one, ContainersListed((listed,)), ContainerInspected("a", is_there=True))


def test_what_fetches_too_much_ends_for_it(host: Host) -> None:
    host.launch_with_files("a")
    host.tell(host.node.probe("other"), LimitContainer("a", TOO_MUCH))
    error = "it was ended while its files were fetched"
    host.expect(host.one, ContainerEnded("a", None, error, limitation=TOO_MUCH))
    assert host.fetcher.stopped == ["a"]


# Limits.

BOUNDS = container_spec.Limits(memory_bytes=1, ports=((80, 80),))
TOO_MUCH = Limitation(kind="disk", message="too much", used=7)


def test_a_container_that_used_too_much_is_destroyed_and_its_owner_is_told_why(host: Host) -> None:
    for name in ("a", "a.x", "b"):
        host.launch(name, "stubborn")
    host.sim.run(1.0)
    host.one.received.clear()
    later = Limitation(kind="ports", message="and that")
    other = host.node.probe("other")
    host.tell(other, LimitContainer("a", TOO_MUCH), LimitContainer("a", later), LimitContainer("c", later))
    host.expect(
        host.one,
        ContainerEnded("a.x", signal.SIGKILL, limitation=TOO_MUCH),
        ContainerEnded("a", signal.SIGKILL, limitation=TOO_MUCH),
    )


def test_those_nested_in_a_container_that_runs_nothing_itself_end_for_using_too_much_together(
    host: Host,
) -> None:
    host.launch("a.x", "endless")
    host.tell(host.one, LimitContainer("a", TOO_MUCH))
    host.expect(
        host.one, ContainerLaunched("a.x", 1001), ContainerEnded("a.x", signal.SIGKILL, limitation=TOO_MUCH)
    )


def test_what_the_containerizer_saw_of_it_is_told_too(host: Host) -> None:
    host.launch("a", "endless")
    host.sim.run(1.0)
    host.one.received.clear()
    limitation = containerizer.Limitation("memory", "oom", 5)
    host.notify(Launched("a", 7, ("10.0.0.2",), b"{}"))
    host.notify(Ended("a", 9, "", limitation))
    host.expect(
        host.one,
        ContainerLaunched("a", 7, ("10.0.0.2",), b"{}"),
        ContainerEnded("a", 9, limitation=Limitation(kind="memory", message="oom", used=5)),
    )


def test_limits_are_changed_and_what_runs_is_listed_with_them(host: Host) -> None:
    spec = ContainerSpec(arguments=("endless",), directory="/box")
    host.tell(host.one, LaunchContainer("a", spec), UpdateContainer("a", BOUNDS))
    host.tell(host.one, UpdateContainer("family", BOUNDS, "/family"))
    host.tell(host.one, LaunchContainer("family.x", spec))
    host.sim.run(1.0)
    host.tell(host.one, ListContainers())
    host.sim.run(1.0)
    assert host.updates == [(name, Limits(memory_bytes=1, ports=((80, 80),))) for name in ("a", "family")]
    assert host.one.received[-1] == ContainersListed(
        (
            ListedContainer(container_id="a", process=1001, directory="/box", limits=BOUNDS),
            ListedContainer(container_id="family.x", process=1002, directory="/box"),
            ListedContainer(container_id="family", directory="/family", limits=BOUNDS),
        )
    )
    host.one.received.clear()
    host.tell(host.one, DestroyContainer("family"), ListContainers())
    host.sim.run(1.0)
    listed = [one for one in host.one.received if isinstance(one, ContainersListed)]
    assert [one.container_id for one in listed[0].containers] == ["a", "family.x"]
    assert [one.is_ending for one in listed[0].containers] == [False, True]


def test_limits_that_cannot_be_set_change_nothing(host: Host) -> None:
    host.launch("a", "endless")
    host.tell(host.one, UpdateContainer("a", container_spec.Limits(memory_bytes=0)))
    host.sim.run(1.0)
    assert not host.sim.crashes
    assert list(host.kernel.running) == ["a"]


def test_who_adopts_a_container_may_tell_what_it_was_launched_with(host: Host) -> None:
    host.launch("a", "endless")
    host.sim.run(1.0)
    host.node.kill_process()
    host.node.restart()
    one = host.node.probe("one")
    spec = ContainerSpec(arguments=("endless",), directory="/box", limits=BOUNDS)
    host.tell(one, AdoptContainer("a", spec))
    host.sim.run(1.0)
    host.tell(one, ListContainers())
    host.sim.run(1.0)
    listed = ListedContainer(container_id="a", process=1001, directory="/box", limits=BOUNDS)
    assert one.received[-1] == ContainersListed((listed,))
