"""Threads that wait for dockerd so that nobody else has to."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from containerizers.docker.settings import DockerSettings

if TYPE_CHECKING:
    from containerizers.docker.client import Client

#: Work for one thread; it deals with all errors of dockerd itself.
Job: TypeAlias = "Callable[[Client], None]"

_IDLE_SECONDS = 30.0
_CLOSING_SECONDS = 2.0


class Calls:
    """At most `most` threads, each with a client of its own, made when they are needed.

    `broken` is told should one of them end by a bug.
    """

    def __init__(self, name: str, most: int, settings: DockerSettings, broken: Callable[[str], None]) -> None:
        self._name = name
        self._most = most
        self._settings = settings
        self._broken = broken
        self._ready = threading.Condition()
        self._jobs: deque[Job] = deque()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        #: When dockerd answered last.
        self._heard = 0.0
        self._closed = False

    @property
    def threads(self) -> int:
        """How many there are now."""
        return len(self._threads)

    def is_answered(self, seconds: float) -> bool:
        """Whether dockerd has answered anything in the last so many seconds."""
        return time.monotonic() - self._heard < seconds

    def submit(self, job: Job, *, first: bool = False) -> None:
        """Have it done, before all others if it is to be `first`. After `close` nothing is done any more."""
        with self._ready:
            if self._closed:
                return
            if first:
                self._jobs.appendleft(job)
            else:
                self._jobs.append(job)
            if self._idle < len(self._jobs) and len(self._threads) < self._most:
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._threads.add(thread)
                thread.start()
            else:
                self._ready.notify()

    def close(self) -> None:
        """Do no more jobs. A thread that dockerd keeps waiting ends when that is over."""
        with self._ready:
            self._closed = True
            self._jobs.clear()
            self._ready.notify_all()
            threads = tuple(self._threads)
        deadline = time.monotonic() + _CLOSING_SECONDS
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        # To import it takes a while, too, and not everybody has dockerd.
        from containerizers.docker.client import Client  # noqa: PLC0415  as said above

        client = Client(self._settings, self._hear)
        works = True
        try:
            while (job := self._next()) is not None:
                works = False
                job(client)
                works = True
        finally:
            client.close()
            with self._ready:
                self._threads.discard(threading.current_thread())
            if not works and not self._closed:
                self._broken(f"a thread of {self._name} has ended")

    def _hear(self) -> None:
        self._heard = time.monotonic()

    def _next(self) -> Job | None:
        """The next thing to do; None when there was nothing for a while."""
        deadline = time.monotonic() + _IDLE_SECONDS
        with self._ready:
            while not self._jobs:
                rest = deadline - time.monotonic()
                if self._closed or rest <= 0:
                    # No longer counted, from here on: else a job could be left to a thread that ends.
                    self._threads.discard(threading.current_thread())
                    return None
                self._idle += 1
                self._ready.wait(rest)
                self._idle -= 1
            return self._jobs.popleft()
