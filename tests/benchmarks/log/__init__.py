"""The replicated log: its files, a replica, the registry on it, what damage it notices, how soon it is read.

Everything is written below /var/tmp, because /tmp is often no disk at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.figure import Figure, Size, figures_of

PARTS = ("journal", "replica", "registry", "corruption", "recovery")


def figures(size: Size) -> Iterator[Figure]:
    for part in PARTS:
        yield from figures_of(f"{__name__}.{part}", size)
