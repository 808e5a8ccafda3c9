"""Print the end of a file of a task, and what comes to it."""

from __future__ import annotations

import argparse

from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.output import warn, write
from actors.cli.mesos.sandbox import Sandbox, follow, last_lines
from actors.cli.mesos.task_argument import add_task
from actors.cli.parser import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Take which, and how much of it."""
    parser.add_argument("-f", "--follow", action="store_true", help="go on as the file grows, until Ctrl-C")
    parser.add_argument("-n", "--lines", type=int, default=10, help="how many lines (default: %(default)s)")
    add_task(parser)
    parser.add_argument("path", metavar="PATH", nargs="?", default="stdout", help="a file in its sandbox")


def run(arguments: argparse.Namespace) -> int:
    """Print it as it is."""
    if arguments.lines < 0:
        raise UsageError("--lines: must not be negative")
    with Cluster.of(arguments) as cluster:
        sandbox = Sandbox.of(cluster, arguments.task_id, arguments.framework)
        lines, end = last_lines(sandbox, arguments.path, arguments.lines)
        write(lines)
        if arguments.follow:
            for data in follow(sandbox, arguments.path, end, warn=warn):
                write(data)
    return 0
