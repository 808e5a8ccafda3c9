"""Runs schedules by the million, tells the story of one, looks for planted bugs, visits a small log."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time

from tests.simulation.paxos.exhaustive import Bounds, Explorer
from tests.simulation.paxos.planted.bug import search
from tests.simulation.paxos.planted.bugs import BUGS
from tests.simulation.paxos.schedule import Schedule

#: Seeds that one process takes at a time.
_SHARE = 200


def main() -> int:
    """Returns 1 when something was found that should not be, or not found that should."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.paxos", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run schedules")
    run.add_argument("--seeds", default="0-5000", help="first and last but one, as in 0-5000")
    run.add_argument("--seed", type=int, help="one seed only, whose story is told")
    run.add_argument("--processes", type=int, default=1)
    commands.add_parser("planted", help="look for the planted bugs")
    small = commands.add_parser("exhaustive", help="visit every state of a small log")
    small.add_argument("--positions", type=int, default=2)
    small.add_argument("--rounds", type=int, default=1)
    small.add_argument("--epochs", default="1,2")
    small.add_argument("--no-learning", action="store_true")
    options = parser.parse_args()
    if options.command == "planted":
        return _look_for_bugs()
    if options.command == "exhaustive":
        epochs = tuple(map(int, options.epochs.split(",")))
        return _visit(Bounds(epochs, options.positions, options.rounds, not options.no_learning))
    if options.seed is not None:
        return _tell(options.seed)
    first, _, end = options.seeds.partition("-")
    return _run(range(int(first), int(end)), options.processes)


def _run(seeds: range, processes: int) -> int:
    began, done, events, failed = time.perf_counter(), 0, 0, 0
    shares = [seeds[at : at + _SHARE] for at in range(0, len(seeds), _SHARE)]
    with multiprocessing.Pool(processes) as pool:
        for share, (count, failures) in zip(shares, pool.imap(_run_share, shares), strict=True):
            done, events, failed = done + len(share), events + count, failed + len(failures)
            for seed, reason in failures:
                sys.stdout.write(f"seed {seed}: {reason}\n")
            rate = done / (time.perf_counter() - began)
            sys.stderr.write(f"\r{done} schedules, {events} events, {failed} failed, {rate:.0f} schedules/s ")
    sys.stderr.write("\n")
    sys.stdout.write(f"{done} schedules, {events} events, {failed} failed\n")
    return int(failed > 0)


def _run_share(seeds: range) -> tuple[int, list[tuple[int, str]]]:
    events, failures = 0, []
    for seed in seeds:
        schedule = Schedule(seed)
        try:
            schedule.run()
        except Exception as error:  # noqa: BLE001  whatever it is, it is the news
            failures.append((seed, f"{type(error).__name__}: {error}"))
        events += schedule.world.post.events
    return events, failures


def _tell(seed: int) -> int:
    schedule = Schedule(seed, tells=True)
    try:
        schedule.run()
    except AssertionError as error:
        end, failed = f"{type(error).__name__}: {error}", 1
    else:
        end, failed = "all is well", 0
    lines = (str(schedule.world.settings), *(schedule.world.story or ()), end)
    sys.stdout.write("\n".join(lines) + "\n")
    return failed


def _look_for_bugs() -> int:
    missed = 0
    for bug in BUGS:
        find = search(bug)
        missed += find is None
        told = (
            f"not within {bug.schedules} schedules"
            if find is None
            else f"{find.seed + 1:5} schedules  {find.invariant}"
        )
        sys.stdout.write(f"{bug.name:58} {told}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(BUGS) - missed} of {len(BUGS)} found\n")
    return int(missed > 0)


def _visit(bounds: Bounds) -> int:
    began = time.perf_counter()
    count = Explorer(bounds).run()
    sys.stdout.write(f"{bounds}\n{count}\n{time.perf_counter() - began:.1f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
