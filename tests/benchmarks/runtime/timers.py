"""Ten thousand timers of one actor, half of them cancelled."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator

from actors.process import Process
from actors.pykka_system import PykkaSystem
from tests.benchmarks.figure import Figure, Size, alone, at_most, percentile_of

TIMERS = 10_000
#: The timers come due evenly over this time, which begins when all of them are set.
SPREAD_SECONDS = 10.0
LEAD_SECONDS = 0.5
DEADLINE_SECONDS = 60.0


class Alarm(Process):
    """Sets its timers, cancels every other one, and notes how late each of the others fires."""

    def __init__(self, timers: int, spread_seconds: float, done: threading.Event) -> None:
        self._left = timers
        self._spread_seconds = spread_seconds
        self._done = done
        self.late_seconds: list[float] = []

    def initialize(self) -> None:
        rng = random.Random(1)
        due = self.system.now() + LEAD_SECONDS
        timers = []
        for _ in range(self._left):
            at = due + rng.random() * self._spread_seconds
            timers.append(self.delay(at - self.system.now(), self._ring, at))
        for timer in timers[::2]:
            timer.cancel()
        self._left = len(timers) - len(timers[::2])

    def _ring(self, due: float) -> None:
        self.late_seconds.append(self.system.now() - due)
        self._left -= 1
        if not self._left:
            self._done.set()


def figures(size: Size) -> Iterator[Figure]:
    worst, p99, cores = [], [], []
    spread_seconds = SPREAD_SECONDS * min(1.0, size.scale)
    for _ in range(min(3, size.rounds)):
        done = threading.Event()
        alarm = Alarm(size.of(TIMERS, least=2), spread_seconds, done)
        system = PykkaSystem()
        system.start()
        cpu, started = time.process_time(), time.perf_counter()
        system.spawn(lambda alarm=alarm: alarm, "alarm")  # type: ignore[misc]
        assert done.wait(DEADLINE_SECONDS), "timers were lost"
        cores.append((time.process_time() - cpu) / (time.perf_counter() - started))
        system.stop()
        worst.append(max(alarm.late_seconds) * 1e3)
        p99.append(percentile_of(alarm.late_seconds, 99) * 1e3)
    yield alone("timers, latest of all", "ms late", worst, at_most(20))
    yield alone("timers, p99", "ms late", p99)
    yield alone("timers, all set, cancelled or fired", "cores", cores, at_most(0.05))
