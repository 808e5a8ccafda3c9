"""When many agents are lost at once, it is more likely the network that fails (reliability.md R19)."""

from __future__ import annotations


class MassLoss:
    """Holds back the giving up of agents once `share` of all were lost within `window_seconds`.

    It does so until fewer are lost, but for no longer than `patience_seconds`. A share of None holds nothing
    back, as in Mesos.
    """

    def __init__(self, share: float | None, window_seconds: float, patience_seconds: float) -> None:
        self._share = share
        self._window_seconds = window_seconds
        self._patience_seconds = patience_seconds
        #: Agents that were lost lately, and when; the longest absent first.
        self._lost: dict[str, float] = {}
        #: How many there were when the first of these was lost.
        self._agents = 0
        self._until = float("-inf")

    def wait_seconds(self, now: float) -> float:
        """How long nobody may be given up; 0 when anybody may."""
        return max(0.0, self._until - now)

    def lose(self, agent_id: str, agents: int, now: float) -> bool:
        """One of so many agents is lost; True when from now on they are held back."""
        if self._share is None:
            return False
        holds = now < self._until
        if not holds:
            self._forget(now - self._window_seconds)
        if not self._lost:
            self._agents = agents
        self._lost[agent_id] = now
        if holds or not self._too_many:
            return False
        self._until = now + self._patience_seconds
        return True

    def find(self, agent_id: str, now: float) -> bool:
        """An agent is back; True when from now on they are not held back any more."""
        lost = self._lost.pop(agent_id, None) is not None
        if not lost or now >= self._until or self._too_many:
            return False
        self._until = float("-inf")
        return True

    @property
    def _too_many(self) -> bool:
        return self._share is not None and len(self._lost) >= self._share * self._agents

    def _forget(self, before: float) -> None:
        self._lost = {agent_id: when for agent_id, when in self._lost.items() if when > before}
