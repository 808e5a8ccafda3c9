"""When what is not acknowledged is to be sent again."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

#: Pauses between two times: at first, and at most (mesos-protocol.md §2.10).
LEAST_SECONDS = 10.0
MOST_SECONDS = 600.0


class Retries(Generic[K]):
    """What waits for an acknowledgement, by key; the pause before each repetition is twice the last one.

    Times are whatever the caller's clock says, in seconds.
    """

    def __init__(self) -> None:
        #: When each is due, after which pause.
        self._waiting: dict[K, tuple[float, float]] = {}
        #: (due, order, key); entries that are not what `_waiting` says are passed over.
        self._heap: list[tuple[float, int, K]] = []
        self._order = 0

    def __contains__(self, key: K) -> bool:
        return key in self._waiting

    def start(self, key: K, now: float) -> None:
        """Something was sent for the first time."""
        self._wait(key, now, LEAST_SECONDS)

    def stop(self, key: K) -> None:
        """It was acknowledged."""
        self._waiting.pop(key, None)
        if len(self._heap) > 2 * len(self._waiting) + 1000:
            self._heap = [entry for entry in self._heap if self._counts(entry)]
            heapq.heapify(self._heap)

    def clear(self) -> None:
        """Nothing waits any more."""
        self._waiting.clear()
        self._heap.clear()

    def take_due(self, now: float) -> list[K]:
        """Those to be sent again now, in the order in which they came due; they go on waiting."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)
            if self._counts(entry):
                due.append(entry[2])
        for key in due:
            self._wait(key, now, min(2 * self._waiting[key][1], MOST_SECONDS))
        return due

    def next_due(self) -> float | None:
        """When there is something to do; None when nothing waits."""
        while self._heap and not self._counts(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def _wait(self, key: K, now: float, pause: float) -> None:
        self._order += 1
        self._waiting[key] = (now + pause, pause)
        heapq.heappush(self._heap, (now + pause, self._order, key))

    def _counts(self, entry: tuple[float, int, K]) -> bool:
        waiting = self._waiting.get(entry[2])
        return waiting is not None and waiting[0] == entry[0]
