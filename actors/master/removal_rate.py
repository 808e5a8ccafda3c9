"""How fast agents may be given up: a network that fails must not empty a cluster in a minute."""

from __future__ import annotations

from actors.units import Duration


class RemovalRate:
    """Who waits to be given up, one after another at the rate of `--agent_removal_rate_limit`."""

    def __init__(self, pause_seconds: float = 0.0) -> None:
        """Between two there is at least this pause."""
        self._pause_seconds = pause_seconds
        self._next_at = float("-inf")
        #: By agent id, why; first come, first served.
        self._waiting: dict[str, str] = {}

    @classmethod
    def parse(cls, text: str | None) -> RemovalRate:
        """Read `1/10mins`, or None for no limit; raises ValueError naming the rule."""
        if text is None:
            return cls()
        count, slash, span = text.partition("/")
        if not slash or not count.isascii() or not count.isdigit() or int(count) < 1:
            raise ValueError(f"rate {text!r}: must be a number of agents and a duration, as in 1/10mins")
        seconds = Duration.parse(span).seconds
        if seconds <= 0:
            raise ValueError(f"rate {text!r}: the duration must be more than 0")
        return cls(seconds / int(count))

    def __contains__(self, agent_id: str) -> bool:
        return agent_id in self._waiting

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, agent_id: str, reason: str) -> None:
        """Somebody is to be given up; who waits already keeps its place."""
        self._waiting.setdefault(agent_id, reason)

    def discard(self, agent_id: str) -> bool:
        """Somebody need not be given up; whether it waited."""
        return self._waiting.pop(agent_id, None) is not None

    def wait_seconds(self, now: float) -> float:
        """How long the first who waits must go on waiting."""
        return max(0.0, self._next_at - now)

    def take(self, now: float) -> tuple[str, str] | None:
        """Whose time has come, and why; None while nobody's has."""
        if not self._waiting or now < self._next_at:
            return None
        agent_id = next(iter(self._waiting))
        self._next_at = now + self._pause_seconds
        return agent_id, self._waiting.pop(agent_id)
