"""Two nodes on this machine, and actors that share work between them: the first tour of Pion.

One node hosts two workers, the other a foreman who has them count primes. Look at both while they run, with
the commands that it shows at the end.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from actors.cli.children import Children
from actors.cli.client import Client
from frameworks.examples.primes import AskProgress, Progress
from transport.pid import Address, Pid

_MODULE = "frameworks.examples.primes"
_WORKERS = ("anna", "ben")
_TIMEOUT_SECONDS = 30.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Take how much there is to count."""
    parser.add_argument("--below", metavar="N", type=int, default=5_000_000, help="count primes below N")
    parser.add_argument(
        "--keep",
        action=argparse.BooleanOptionalAction,
        default=sys.stdin.isatty(),
        help="keep the nodes until Ctrl-C (default: when started at a terminal)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Show two nodes at work; ends both, whatever ends the tour."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="pion-demo-") as folder, Children(Path(folder)) as children:
        print(f"Two nodes on this machine count the primes below {arguments.below:,}.\n")
        workers = children.start(
            "workers",
            [f"--trace_dir={folder}/trace", *(f"--actor={name}={_MODULE}:Worker" for name in _WORKERS)],
        ).address
        print(f"  node {workers}   hosts the workers {' and '.join(_WORKERS)}")
        pids = ",".join(f"{name}@{workers}" for name in _WORKERS)
        settings = f"workers={pids},below={arguments.below},end_node=false"
        foreman = children.start(
            "foreman", [f"--trace_dir={folder}/trace", f"--actor=foreman={_MODULE}:Foreman,{settings}"]
        ).address
        print(f"  node {foreman}   hosts the foreman, who hands out ranges of numbers\n")
        _report(_follow(foreman), arguments.below)
        if arguments.keep:
            _stay(foreman)
    return 0


def _follow(foreman: Address) -> Progress:
    """Ask the foreman how far the work is until it is done: a third node, for as long as this takes."""
    live = sys.stdout.isatty()
    with Client(foreman, None, _TIMEOUT_SECONDS) as asking:
        while True:
            progress = asking.ask_actor(Pid("foreman", *foreman), AskProgress(), Progress)
            if live:
                bar = "█" * (40 * progress.counted // progress.ranges)
                print(f"\r  {bar:░<40} {progress.counted}/{progress.ranges} ranges", end="", flush=True)
            if progress.counted == progress.ranges:
                if live:
                    print("\r" + " " * 70 + "\r", end="")
                return progress
            time.sleep(0.1)


def _report(progress: Progress, below: int) -> None:
    print(
        f"There are {progress.primes:,} primes below {below:,}: found in {progress.seconds:.2f} s,", end=" "
    )
    shares = [
        f"{counted} ranges by {worker.partition('@')[0]}" for worker, counted in progress.shares.items()
    ]
    print(" and ".join(shares) + ".\n")


def _stay(foreman: Address) -> None:
    print(f"""Both nodes still run. In another terminal, try

  pion nodes --node {foreman}
  pion actors --node {foreman}
  pion trace show --node {foreman}

Ctrl-C ends them.""")
    try:
        signal.pause()
    except KeyboardInterrupt:
        print("\nBoth nodes end.")
