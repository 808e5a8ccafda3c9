"""Print files of a task."""

from __future__ import annotations

import argparse

from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.output import write
from actors.cli.mesos.sandbox import Sandbox, whole
from actors.cli.mesos.task_argument import add_task


def configure(parser: argparse.ArgumentParser) -> None:
    """Take which."""
    add_task(parser)
    parser.add_argument("path", metavar="PATH", nargs="*", default=["stdout"], help="files in its sandbox")


def run(arguments: argparse.Namespace) -> int:
    """Print them as they are, one after the other."""
    with Cluster.of(arguments) as cluster:
        sandbox = Sandbox.of(cluster, arguments.task_id, arguments.framework)
        for path in arguments.path:
            for data in whole(sandbox, path):
                write(data)
    return 0
