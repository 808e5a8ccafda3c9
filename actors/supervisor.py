"""What becomes of an actor that crashed: a successor under its name, or the end of the daemon."""

from __future__ import annotations

from collections import deque

from actors.process import Process, handles
from transport.messages.supervision import ActorCrashed
from transport.pid import Pid

#: The name of the supervisor on every node.
SUPERVISOR = "supervisor"


class RestartBudget:
    """Allows `intensity` restarts within any `period_seconds`, each later than the one before it."""

    def __init__(self, intensity: int, period_seconds: float, backoff_seconds: float) -> None:
        self._intensity = intensity
        self._period_seconds = period_seconds
        self._backoff_seconds = backoff_seconds
        self._restarts: deque[float] = deque()

    def restart(self, now: float) -> float | None:
        """Seconds to wait before the next restart, or None when there may be no further one."""
        while self._restarts and self._restarts[0] <= now - self._period_seconds:
            self._restarts.popleft()
        if len(self._restarts) >= self._intensity:
            return None
        wait_seconds = len(self._restarts) * self._backoff_seconds
        self._restarts.append(now)
        return wait_seconds

    def unused(self, now: float) -> bool:
        """Whether no restart counts any more."""
        return not self._restarts or self._restarts[-1] <= now - self._period_seconds


class Supervisor(Process):
    """Hears of every crash on its node; the system ends the daemon should this actor crash itself."""

    def initialize(self) -> None:
        """Start with no restart used."""
        self._budgets: dict[tuple[str, int, float, float], RestartBudget] = {}

    @handles(ActorCrashed)
    def crashed(self, sender: Pid, message: ActorCrashed) -> None:
        """Restart, give up, or end the daemon."""
        name, now = message.pid.name, self.system.now()
        self._budgets = {key: budget for key, budget in self._budgets.items() if not budget.unused(now)}
        allowed = (message.intensity, message.period_seconds, message.backoff_seconds)
        wait_seconds = self._budgets.setdefault((name, *allowed), RestartBudget(*allowed)).restart(now)
        if wait_seconds is not None:
            self.log.info("actor restarts", crashed=str(message.pid), wait_seconds=wait_seconds)
            self.delay(wait_seconds, self.system.respawn, name)
        elif message.vital:
            self.system.abort(f"vital actor {message.pid} crashed and may not be restarted: {message.error}")
        else:
            self.log.error("actor given up", crashed=str(message.pid), error=message.error)
