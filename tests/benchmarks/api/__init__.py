"""Mesos' HTTP APIs as their clients see them; each part measures one thing."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.figure import Figure, Size, figures_of

PARTS = ("calls", "scheduler", "streams", "executor")


def figures(size: Size) -> Iterator[Figure]:
    for part in PARTS:
        yield from figures_of(f"{__name__}.{part}", size)
