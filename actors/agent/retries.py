"""When what is not acknowledged is to be sent again."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from actors.agent.deadlines import Deadlines

K = TypeVar("K", bound=Hashable)

#: Pauses between two times: at first, and at most (mesos-protocol.md §2.10).
LEAST_SECONDS = 10.0
MOST_SECONDS = 600.0


class Retries(Generic[K]):
    """What waits for an acknowledgement, by key; the pause before each repetition is twice the last one."""

    def __init__(self) -> None:
        self._deadlines: Deadlines[K] = Deadlines()
        self._pauses: dict[K, float] = {}

    def __contains__(self, key: K) -> bool:
        return key in self._pauses

    def start(self, key: K, now: float) -> None:
        """Something was sent for the first time."""
        self._pauses[key] = LEAST_SECONDS
        self._deadlines.set(key, now + LEAST_SECONDS)

    def stop(self, key: K) -> None:
        """It was acknowledged."""
        self._pauses.pop(key, None)
        self._deadlines.discard(key)

    def clear(self) -> None:
        """Nothing waits any more."""
        self._pauses.clear()
        self._deadlines.clear()

    def take(self, now: float) -> list[K]:
        """Those to be sent again now, in the order in which they came due; they go on waiting."""
        due = self._deadlines.take(now)
        for key in due:
            self._pauses[key] = min(2 * self._pauses[key], MOST_SECONDS)
            self._deadlines.set(key, now + self._pauses[key])
        return due

    def next(self) -> float | None:
        """When there is something to do; None when nothing waits."""
        return self._deadlines.next()
