"""Mailboxes, wire, peers, simulation and timers, each in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.figure import Figure, Size, figures_of

PARTS = ("local", "wire", "peers", "turns", "timers")


def figures(size: Size) -> Iterator[Figure]:
    for part in PARTS:
        yield from figures_of(f"{__name__}.{part}", size)
