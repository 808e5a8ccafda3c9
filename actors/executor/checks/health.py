"""Whether a task is healthy, and for how long it may be unhealthy (mesos-protocol.md §3.9)."""

from __future__ import annotations

import msgspec

from actors.executor.checks.look import Seen
from transport.records.check import HealthCheck

_GRACE_SECONDS = 10.0
_CONSECUTIVE_FAILURES = 3


class Verdict(msgspec.Struct, frozen=True):
    """What follows from a look: what the framework is told, if anything, and whether the task must end."""

    #: None when the framework is not told.
    healthy: bool | None = None
    kills: bool = False
    message: str | None = None


class Health:
    """Judges the looks of a health check; `started` is when the task began to run, in monotonic seconds."""

    def __init__(self, check: HealthCheck, started: float) -> None:
        grace = check.grace_period_seconds
        failures = check.consecutive_failures
        self._grace_over = started + (_GRACE_SECONDS if grace is None else grace)
        self._limit = _CONSECUTIVE_FAILURES if failures is None else failures
        self._failures = 0
        self._was_healthy = False

    def judge(self, seen: Seen, now: float) -> Verdict:
        """Take in a look. Its failure counts once the task was healthy, or its grace is over."""
        failure = _failure(seen)
        if failure is None:
            news = not self._was_healthy or self._failures > 0
            self._was_healthy = True
            self._failures = 0
            return Verdict(healthy=True if news else None)
        if not self._was_healthy and now <= self._grace_over:
            return Verdict()
        self._failures += 1
        return Verdict(False, self._failures >= self._limit, failure)


def _failure(seen: Seen) -> str | None:
    if seen.exit_code is not None:
        return f"the command exited with {seen.exit_code}" if seen.exit_code else None
    if seen.status_code is not None:
        return None if 200 <= seen.status_code < 400 else f"the HTTP status was {seen.status_code}"
    if seen.connected:
        return None
    return seen.error or "no connection"
