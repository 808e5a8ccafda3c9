"""Prints, for each planted bug, how many seeds it took to find it, and what noticed it."""

from __future__ import annotations

import sys

from tests.simulation.planted.bug import search
from tests.simulation.planted.bugs import BUGS


def main() -> int:
    """Look for every bug; returns 1 when one was not found."""
    missed = 0
    for bug in BUGS:
        find = search(bug._replace(first=0))
        missed += find is None
        told = (
            f"not within {bug.seeds} seeds" if find is None else f"{find.seed + 1:3} seeds  {find.invariant}"
        )
        sys.stdout.write(f"{bug.name:50} {told}\n")
        sys.stdout.write(f"    {find.reason[:150]}\n" if find is not None else "")
        sys.stdout.flush()
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
