import random
import threading
import time

from actors.clock import Clock
from actors.system import Timer
from transport.pid import Pid

A = Pid("a", "host", 1)


def nothing() -> None: ...


class Fired:
    """Collects what a clock fires."""

    def __init__(self) -> None:
        self.timers: list[Timer] = []
        self.times: dict[int, float] = {}
        self.last = threading.Event()
        self.clock = Clock(self._fire)
        self.clock.start()

    def schedule(self, seconds: float) -> Timer:
        timer = Timer(A, nothing)
        self.clock.schedule(timer, seconds)
        return timer

    def wait_for(self, timer: Timer) -> None:
        deadline = time.monotonic() + 10
        while timer not in self.timers:
            assert time.monotonic() < deadline, "the timer did not fire"
            self.last.wait(0.1)
            self.last.clear()

    def _fire(self, timer: Timer) -> None:
        self.times[id(timer)] = time.monotonic()
        self.timers.append(timer)
        self.last.set()


def test_timers_fire_in_order_of_their_time_and_of_being_set_and_never_early() -> None:
    fired = Fired()
    begun = time.monotonic()
    late, soon, soon_too = fired.schedule(0.05), fired.schedule(0.01), fired.schedule(0.01)
    fired.wait_for(late)
    fired.clock.stop()
    assert fired.timers == [soon, soon_too, late]
    assert fired.times[id(soon)] - begun >= 0.01
    assert fired.times[id(late)] - begun >= 0.05


def test_a_cancelled_timer_does_not_fire() -> None:
    fired = Fired()
    cancelled = fired.schedule(0.01)
    cancelled.cancel()
    fired.wait_for(fired.schedule(0.02))
    fired.clock.stop()
    assert cancelled not in fired.timers


def test_a_timer_that_is_due_at_once_fires_though_an_hour_is_being_waited_for() -> None:
    fired = Fired()
    hour = fired.schedule(3600)
    fired.wait_for(fired.schedule(-1))
    fired.clock.stop()
    assert hour not in fired.timers


def test_cancelled_timers_do_not_pile_up_until_their_time_comes() -> None:
    fired = Fired()
    for _ in range(20_000):
        fired.schedule(3600).cancel()
    kept = len(fired.clock._heap)
    fired.clock.stop()
    assert kept <= 1024


def test_of_a_thousand_timers_half_cancelled_the_other_half_fires_each_once() -> None:
    fired = Fired()
    rng = random.Random(3)
    timers = [fired.schedule(rng.random() / 10) for _ in range(1000)]
    for timer in timers[::2]:
        timer.cancel()
    fired.wait_for(fired.schedule(0.2))
    fired.clock.stop()
    uncancelled = [timer for timer in fired.timers[:-1] if not timer.cancelled]
    assert sorted(map(id, uncancelled)) == sorted(map(id, timers[1::2]))
