"""Fetches that only seem to happen, in whatever time a simulation keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from containerizers.fetcher.order import Order
from containerizers.fetcher.settings import FetchStatistics

#: Calls back so many seconds later, unless whoever asked is gone by then.
Delay: TypeAlias = Callable[[float, Callable[[], None]], object]


class FetchCourse(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of an order."""

    #: How long it takes; None: for ever.
    seconds: float | None = 0.1
    #: Why it fails, if so.
    error: str = ""


#: Says what becomes of an order.
Script: TypeAlias = Callable[[Order], FetchCourse]


def at_once(_order: Order) -> FetchCourse:
    """A tenth of a second each."""
    return FetchCourse()


class FakeFetches:
    """`Fetches` that fetches nothing: `script` says what would become of it."""

    def __init__(self, delay: Delay, script: Script = at_once) -> None:
        self._delay = delay
        self._script = script
        self._succeeded = 0
        self._failed = 0
        self._closed = False
        self._cleared = 0

    @property
    def statistics(self) -> FetchStatistics:
        """See `FetchPool.statistics`."""
        return FetchStatistics(
            cache_total_bytes=0, cache_used_bytes=0, succeeded=self._succeeded, failed=self._failed
        )

    def fetch(self, order: Order, done: Callable[[str], None]) -> Callable[[], None]:
        """See `FetchPool.fetch`."""
        course = self._script(order)
        stopped: list[bool] = []
        cleared = self._cleared

        def over() -> None:
            if stopped or self._closed or self._cleared != cleared:
                return
            if course.error:
                self._failed += 1
            else:
                self._succeeded += 1
            done(course.error)

        if course.seconds is not None:
            self._delay(course.seconds, over)
        return lambda: stopped.append(True)

    def clear(self) -> None:
        """See `FetchPool.clear`."""
        self._cleared += 1

    def close(self) -> None:
        """See `FetchPool.close`."""
        self._closed = True
