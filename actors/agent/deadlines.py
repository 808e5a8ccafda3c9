"""Times by which something is to be done about each of many things."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

#: So many entries that do not count any more are not worth looking for.
_STALE_AT_MOST = 1000


class Deadlines(Generic[K]):
    """One time for each key, in seconds by whatever clock the caller has."""

    def __init__(self) -> None:
        self._dues: dict[K, float] = {}
        #: (due, order, key); an entry whose key is due at another time does not count.
        self._heap: list[tuple[float, int, K]] = []
        self._order = 0

    def __contains__(self, key: K) -> bool:
        return key in self._dues

    def __len__(self) -> int:
        return len(self._dues)

    def set(self, key: K, due: float) -> None:
        """Give a key its time, in place of any other."""
        self._order += 1
        self._dues[key] = due
        heapq.heappush(self._heap, (due, self._order, key))
        self._sweep()

    def discard(self, key: K) -> None:
        """Take a key out, if it is in there."""
        self._dues.pop(key, None)
        self._sweep()

    def clear(self) -> None:
        """Take every key out."""
        self._dues.clear()
        self._heap.clear()

    def take(self, now: float) -> list[K]:
        """Take out the keys whose time has come, in the order in which it came."""
        taken = []
        while self._heap and self._heap[0][0] <= now:
            due, _, key = heapq.heappop(self._heap)
            if self._dues.get(key) == due:
                del self._dues[key]
                taken.append(key)
        return taken

    def next(self) -> float | None:
        """The earliest time; None when there is no key."""
        while self._heap and self._dues.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def _sweep(self) -> None:
        if len(self._heap) > 2 * len(self._dues) + _STALE_AT_MOST:
            self._heap = [entry for entry in self._heap if self._dues.get(entry[2]) == entry[0]]
            heapq.heapify(self._heap)
