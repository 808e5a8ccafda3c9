"""The timers of a node: one heap, one thread."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

from actors.system import Timer

#: Below this many timers it is not worth looking for cancelled ones.
_SWEEP_AT_LEAST = 1024
#: Timers that come due within so short a time fire together, a little late, at the price of one wake-up.
_LEAST_SLEEP_SECONDS = 0.002


class Clock:
    """Calls `fire(timer)` on its own thread when a timer's time has come; cancelled ones are skipped.

    A cancelled timer stays in the heap until its time or the next sweep; sweeps come whenever the heap
    has doubled, so it holds at most twice what is alive.
    """

    def __init__(self, fire: Callable[[Timer], None]) -> None:
        self._fire = fire
        self._lock = threading.Lock()
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._sweep_at = _SWEEP_AT_LEAST
        self._stopped = False
        # The thread sleeps on this lock, which others release; a Condition costs three times as much.
        self._bell = threading.Lock()
        self._bell.acquire()
        self._rung = False
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        """Begin to fire."""
        self._thread.start()

    def stop(self) -> None:
        """Fire nothing more; returns when the thread has ended."""
        with self._lock:
            self._stopped = True
            self._ring()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def schedule(self, timer: Timer, seconds: float) -> None:
        """Fire `timer` in that many seconds, at once when they are not positive."""
        entry = (time.monotonic() + seconds, next(self._order), timer)
        with self._lock:
            heapq.heappush(self._heap, entry)
            if len(self._heap) >= self._sweep_at:
                self._sweep()
            if self._heap[0] is entry:
                self._ring()

    def _ring(self) -> None:
        if not self._rung:
            self._rung = True
            self._bell.release()

    def _sweep(self) -> None:
        self._heap = [entry for entry in self._heap if not entry[2].cancelled]
        heapq.heapify(self._heap)
        self._sweep_at = max(_SWEEP_AT_LEAST, 2 * len(self._heap))

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._stopped:
                    return
                timers, wait_seconds = self._take_due()
            for timer in timers:
                self._fire(timer)
            if not timers and self._bell.acquire(timeout=wait_seconds):
                with self._lock:
                    self._rung = False

    def _take_due(self) -> tuple[list[Timer], float]:
        """The timers whose time has come, and how long to sleep when there are none."""
        heap, now, due = self._heap, time.monotonic(), []
        while heap and (heap[0][0] <= now or heap[0][2].cancelled):
            timer = heapq.heappop(heap)[2]
            if not timer.cancelled:
                due.append(timer)
        wait_seconds = heap[0][0] - now if heap else threading.TIMEOUT_MAX
        return due, min(max(wait_seconds, _LEAST_SLEEP_SECONDS), threading.TIMEOUT_MAX)
