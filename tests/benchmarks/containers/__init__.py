"""Containers: how soon they run, what many of them cost, and how soon they are found again.

Root is needed, and what tests need (`.ci/servers`): dockerd, runc and a static busybox.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.figure import Figure, Size, figures_of

PARTS = ("isolated", "docker", "fetching", "many")


def figures(size: Size) -> Iterator[Figure]:
    for part in PARTS:
        yield from figures_of(f"{__name__}.{part}", size)
