"""One timer for many deadlines."""

from __future__ import annotations

from collections.abc import Callable

from actors.process import Process
from actors.system import Timer


class Alarm:
    """Runs `ring()` as a turn of its process, at the time it was set to or somewhat earlier.

    Whoever rings looks what is due, and sets it anew. Each ring begins a trace: what is repeated after
    minutes has no longer to do with what happened to set the alarm.
    """

    def __init__(self, process: Process, ring: Callable[[], None]) -> None:
        self._process = process
        self._ring = ring
        self._timer: Timer | None = None
        self._due = 0.0

    @property
    def is_set(self) -> bool:
        """Whether it will ring."""
        return self._timer is not None

    def set(self, due: float | None) -> None:
        """Have it ring by that time of the system's clock; None: not at all."""
        if self._timer is not None and (due is None or due < self._due):
            self._timer.cancel()
            self._timer = None
        if self._timer is None and due is not None:
            system = self._process.system
            self._timer, self._due = Timer(self._process.pid, self._fire), due
            system.schedule(self._timer, max(0.0, due - system.now()))

    def _fire(self) -> None:
        self._timer = None
        self._ring()
