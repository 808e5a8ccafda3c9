"""Waits for the ends of processes, and for times to come, on one thread for all containers."""

from __future__ import annotations

import heapq
import itertools
import os
import select
import threading
import time
from collections.abc import Callable


class Alarm:
    """Something that is to be done at a time, unless it is called off."""

    __slots__ = ("act",)

    def __init__(self, act: Callable[[], None]) -> None:
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        """It is not to be done any more."""
        self.act = None


class Watch:
    """Calls back on its own thread, which must not be kept; may be called by any thread.

    `broken` is told should the thread end by a bug.
    """

    def __init__(self, broken: Callable[[str], None]) -> None:
        self._broken = broken
        self._lock = threading.Lock()
        self._ended: dict[int, Callable[[], None]] = {}
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._order = itertools.count()
        self._closed = False
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._epoll.register(self._wake, select.EPOLLIN)
        self._thread = threading.Thread(target=self._run, name="docker watch", daemon=True)
        self._thread.start()

    def when_ended(self, descriptor: int, act: Callable[[], None]) -> None:
        """Call back once, when the process of this descriptor (pidfd) has ended; the caller closes it."""
        with self._lock:
            if not self._closed:
                self._ended[descriptor] = act
                self._epoll.register(descriptor, select.EPOLLIN)

    def later(self, seconds: float, act: Callable[[], None]) -> Alarm:
        """Call back after so many seconds."""
        alarm = Alarm(act)
        with self._lock:
            if not self._closed:
                heapq.heappush(self._alarms, (time.monotonic() + seconds, next(self._order), alarm))
                if self._alarms[0][2] is alarm:
                    os.eventfd_write(self._wake, 1)
        return alarm

    def close(self) -> None:
        """Call back no more."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            os.eventfd_write(self._wake, 1)
        if self._thread is not threading.current_thread():
            self._thread.join()
        self._epoll.close()
        os.close(self._wake)

    def _run(self) -> None:
        try:
            while not self._closed:
                for descriptor, _ in self._epoll.poll(self._rest()):
                    self._look(descriptor)
                self._ring()
        finally:
            if not self._closed:
                self._broken("the thread that waits for containers has ended")

    def _rest(self) -> float | None:
        with self._lock:
            return max(0.0, self._alarms[0][0] - time.monotonic()) if self._alarms else None

    def _look(self, descriptor: int) -> None:
        if descriptor == self._wake:
            os.eventfd_read(self._wake)
            return
        with self._lock:
            act = self._ended.pop(descriptor)
            self._epoll.unregister(descriptor)
        act()

    def _ring(self) -> None:
        while not self._closed:
            with self._lock:
                if not self._alarms or self._alarms[0][0] > time.monotonic():
                    return
                alarm = heapq.heappop(self._alarms)[2]
            if alarm.act is not None:
                alarm.act()
