"""`python -m tests.benchmarks NAME`: measure, and print one JSON object a line.

Ends with 0 when every goal is met, 1 when one is missed, 2 when there is no such benchmark.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence

from tests.benchmarks.child import quiet
from tests.benchmarks.figure import Size, figures_of

#: In the order in which their features come; each is a module with `figures(size)`.
NAMES = (
    "runtime",
    "resources",
    "allocator",
    "launch",
    "log",
    "failover",
    "state",
    "api",
    "containers",
    "marathon",
    "pages",
)


def exists(name: str) -> bool:
    return importlib.util.find_spec(f"tests.benchmarks.{name}") is not None


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("name", metavar="NAME", help=f"all, {', '.join(NAMES)}")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each comparison (default: 5)")
    parser.add_argument("--scale", type=float, default=1.0, help="of the work in each (default: 1)")
    options = parser.parse_args(arguments)
    name: str = options.name
    there = [name for name in NAMES if exists(name)]
    if name != "all" and name.partition(".")[0] not in NAMES:
        parser.error(f"there is no benchmark {name!r}, only {', '.join(NAMES)} and all")
    if name != "all" and not (name.partition(".")[0] in there and exists(name)):
        parser.error(f"the benchmark {name!r} comes with its feature; there are {', '.join(there)}")
    quiet()
    missed = 0
    for each in there if name == "all" else [name]:
        for figure in figures_of(f"tests.benchmarks.{each}", Size(options.rounds, options.scale)):
            print(figure.line(), flush=True)
            missed += figure.met is False
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
