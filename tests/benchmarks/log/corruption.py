"""How much damage to its files the log notices; see `tests.actors.log.corruption`."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

from tests.actors.log.corruption import COUNTED, trials
from tests.benchmarks.figure import Figure, Size, alone, at_most

#: Three in four are bit flips and truncations: 10,000 of those, and some.
_TRIALS = 13_500


def figures(size: Size) -> Iterator[Figure]:
    made: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    lost = 0
    for outcome in trials(random.Random(1), size.of(_TRIALS, least=200)):
        made[outcome.damage] += 1
        missed[outcome.damage] += not outcome.detected
        lost += not (outcome.detected or outcome.whole)
    for damage in sorted(made):
        yield alone(
            f"log.damage.{damage.replace(' ', '_')}",
            f"undetected of {made[damage]:,}",
            [missed[damage]],
            at_most(0) if damage in COUNTED else None,
        )
    yield alone(
        "log.damage.lost", f"logs of {made.total():,} with entries lost unnoticed", [lost], at_most(0)
    )
