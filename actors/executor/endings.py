"""The ends of executors that the agent has not dealt with: told again and again, ever later."""

from __future__ import annotations

from collections.abc import Callable

from actors.process import Process
from actors.system import Timer
from transport.messages.hosting import ExecutorEnding

#: The pause before an end is told again doubles, up to the longest.
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0


class Endings:
    """Part of the process that calls `tell` for each of them, in whose turns it runs."""

    def __init__(self, process: Process, tell: Callable[[ExecutorEnding], None]) -> None:
        self._process = process
        self._tell = tell
        self._endings: dict[str, ExecutorEnding] = {}
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._timer: Timer | None = None

    def add(self, ending: ExecutorEnding) -> None:
        """Tell an end, from now on."""
        self._endings[ending.container_id] = ending
        self._tell(ending)
        if self._timer is None:
            self._timer = self._process.delay(self._pause_seconds, self._tell_again)

    def get(self, container_id: str) -> ExecutorEnding | None:
        """How a container ended, if that is not forgotten."""
        return self._endings.get(container_id)

    def forget(self, container_id: str) -> None:
        """Tell it no more."""
        self._endings.pop(container_id, None)

    def all(self) -> tuple[ExecutorEnding, ...]:
        """All of them, oldest first."""
        return tuple(self._endings.values())

    def hurry(self) -> None:
        """There is a new agent, which knows of none."""
        self._pause_seconds = _FIRST_PAUSE_SECONDS

    def _tell_again(self) -> None:
        self._timer = None
        if not self._endings:
            self._pause_seconds = _FIRST_PAUSE_SECONDS
            return
        for ending in self._endings.values():
            self._tell(ending)
        self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)
        self._timer = self._process.delay(self._pause_seconds, self._tell_again)
