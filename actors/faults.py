"""Fault points armed from outside: `FAULT=agent.checkpoint.after_fsync:2` kills the daemon there.

Processes mark each durable write and outside call by `system.fault("name")`. Nothing happens there unless
a test armed the point; then the daemon dies as by SIGKILL, which is how crash recovery is tested on real
processes (reliability.md R4). In simulation the same points are armed by schedule.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

#: The environment variable of daemons that arms points.
VARIABLE = "FAULT"


class FaultPoints:
    """Counts how often each armed point is passed, and calls `strike(point)` at the one that is meant."""

    def __init__(self, armed: dict[str, int], strike: Callable[[str], None]) -> None:
        self._armed = armed
        self._strike = strike
        self._passed = dict.fromkeys(armed, 0)
        self._lock = threading.Lock()

    def __call__(self, point: str) -> None:
        """Pass a point, from any thread."""
        nth = self._armed.get(point)
        if nth is None:
            return
        with self._lock:
            self._passed[point] = passed = self._passed[point] + 1
        if passed == nth:
            self._strike(point)


def parse_faults(text: str) -> dict[str, int]:
    """Read `name[:nth][,…]`, nth from 1; raises ValueError naming the part that is wrong."""
    armed = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        point, colon, nth = part.partition(":")
        if not point or (colon and not (nth.isascii() and nth.isdigit() and int(nth) > 0)):
            raise ValueError(f"{VARIABLE}: {part!r} must be name or name:nth with nth from 1")
        armed[point] = int(nth) if colon else 1
    return armed
