from __future__ import annotations

import heapq
import itertools
import signal
from collections.abc import Callable

import pytest

from containerizers.containerizer import Ended, Event, Launched, Limitation
from containerizers.fake import Course, FakeContainerizer, FakeKernel
from containerizers.spec import Limits, Spec

TOO_MUCH = Limitation("memory", "too much", 7)
SHORT = Course(seconds=10.0, status=3 << 8)
ENDLESS = Course()
STUBBORN = Course(ignored=(signal.SIGTERM,))
SLOW = Course(ending_seconds=5.0)
COURSES = {
    "short": SHORT,
    "endless": ENDLESS,
    "stubborn": STUBBORN,
    "slow": SLOW,
    "bad": Course(error="no such thing"),
    "greedy": Course(seconds=5.0, status=9, limitation=TOO_MUCH, addresses=("172.17.0.2",)),
}


class Fakes:
    """A fake containerizer in a time that the test lets pass; `crash` leaves the kernel to the next."""

    def __init__(self) -> None:
        self.now = 0.0
        self.kernel = FakeKernel(lambda: self.now)
        self.boot()

    def boot(self) -> None:
        self.events: list[tuple[float, Event]] = []
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self.containerizer = FakeContainerizer(
            lambda event: self.events.append((self.now, event)),
            self._delay,
            lambda spec: COURSES[spec.arguments[0]],
            self.kernel,
        )

    def launch(self, container_id: str, program: str) -> None:
        self.containerizer.launch(container_id, Spec(arguments=(program,), directory="/"))

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while self._timers and self._timers[0][0] <= until:
            self.now, _, callback = heapq.heappop(self._timers)
            callback()
        self.now = until

    @property
    def ends(self) -> list[tuple[float, Ended]]:
        return [(when, event) for when, event in self.events if isinstance(event, Ended)]

    def _delay(self, seconds: float, callback: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (self.now + seconds, next(self._numbers), callback))


@pytest.fixture
def fakes() -> Fakes:
    return Fakes()


def test_a_program_runs_as_long_as_its_course_says(fakes: Fakes) -> None:
    fakes.launch("one", "short")
    fakes.run(100.0)
    assert fakes.events == [(0.0, Launched("one", 1001)), (10.0, Ended("one", 3 << 8))]


def test_what_cannot_be_started_ends_with_its_error(fakes: Fakes) -> None:
    fakes.launch("one", "bad")
    assert fakes.events == [(0.0, Ended("one", None, "no such thing"))]
    assert fakes.kernel.running == {}


def test_an_id_is_there_once_and_must_be_one(fakes: Fakes) -> None:
    fakes.launch("one", "endless")
    with pytest.raises(ValueError, match="is there already"):
        fakes.launch("one", "endless")
    with pytest.raises(ValueError, match="container id"):
        fakes.launch("a/b", "endless")


def test_a_signal_ends_all_but_those_that_ignore_it(fakes: Fakes) -> None:
    for program in ("endless", "stubborn", "slow", "short"):
        fakes.launch(program, program)
    fakes.run(1.0)
    for program in ("endless", "stubborn", "slow"):
        fakes.containerizer.signal(program, signal.SIGTERM)
        fakes.containerizer.signal(program, signal.SIGCONT)
    fakes.containerizer.signal("nobody", signal.SIGTERM)
    fakes.run(100.0)
    assert fakes.ends == [
        (1.0, Ended("endless", signal.SIGTERM)),
        (6.0, Ended("slow", signal.SIGTERM)),
        (10.0, Ended("short", 3 << 8)),
    ]
    fakes.containerizer.signal("stubborn", signal.SIGKILL)
    fakes.run(0.0)
    assert fakes.ends[-1] == (101.0, Ended("stubborn", signal.SIGKILL))


def test_what_is_ending_can_still_be_destroyed(fakes: Fakes) -> None:
    fakes.launch("slow", "slow")
    fakes.containerizer.signal("slow", signal.SIGTERM)
    fakes.run(1.0)
    fakes.containerizer.destroy("slow")
    fakes.run(100.0)
    assert fakes.ends == [(1.0, Ended("slow", signal.SIGKILL))]


def test_nested_ones_end_with_their_parent(fakes: Fakes) -> None:
    fakes.launch("short", "short")
    fakes.launch("short.one", "stubborn")
    fakes.launch("short.one.two", "endless")
    fakes.launch("short2", "endless")
    fakes.run(100.0)
    assert [event.container_id for _, event in fakes.ends] == ["short.one.two", "short.one", "short"]


def test_a_parent_without_process_is_destroyed_with_all_in_it(fakes: Fakes) -> None:
    fakes.launch("a.one", "endless")
    fakes.launch("a.two", "endless")
    fakes.containerizer.destroy("a")
    fakes.run(1.0)
    assert [event.container_id for _, event in fakes.ends] == ["a.one", "a.two"]


def test_the_kernel_outlives_the_process_that_launched(fakes: Fakes) -> None:
    for program in ("short", "endless"):
        fakes.launch(program, program)
    fakes.launch("over", "short")
    fakes.containerizer.signal("over", signal.SIGTERM)
    fakes.run(4.0)
    fakes.boot()
    assert fakes.containerizer.recover() == ("endless", "short")
    for container_id in ("endless", "short", "over"):
        fakes.containerizer.adopt(container_id)
    fakes.run(100.0)
    assert fakes.events == [
        (4.0, Launched("endless", 1002)),
        (4.0, Launched("short", 1001)),
        (4.0, Ended("over", None)),
        (10.0, Ended("short", None)),
    ]
    with pytest.raises(ValueError, match="is no orphan"):
        fakes.containerizer.adopt("endless")


def test_what_ended_unseen_is_not_recovered(fakes: Fakes) -> None:
    fakes.launch("short", "short")
    fakes.boot()
    fakes.now = 10.0
    assert fakes.containerizer.recover() == ()


def test_a_loss_of_power_ends_everything(fakes: Fakes) -> None:
    fakes.launch("endless", "endless")
    fakes.kernel.lose_power()
    fakes.boot()
    assert fakes.containerizer.recover() == ()


def test_nothing_is_told_after_closing(fakes: Fakes) -> None:
    fakes.launch("short", "short")
    fakes.containerizer.close()
    fakes.run(100.0)
    assert fakes.ends == []


def test_what_uses_too_much_is_told_so_unless_it_was_ended_before() -> None:
    fakes = Fakes()
    fakes.launch("a", "greedy")
    fakes.launch("b", "greedy")
    assert fakes.events[0][1] == Launched("a", 1001, ("172.17.0.2",))
    fakes.containerizer.destroy("b")
    fakes.run(10.0)
    assert [event for _, event in fakes.ends] == [Ended("b", 9), Ended("a", 9, limitation=TOO_MUCH)]


def test_limits_are_remembered_and_an_end_for_good_leaves_nothing() -> None:
    fakes = Fakes()
    fakes.launch("a", "endless")
    fakes.containerizer.update("a", Limits(cpus=1.0))
    assert fakes.kernel.limits == {"a": Limits(cpus=1.0)}
    fakes.containerizer.end()
    assert fakes.kernel.running == {}
