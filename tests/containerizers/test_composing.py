from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

import pytest

from containerizers.composing import DOCKER, MESOS, ComposingContainerizer, MakeOne
from containerizers.containerizer import Broken, Ended, Event, Launched, Notify, Usage
from containerizers.fake import Course, FakeContainerizer, FakeKernel
from containerizers.spec import DockerSpec, Limits, Spec

PLAIN = Spec(arguments=("a",), directory="/", environment={"A": "mesos"})
OF_DOCKER = Spec(arguments=(), directory="/", environment={"A": "docker"}, docker=DockerSpec(image="busybox"))


class Clock:
    """Time stands still; what is to happen later happens when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.later: list[tuple[float, Callable[[], None]]] = []

    def delay(self, seconds: float, callback: Callable[[], None]) -> None:
        self.later.append((self.now + seconds, callback))

    def run(self) -> None:
        while self.later:
            when, callback = self.later.pop(0)
            self.now = max(self.now, when)
            callback()


class Part(FakeContainerizer):
    """One of two: remembers what it was told, and can be broken."""

    def __init__(self, notify: Notify, clock: Clock, kernel: FakeKernel) -> None:
        super().__init__(notify, clock.delay, lambda _spec: Course(), kernel)
        self.notify = notify
        self.limits: list[tuple[str, Limits]] = []
        self.closed = False
        #: Whether it does not hear that something is to end.
        self.is_deaf = False

    def destroy(self, container_id: str) -> None:
        if not self.is_deaf:
            super().destroy(container_id)

    def update(self, container_id: str, limits: Limits) -> None:
        if limits.memory_bytes == 0:
            raise ValueError("the kernel will not have it")
        self.limits.append((container_id, limits))

    def close(self) -> None:
        self.closed = True
        super().close()


class Stage:
    """A composing containerizer and all that it made."""

    def __init__(self, names: tuple[str, ...] = (MESOS, DOCKER)) -> None:
        self.clock = Clock()
        self.kernels = {name: FakeKernel(lambda: self.clock.now) for name in names}
        self.parts: dict[str, list[Part]] = {name: [] for name in names}
        self.events: list[Event] = []
        #: What is to be done aside; the test says when.
        self.aside: list[Callable[[], None]] = []
        self.whole = self.compose()

    def compose(self) -> ComposingContainerizer:
        return ComposingContainerizer(self._makers(), self.events.append, self.aside.append)

    def _makers(self) -> Mapping[str, MakeOne]:
        return {name: self._maker(name) for name in self.kernels}

    def _maker(self, name: str) -> MakeOne:
        def make(notify: Notify) -> Part:
            part = Part(notify, self.clock, self.kernels[name])
            self.parts[name].append(part)
            return part

        return make

    def repair(self) -> None:
        while self.aside:
            self.aside.pop(0)()

    def told(self) -> list[Event]:
        self.clock.run()
        events = list(self.events)
        self.events.clear()
        return events


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_each_container_is_made_by_the_one_that_it_is_for(stage: Stage) -> None:
    stage.whole.launch("a", PLAIN)
    stage.whole.launch("b", OF_DOCKER)
    assert (list(stage.kernels[MESOS].running), list(stage.kernels[DOCKER].running)) == (["a"], ["b"])
    assert [event.container_id for event in stage.told() if isinstance(event, Launched)] == ["a", "b"]


def test_docker_is_asked_before_mesos_whatever_was_said(stage: Stage) -> None:
    stage.whole.launch("m", PLAIN)
    stage.whole.launch("d", OF_DOCKER)
    assert list(stage.whole.usage()) == ["d", "m"]


def test_what_is_nested_is_made_by_the_one_that_has_what_is_around_it(stage: Stage) -> None:
    stage.whole.launch("b", OF_DOCKER)
    stage.whole.launch("b.check", PLAIN)
    stage.whole.launch("family.task", PLAIN)
    assert list(stage.kernels[DOCKER].running) == ["b", "b.check"]
    assert list(stage.kernels[MESOS].running) == ["family.task"]


@pytest.mark.parametrize(
    ("name", "spec", "error"),
    [
        (MESOS, OF_DOCKER, "is for the containerizer docker, and there is only mesos"),
        (DOCKER, PLAIN, "is for the containerizer mesos, and there is only docker"),
    ],
)
def test_what_is_for_nobody_is_refused(name: str, spec: Spec, error: str) -> None:
    stage = Stage((name,))
    stage.whole.launch("a", spec)
    assert stage.told() == [Ended("a", None, f"container a: {error}")]
    stage.whole.launch("a", spec)  # it is not there
    assert len(stage.told()) == 1


def test_docker_makes_nothing_within_what_is_not_its_own(stage: Stage) -> None:
    stage.whole.launch("a", PLAIN)
    stage.whole.launch("a.b", OF_DOCKER)
    assert stage.told()[1:] == [
        Ended("a.b", None, "container a.b: Docker makes none in one that is not Docker's")
    ]


def test_an_id_is_there_once(stage: Stage) -> None:
    stage.whole.launch("a", PLAIN)
    with pytest.raises(ValueError, match="container a: is there already"):
        stage.whole.launch("a", OF_DOCKER)
    with pytest.raises(ValueError, match="container a: is there already"):
        stage.whole.adopt("a")
    with pytest.raises(ValueError, match="container id"):
        stage.whole.launch("../a", PLAIN)


def test_whoever_has_a_container_is_asked_about_it(stage: Stage) -> None:
    stage.whole.launch("a", PLAIN)
    stage.whole.launch("b", OF_DOCKER)
    assert stage.whole.environment("a") == {"A": "mesos"}
    assert stage.whole.environment("b") == {"A": "docker"}
    assert stage.whole.environment("c") == {}
    assert stage.whole.usage()["b"] == Usage(process=1001, processes=1, threads=1)
    assert stage.whole.processes() == {"a": (1001,), "b": (1001,)}
    limits = Limits(cpus=1.0)
    stage.whole.update("b", limits)
    stage.whole.update("family", limits)
    assert stage.parts[DOCKER][0].limits == [("b", limits)]
    assert stage.parts[MESOS][0].limits == [("family", limits)]


def test_signals_and_ends_reach_the_container(stage: Stage) -> None:
    stage.whole.launch("a", PLAIN)
    stage.whole.launch("b", OF_DOCKER)
    stage.told()
    stage.whole.signal("a", 15)
    stage.whole.destroy("b")
    stage.whole.signal("c", 15)
    stage.whole.destroy("c")
    assert stage.told() == [Ended("a", 15), Ended("b", 9)]
    stage.whole.launch("a", OF_DOCKER)
    assert list(stage.kernels[DOCKER].running) == ["a"]


def test_what_both_left_is_found_and_adopted(stage: Stage) -> None:
    stage.whole.launch("b", PLAIN)
    stage.whole.launch("a", OF_DOCKER)
    stage.told()
    successor = stage.compose()
    assert successor.recover() == ("a", "b")
    for name in ("a", "b", "gone"):
        successor.adopt(name)
    assert stage.told() == [Launched("a", 1001), Launched("b", 1001), Ended("gone")]
    assert successor.recover() == ()
    successor.destroy("a")
    assert stage.told() == [Ended("a", None)]


def test_one_that_breaks_is_replaced_and_the_others_containers_never_know(stage: Stage) -> None:
    stage.whole.launch("a", PLAIN)
    stage.whole.launch("b", OF_DOCKER)
    stage.told()
    (broken,) = stage.parts[DOCKER]
    broken.notify(Broken("a bug"))
    broken.notify(Broken("and again"))
    # What is asked of it meanwhile waits, and nobody else does.
    stage.whole.launch("c", OF_DOCKER)
    stage.whole.signal("a", 15)
    assert stage.told() == [Ended("a", 15)]
    stage.repair()
    assert (broken.closed, len(stage.parts[DOCKER]), len(stage.parts[MESOS])) == (True, 2, 1)
    assert stage.told() == [Launched("c", 1002)]
    stage.whole.signal("b", 15)
    assert stage.told() == [Ended("b", None)]


def test_what_ended_while_its_containerizer_was_broken_has_ended(stage: Stage) -> None:
    stage.whole.launch("b", OF_DOCKER)
    stage.told()
    stage.parts[DOCKER][0].notify(Broken("a bug"))
    stage.kernels[DOCKER].lose_power()
    stage.repair()
    (ended,) = stage.told()
    assert ended == Ended("b", None, "its end was missed: what it ran in broke down")


def test_what_was_to_end_when_its_containerizer_broke_does(stage: Stage) -> None:
    stage.whole.launch("b", OF_DOCKER)
    part = stage.parts[DOCKER][0]
    part.is_deaf = True
    stage.whole.destroy("b")
    part.notify(Broken("a bug"))
    stage.repair()
    assert stage.told()[-1] == Ended("b", None)


def test_what_cannot_be_done_when_it_is_whole_again_holds_nothing_up(stage: Stage) -> None:
    stage.whole.launch("b", OF_DOCKER)
    stage.parts[DOCKER][0].notify(Broken("a bug"))
    stage.whole.update("b", Limits(memory_bytes=0))
    stage.whole.update("b", Limits(memory_bytes=1))
    stage.repair()
    assert stage.parts[DOCKER][1].limits == [("b", Limits(memory_bytes=1))]
    stage.told()
    stage.whole.signal("b", 15)
    assert stage.told() == [Ended("b", None)]


@pytest.mark.parametrize(
    ("error", "reason"), [(OSError("no disk"), "no disk"), (RuntimeError("a bug"), "cannot be replaced")]
)
def test_one_that_cannot_be_replaced_is_broken_for_good(
    stage: Stage, error: Exception, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def recover(_part: Part) -> tuple[str, ...]:
        raise error

    monkeypatch.setattr(Part, "recover", recover)
    stage.parts[DOCKER][0].notify(Broken("a bug"))
    with contextlib.suppress(RuntimeError):
        stage.repair()
    assert stage.told() == [Broken(f"containerizer docker: {reason}")]


def test_one_that_breaks_again_and_again_is_given_up(stage: Stage) -> None:
    for _ in range(5):
        stage.parts[DOCKER][-1].notify(Broken("a bug"))
        stage.repair()
    assert stage.told() == []
    stage.parts[DOCKER][-1].notify(Broken("a bug"))
    assert stage.told() == [Broken("a bug")]


def test_closing_it_closes_all(stage: Stage) -> None:
    stage.whole.close()
    assert all(part.closed for parts in stage.parts.values() for part in parts)
    stage.parts[DOCKER][0].notify(Broken("closed"))
    assert stage.aside == []


def test_an_end_for_good_is_an_end_of_all(stage: Stage) -> None:
    stage.whole.launch("a", PLAIN)
    stage.whole.launch("b", OF_DOCKER)
    stage.whole.end()
    assert all(not kernel.running for kernel in stage.kernels.values())
