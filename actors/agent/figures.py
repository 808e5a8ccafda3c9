"""What the executor node counts of containers, shown among the metrics of its agent.

The node keeps them (`actors.executor.gauges`), and is asked when somebody asks the agent: what nobody looks
at costs nothing. Of a node that does not answer the figures stay as they were.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from actors.metrics import Counter, Gauge, Metrics, Registry, metric

#: How those begin that are shown.
_PREFIX: Final = "containerizer/"
#: As many as ask within this time are told the same (mesos-protocol.md §5.2b: two a second).
_REST_SECONDS: Final = 0.5


class ContainerFigures(Metrics):
    """Those that are there from the beginning; others are shown once the node has told of them."""

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

    def take(self, values: Mapping[str, float]) -> bool:
        """Show these from now on; whether there were some that were not known before."""
        known = {one.name: one for one in vars(self).values()}
        news = False
        for name, value in values.items():
            if not name.startswith(_PREFIX):
                continue
            one = known.get(name)
            if one is None:
                one = vars(self)[name] = Gauge(name, "Told by the executor node.")
                news = True
            if isinstance(one, Counter):
                one.value = int(value)
            else:
                one.set(value)
        return news


class Figures:
    """Has the figures be new when somebody looks; on one event loop."""

    def __init__(
        self,
        registry: Registry,
        ask: Callable[[], Awaitable[Mapping[str, float]]],
        now: Callable[[], float],
    ) -> None:
        """`ask` tells what the node measures, or nothing; it takes no longer than somebody would wait."""
        self._registry = registry
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
        if self._figures.take(await self._ask()):
            self._registry.add(self._figures)
