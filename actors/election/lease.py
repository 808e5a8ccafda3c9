"""How long a leader may act on what it last heard of ZooKeeper (reliability.md R2, K1)."""

from __future__ import annotations

import math
from typing import Final

#: Kept back from the session's end for clocks that differ, and for what takes its time.
_LEAST_MARGIN_SECONDS: Final = 0.5
_MARGIN: Final = 0.1
#: Of a session's time-out, what may be left of it when a broken connection is noticed; less half a second.
_LEFT: Final = 1 / 3
_LEFT_MARGIN_SECONDS: Final = 0.5


class Lease:
    """Ends before the session can, by this node's monotonic clock, whatever is heard or not heard.

    ZooKeeper counts the time-out from when it last heard of us, which is no earlier than when we sent what
    it answered.
    """

    def __init__(self) -> None:
        #: Nothing may be done from then on.
        self.until = -math.inf
        self._timeout_seconds = 0.0
        self._suspended = False

    def connected(self, alive_at: float, timeout_seconds: float) -> None:
        """The session, of that time-out, was alive then, and is connected."""
        self._timeout_seconds = timeout_seconds
        self._suspended = False
        self.alive(alive_at)

    def alive(self, alive_at: float) -> None:
        """The session was alive then."""
        if not self._suspended:
            margin = max(_LEAST_MARGIN_SECONDS, _MARGIN * self._timeout_seconds)
            self.until = alive_at + self._timeout_seconds - margin

    def suspended(self, now: float) -> None:
        """The connection broke: what is left is shortened, until the same session is connected again."""
        self._suspended = True
        self.until = min(self.until, now + _LEFT * self._timeout_seconds - _LEFT_MARGIN_SECONDS)

    def end(self) -> None:
        """The session is over."""
        self.until = -math.inf
