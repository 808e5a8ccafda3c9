"""Until when a session was certainly alive, for those who rely on what it owns in ZooKeeper.

ZooKeeper's leader ends a session when it has not heard of it for the time-out. It hears at once when a client
connects, and twice in each tick of whoever sent a request to the server that it is connected with. That one
server answers proves nothing: it may be cut off from the leader, or the leader from the others. An answer for
which a majority was needed proves that what was answered a while before it had reached the leader by then.
"""

from __future__ import annotations

from collections import deque
from typing import Final

#: The share of the time-out in which the leader hears from all servers: half of a tick, where the time-out is
#: two ticks at least; and no more than that of ZooKeeper's usual tick, of 2 s.
_HEARD_SHARE: Final = 1 / 4
_HEARD_SECONDS: Final = 1.0


class Liveness:
    """Of one session; all times are monotonic. `alive_at` may be relied on."""

    def __init__(self, asked_at: float, timeout_seconds: float) -> None:
        #: A session is made by a majority.
        self.alive_at = asked_at
        self._lag_seconds = min(timeout_seconds * _HEARD_SHARE, _HEARD_SECONDS)
        #: Something reached the leader that was not sent before; at first, that it was asked to connect.
        self._heard_at = asked_at
        #: When later requests of this connection were sent, and answered.
        self._answered: deque[tuple[float, float]] = deque()

    def reconnected(self, asked_at: float) -> None:
        """There is another connection: what was sent on the former one may never have reached the leader."""
        self._heard_at = asked_at
        self._answered.clear()

    def answered(self, sent_at: float, now: float, *, by_quorum: bool) -> bool:
        """Take an answer; True when `alive_at` is later than before."""
        before = self.alive_at
        if by_quorum:
            while self._answered and self._answered[0][1] <= sent_at - self._lag_seconds:
                self._heard_at, _ = self._answered.popleft()
            self.alive_at = max(before, self._heard_at)
        self._answered.append((sent_at, now))
        return self.alive_at > before
