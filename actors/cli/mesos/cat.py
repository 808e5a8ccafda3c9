"""Print a file of a task: mesos-cat."""

from __future__ import annotations

import argparse

from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.output import write
from actors.cli.mesos.sandbox import Sandbox, whole


def configure(parser: argparse.ArgumentParser) -> None:
    """Take which, all by name."""
    parser.add_argument("--framework", metavar="ID", required=True, help="the framework of the task")
    parser.add_argument("--task", metavar="ID", required=True, help="the task")
    parser.add_argument("--file", metavar="PATH", required=True, help="a file in its sandbox, as stdout")


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    with Cluster.of(arguments) as cluster:
        for data in whole(Sandbox.of(cluster, arguments.task, arguments.framework), arguments.file):
            write(data)
    return 0
