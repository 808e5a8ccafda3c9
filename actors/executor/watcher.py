"""Tells somebody who is no actor that one has ended."""

from __future__ import annotations

from collections.abc import Callable

from actors.process import Process
from transport.pid import Pid


class Watcher(Process):
    """Calls `gone`, on its own thread, when `watched` is no more."""

    def __init__(self, watched: Pid, gone: Callable[[], None]) -> None:
        self._watched = watched
        self._gone = gone

    def initialize(self) -> None:
        """Begin to watch."""
        self.link(self._watched)

    def exited(self, pid: Pid) -> None:
        """It has ended."""
        self._gone()
