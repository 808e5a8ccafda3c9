"""Histories in which the allocator and the reference must agree.

Many of them: `python -m tests.actors.master.allocator.agreement HISTORIES STEPS [FIRST_SEED [MOST]]`, where
MOST is how many agents and frameworks there may be.
"""

from __future__ import annotations

import sys
from random import Random

from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.settings import Settings
from tests.actors.master.allocator.history import History
from tests.actors.master.allocator.reference import ReferenceAllocator

MINIMUMS = ("cpus:0.01|mem:32", "", "cpus:1|ports:3")


def any_settings(rng: Random) -> Settings:
    return Settings(
        min_allocatable_resources=rng.choice(MINIMUMS),
        filter_gpu_resources=rng.random() < 0.8,
        fair_sharing_excluded_resource_names=rng.choice(((), ("gpus",), ("disk", "gpus"))),
        region=rng.choice((None, "here")),
    )


def agree(seed: int, steps: int, most: int = 5) -> int:
    """Tell both one history; raises AssertionError where they differ. Returns how many runs were compared."""
    rng = Random(seed)
    settings = any_settings(rng)
    history = History(rng, [HierarchicalAllocator(settings), ReferenceAllocator(settings)], most)
    history.begin(rng.randint(1, 4), rng.randint(1, 4))
    return sum(history.step() == "allocate" for _ in range(steps))


def main(histories: int, steps: int, first_seed: int = 0, most: int = 5) -> None:
    runs = 0
    for seed in range(first_seed, first_seed + histories):
        try:
            runs += agree(seed, steps, most)
        except BaseException:
            print(f"seed {seed}", file=sys.stderr)  # noqa: T201 - it is what the command is for
            raise
    print(f"{histories} histories, {runs} allocation runs: no disagreement")  # noqa: T201


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
