"""Print a file of a task: mesos-cat."""

from __future__ import annotations

import argparse

from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.configuration import configuration_of
from actors.cli.mesos.output import write
from actors.cli.mesos.sandbox import Sandbox, whole


def configure(parser: argparse.ArgumentParser) -> None:
    """Take which, all by name."""
    parser.add_argument("--framework", metavar="ID", required=True, help="the framework of the task")
    parser.add_argument("--task", metavar="ID", required=True, help="the task")
    parser.add_argument("--file", metavar="PATH", required=True, help="a file in its sandbox, as stdout")


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    for data in whole(sandbox_of(arguments), arguments.file):
        write(data)
    return 0


def sandbox_of(arguments: argparse.Namespace) -> Sandbox:
    """The sandbox that the arguments name; raises CommandError."""
    cluster = Cluster(configuration_of(arguments))
    return Sandbox.of(cluster, cluster.task(arguments.task, arguments.framework))
