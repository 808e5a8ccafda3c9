"""How long to leave an address alone after it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transport.limits import Limits

if TYPE_CHECKING:
    import random


class Backoff:
    """The pause before the next dial of one address: doubled by each failure, spread by chance."""

    def __init__(self, limits: Limits, rng: random.Random) -> None:
        self._limits = limits
        self._rng = rng
        self._failures = 0
        self._dial_at = 0.0
        #: Nothing is accepted from the address before this time, because it broke the rules.
        self.refused_until = 0.0

    def failed(self, now: float, *, stood_seconds: float = 0.0) -> None:
        """Note that a dial failed, or that a connection broke which had stood for so long."""
        if stood_seconds >= self._limits.backoff_max_seconds:
            self._failures = 0
        pause = self._limits.backoff_seconds * 2 ** min(self._failures, 32)
        pause = min(pause, self._limits.backoff_max_seconds)
        # Never less than half of it: an endpoint is ended a moment after its connection broke, and by its
        # name, so a dial of the same name must not come too soon.
        self._dial_at = now + pause * self._rng.uniform(0.5, 1.0)
        self._failures += 1

    def punish(self, now: float) -> None:
        """Refuse the address for a while."""
        self.refused_until = now + self._limits.penalty_seconds
        self._dial_at = max(self._dial_at, self.refused_until)

    def dial_at(self, now: float) -> float:
        """The earliest time for the next dial."""
        return max(now, self._dial_at)

    def over(self, now: float) -> bool:
        """True when nothing of the past matters any more."""
        return max(self._dial_at, self.refused_until) + self._limits.backoff_max_seconds < now
