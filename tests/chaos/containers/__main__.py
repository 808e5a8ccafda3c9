"""`python -m tests.chaos.containers`: an agent full of containers dies again and again, as root.

Ends with 0 when nothing happened that must never happen, and keeps logs otherwise.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.chaos.containers.course import Plan, figures, run
from tests.chaos.containers.dress import dressed
from tests.chaos.containers.work import SHAPES, Kind, Shape


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.containers", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="how often something dies (default: 50)")
    parser.add_argument("--tasks", type=int, default=50, help="that there are always (default: 50)")
    parser.add_argument("--seed", default="0", help="of all chance (default: 0)")
    parser.add_argument("--kinds", default=",".join(Kind), help="of tasks (default: %(default)s)")
    parser.add_argument("--points", default="", help="only those that begin so, with commas between")
    parser.add_argument("--shapes", default="", help="of tasks, with commas between (default: all)")
    options = parser.parse_args(arguments)
    kinds = tuple(Kind(name) for name in options.kinds.split(","))
    dress = dressed(kinds)
    plan = Plan(
        kills=options.kills,
        tasks=options.tasks,
        seed=options.seed,
        kinds=kinds,
        agent_flags=dress.flags,
        docker=dress.docker,
        image=dress.image,
        shapes=tuple(Shape(name) for name in options.shapes.split(",") if name) or SHAPES,
        points=tuple(filter(None, options.points.split(","))),
        speaks=True,
    )
    course = run(plan)
    for line in figures(course):
        sys.stdout.write(f"{line}\n")
    for violation in course.found:
        sys.stderr.write(f"{violation}\n")
    return 1 if course.found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
