"""The cluster at work: tasks, latencies, registration, and what it costs to do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.figure import Figure, Size, figures_of

PARTS = ("tasks", "latency", "execute", "idle", "agents", "simulated")


def figures(size: Size) -> Iterator[Figure]:
    for part in PARTS:
        yield from figures_of(f"{__name__}.{part}", size)
