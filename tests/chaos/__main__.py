"""`python -m tests.chaos`: a real cluster under faults, as root; figures come as one JSON object a line.

    failover --kills 100       kill the leader again and again: when does another serve, when are all back
    --seed 7 run --minutes 60  seeded faults under load, then rest, then every check
    zombie --times 10          stop the leader for three sessions: nothing that it was told meanwhile happens
    blackout --minutes 5       all ZooKeepers are down: no task is touched
    coldstart --times 100      masters with empty disks, in any order: they always form a cluster

Ends with 0 when nothing happened that must never happen, and keeps logs and histories otherwise.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from tests.chaos import scenarios


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", default="0", help="of all chance (default: 0)")
    parser.add_argument(
        "--session", type=float, default=4.0, help="ZooKeeper session in seconds (default: 4)"
    )
    parser.add_argument("--rate", type=float, default=2.0, help="tasks launched a second (default: 2)")
    parser.add_argument("--keep", action="store_true", help="keep logs and histories in any case")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run, wanted in _COMMANDS:
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        for option, kind, default in wanted:
            command.add_argument(option, type=kind, default=default)
    options = parser.parse_args(arguments)
    found: list[str] = options.run(options)
    for violation in found:
        sys.stderr.write(f"{violation}\n")
    return 1 if found else 0


_Run = Callable[[argparse.Namespace], list[str]]
_COMMANDS: tuple[tuple[str, _Run, tuple[tuple[str, Callable[[str], Any], Any], ...]], ...] = (
    ("failover", scenarios.failover, (("--kills", int, 100),)),
    ("run", scenarios.run, (("--minutes", float, 60.0),)),
    ("zombie", scenarios.zombie, (("--times", int, 5),)),
    ("blackout", scenarios.blackout, (("--minutes", float, 5.0),)),
    ("coldstart", scenarios.coldstart, (("--times", int, 100),)),
)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
