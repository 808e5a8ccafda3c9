"""What fetches files, made when the first are wanted: most nodes never fetch any."""

from __future__ import annotations

from collections.abc import Callable

from actors.executor.fetcher import Done, Fetches, Stop
from containerizers.fetcher.order import Order
from containerizers.fetcher.settings import FetchSettings, FetchStatistics


class LateFetches:
    """`Fetches` that are made from these settings."""

    def __init__(self, settings: FetchSettings, fault: Callable[[str], None]) -> None:
        self._settings = settings
        self._fault = fault
        self._made: Fetches | None = None

    @property
    def statistics(self) -> FetchStatistics:
        """See `Fetches.statistics`."""
        if self._made is not None:
            return self._made.statistics
        total = self._settings.cache_bytes
        return FetchStatistics(cache_total_bytes=total, cache_used_bytes=0, succeeded=0, failed=0)

    def fetch(self, order: Order, done: Done) -> Stop:
        """See `Fetches.fetch`."""
        if self._made is None:
            from containerizers.fetcher.pool import FetchPool  # noqa: PLC0415  as said above

            self._made = FetchPool(self._settings, self._fault)
        return self._made.fetch(order, done)

    def clear(self) -> None:
        """See `Fetches.clear`."""
        if self._made is not None:
            self._made.clear()

    def close(self) -> None:
        """See `Fetches.close`."""
        if self._made is not None:
            self._made.close()
            self._made = None
