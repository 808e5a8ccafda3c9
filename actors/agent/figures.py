"""What the executor node counts of containers, shown among the metrics of its agent.

The node keeps them (`actors.executor.gauges`), and is asked when somebody asks the agent: what nobody looks
at costs nothing. Of a node that does not answer the figures stay as they were.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from actors.metrics import Counter, Family, Gauge, Metrics, Registry, metric

#: How those begin that are shown.
_PREFIX: Final = "containerizer/"
#: As many as ask within this time are told the same (mesos-protocol.md §5.2b: two a second).
_REST_SECONDS: Final = 0.5


class ContainerFigures(Metrics):
    """Those that are always there; others are shown while the node tells of them."""

    destroy_errors: Counter = metric(
        Counter,
        "containerizer/mesos/container_destroy_errors",
        "Containers that could not be ended, or of which something could not be removed.",
    )
    fetched: Counter = metric(
        Counter, "containerizer/fetcher/task_fetches_succeeded", "Containers whose files were fetched."
    )
    not_fetched: Counter = metric(
        Counter,
        "containerizer/fetcher/task_fetches_failed",
        "Containers whose files could not be fetched.",
    )
    cache_total: Gauge = metric(
        Gauge, "containerizer/fetcher/cache_size_total_bytes", "What the cache of files may hold."
    )
    cache_used: Gauge = metric(
        Gauge, "containerizer/fetcher/cache_size_used_bytes", "What the cache of files holds."
    )

    others: Family = metric(
        Family, _PREFIX.rstrip("/"), "What else the executor node measures of containers."
    )

    def take(self, values: Mapping[str, float]) -> None:
        """Show these from now on."""
        known = {one.name: one for one in vars(self).values()}
        others: dict[str, float] = {}
        for name, value in values.items():
            one = known.get(name)
            if isinstance(one, Counter):
                one.value = int(value)
            elif isinstance(one, Gauge):
                one.set(value)
            elif name.startswith(_PREFIX):
                others[name.removeprefix(_PREFIX)] = value
        self.others.read = lambda: others


class Figures:
    """Has the figures be new when somebody looks; on one event loop."""

    def __init__(
        self,
        registry: Registry,
        ask: Callable[[], Awaitable[Mapping[str, float]]],
        now: Callable[[], float],
    ) -> None:
        """`ask` tells what the node measures, or nothing; it takes no longer than somebody would wait."""
        self._ask = ask
        self._now = now
        self._figures = ContainerFigures()
        self._asked_at: float | None = None
        registry.add(self._figures)

    async def refresh(self) -> None:
        """Ask the node, unless it was asked just now."""
        now = self._now()
        if self._asked_at is not None and now - self._asked_at < _REST_SECONDS:
            return
        self._asked_at = now
        values = await self._ask()
        if values:
            self._figures.take(values)
