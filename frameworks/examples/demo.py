"""Two nodes on this machine, and actors that share work between them: the first tour of Pion.

One node hosts two workers, the other a foreman who has them count primes. Look at both while they run, with
the commands that it shows at the end.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from actors.cli.children import Children
from actors.cli.client import Client
from actors.cli.parser import UsageError
from actors.cli.trace_source import NodeSource
from actors.trace.diagram import draw
from actors.trace.merge import merge
from frameworks.examples.primes import AskProgress, Progress
from transport.messages.tracing import TraceFilter
from transport.pid import Address, Pid

_MODULE = "frameworks.examples.primes"
_WORKERS = ("anna", "ben")
_TIMEOUT_SECONDS = 30.0
_BAR_CELLS = 40
#: Messages in the diagram: some of each worker, and all on one screen.
_DRAWN_MESSAGES = 7


def configure(parser: argparse.ArgumentParser) -> None:
    """Take how much there is to count."""
    parser.add_argument("--below", metavar="N", type=int, default=20_000_000, help="count primes below N")
    parser.add_argument(
        "--keep",
        action=argparse.BooleanOptionalAction,
        default=sys.stdin.isatty(),
        help="keep the nodes until Ctrl-C (default: when started at a terminal)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Show two nodes at work; ends both, whatever ends the tour."""
    if arguments.below < 1:
        raise UsageError(f"--below={arguments.below}: must be at least 1")
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="pion-demo-") as folder, Children(Path(folder)) as children:
            _tour(children, arguments)
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def _tour(children: Children, arguments: argparse.Namespace) -> None:
    print(f"Two nodes on this machine count the primes below {arguments.below:,}.\n")
    workers = children.start("workers", [f"--actor={name}={_MODULE}:Worker" for name in _WORKERS]).address
    print(f"  node {workers}   hosts the workers {' and '.join(_WORKERS)}")
    pids = ",".join(f"{name}@{workers}" for name in _WORKERS)
    settings = f"workers={pids},below={arguments.below},end_node=false"
    foreman = children.start("foreman", [f"--actor=foreman={_MODULE}:Foreman,{settings}"]).address
    print(f"  node {foreman}   hosts the foreman, who hands out ranges of numbers\n")
    with Client(foreman, None, _TIMEOUT_SECONDS) as asking:
        _report(_follow(asking, foreman), arguments.below)
        _show_talk(asking, (foreman, workers))
    if arguments.keep:
        _stay(foreman)


def _follow(asking: Client, foreman: Address) -> Progress:
    """Ask the foreman how far the work is until it is done."""
    while True:
        progress = asking.ask_actor(Pid("foreman", *foreman), AskProgress(), Progress)
        done = progress.counted == progress.ranges
        if sys.stdout.isatty():
            bar = "#" * (_BAR_CELLS * progress.counted // progress.ranges)
            line = f"  [{bar:<{_BAR_CELLS}}] {progress.counted} of {progress.ranges} ranges"
            print(f"\r{' ' * len(line) if done else line}\r", end="", flush=True)
        if done:
            return progress
        time.sleep(0.1)


def _report(progress: Progress, below: int) -> None:
    shares = [
        f"{counted} ranges by {worker.partition('@')[0]}" for worker, counted in progress.shares.items()
    ]
    print(
        f"There are {progress.primes:,} primes below {below:,}, found in {progress.seconds:.2f} s: "
        f"{' and '.join(shares)}.\n"
    )


def _show_talk(asking: Client, nodes: tuple[Address, ...]) -> None:
    """Draw the first messages, put together from what both nodes remember."""
    wanted = TraceFilter(types=("primes.*",))
    merged = merge(record for node in nodes for record in NodeSource(asking, node).records(wanted))
    if merged.traces:
        diagram = draw(
            merged.traces[0].steps[:_DRAWN_MESSAGES],
            title="How it began, as the nodes remember it:",
            columns=min(110, shutil.get_terminal_size().columns),
            unicode="utf" in sys.stdout.encoding.lower(),
            colour=sys.stdout.isatty(),
        )
        print(f"{diagram}\n")


def _stay(foreman: Address) -> None:
    print(f"""Both nodes still run. In another terminal, try

  pion nodes --node {foreman}
  pion actors --node {foreman}
  pion trace story ben --node {foreman} --cluster

Ctrl-C ends them.""")
    sys.stdout.flush()
    try:
        signal.pause()
    except KeyboardInterrupt:
        print("\nBoth nodes end.")
