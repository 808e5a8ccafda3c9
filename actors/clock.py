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


class Clock:
    """Calls `fire(timer)` on its own thread when a timer's time has come; cancelled ones are skipped.

    A cancelled timer stays in the heap until its time or the next sweep; sweeps come whenever the heap
    has doubled, so it holds at most twice what is alive.
    """

    def __init__(self, fire: Callable[[Timer], None]) -> None:
        self._fire = fire
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._sweep_at = _SWEEP_AT_LEAST
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        """Begin to fire."""
        self._thread.start()

    def stop(self) -> None:
        """Fire nothing more; returns when the thread has ended."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def schedule(self, timer: Timer, seconds: float) -> None:
        """Fire `timer` in that many seconds, at once when they are not positive."""
        entry = (time.monotonic() + seconds, next(self._order), timer)
        with self._changed:
            heap = self._heap
            heapq.heappush(heap, entry)
            if len(heap) >= self._sweep_at:
                self._sweep()
            if heap[0] is entry:
                self._changed.notify()

    def _sweep(self) -> None:
        self._heap = [entry for entry in self._heap if not entry[2].cancelled]
        heapq.heapify(self._heap)
        self._sweep_at = max(_SWEEP_AT_LEAST, 2 * len(self._heap))

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and not self._due():
                    self._changed.wait(self._heap[0][0] - time.monotonic() if self._heap else None)
                if self._stopped:
                    return
                timers = self._take_due()
            for timer in timers:
                self._fire(timer)

    def _due(self) -> bool:
        return bool(self._heap) and self._heap[0][0] <= time.monotonic()

    def _take_due(self) -> list[Timer]:
        now = time.monotonic()
        due = []
        while self._heap and self._heap[0][0] <= now:
            timer = heapq.heappop(self._heap)[2]
            if not timer.cancelled:
                due.append(timer)
        return due
