"""The failover of masters: how long the next one takes to know the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.figure import Figure, Size, figures_of

PARTS = ("returns",)


def figures(size: Size) -> Iterator[Figure]:
    for part in PARTS:
        yield from figures_of(f"{__name__}.{part}", size)
