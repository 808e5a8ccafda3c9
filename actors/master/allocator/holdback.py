"""When no offers are made: while the master wants none, and after a failover until the cluster is back."""

from __future__ import annotations

from fractions import Fraction


class Holdback:
    """Whether runs are held back.

    After a failover only a few agents are there at first. Were quotas served from those alone, roles without
    quota would get nothing of them for no good reason; so it is better to wait (mesos-protocol.md §10).
    """

    def __init__(self, factor: float, timeout_seconds: float) -> None:
        """Wait for `factor` of the expected agents, for at most so long."""
        self._factor = Fraction(str(factor))
        self._timeout_seconds = timeout_seconds
        self.is_on = False
        #: Monotonic seconds at which it ends by itself.
        self.until: float | None = None
        self._enough = 0

    def expect(self, agents: int, there: int, now: float) -> None:
        """Hold back until enough of so many agents are there; nothing happens if they are."""
        enough = int(agents * self._factor)
        if there < enough:
            self.is_on, self.until, self._enough = True, now + self._timeout_seconds, enough

    def has_ended(self, there: int, now: float | None = None) -> bool:
        """Whether what was waited for has come about: so many agents, or (where it is given) the time."""
        if self.until is None:
            return False
        return there >= self._enough or (now is not None and now >= self.until)

    def begin(self) -> None:
        """Hold back until `end`."""
        self.is_on = True

    def end(self) -> None:
        """Hold back no more, whatever for."""
        self.is_on, self.until = False, None
