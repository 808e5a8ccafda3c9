"""Works on orders on a thread of its own."""

from __future__ import annotations

import os
import selectors
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from containerizers.fetcher.desk import Desk, Done, Wish
from containerizers.fetcher.order import Order
from containerizers.fetcher.settings import FetchSettings, FetchStatistics
from containerizers.fetcher.workers import Workers

Stop: TypeAlias = Callable[[], None]
_CLOSING_SECONDS = 10.0
_BROKEN = "the fetcher does not work any more"


def no_fault(point: str) -> None:
    """Nothing is armed."""


class FetchPool:
    """Works on orders, with one thread and a process for each; its methods may be called by any thread."""

    def __init__(self, settings: FetchSettings, fault: Callable[[str], None] = no_fault) -> None:
        self._settings = settings
        self._commands: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._closed = False
        self._is_broken = False
        self._selector = selectors.DefaultSelector()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._selector.register(self._wake, selectors.EVENT_READ, lambda: os.eventfd_read(self._wake))
        self._workers = Workers(settings, self._selector)
        self._desk = Desk(settings, self._workers, fault)
        self._thread = threading.Thread(target=self._run, name="fetches", daemon=True)
        self._thread.start()

    @property
    def statistics(self) -> FetchStatistics:
        """How much was fetched, and is kept."""
        return self._desk.statistics

    def fetch(self, order: Order, done: Done) -> Stop:
        """Work on an order; returns what ends that, with all its processes.

        `done` is called once, by whatever thread, unless that comes before.
        """
        wish = Wish(self._desk, order, done)
        if not self._command(lambda: self._desk.admit(wish)):
            done(_BROKEN)

        def stop() -> None:
            self._command(lambda: self._desk.stop(wish))

        return stop

    def clear(self) -> None:
        """Stop working on all orders that there are by now."""
        self._command(self._desk.clear)

    def close(self) -> None:
        """End everything, and tell nobody; files in the cache go."""
        self._closed = True
        self._command(lambda: None)
        self._thread.join(_CLOSING_SECONDS)

    def _command(self, command: Callable[[], None]) -> bool:
        """Have the thread do something; False when there is none."""
        with self._lock:
            if self._is_broken:
                return False
            self._commands.append(command)
            os.eventfd_write(self._wake, 1)
            return True

    def _run(self) -> None:
        try:
            while not self._closed:
                for key, _ in self._selector.select(self._workers.pause()):
                    key.data()
                while self._commands:
                    self._commands.popleft()()
                self._workers.start()
        finally:
            with self._lock:
                self._is_broken = True
            self._selector.close()
            os.close(self._wake)
            self._workers.end()
            if not self._closed:
                while self._commands:
                    self._commands.popleft()()
                self._desk.fail(_BROKEN)
            self._desk.close()
