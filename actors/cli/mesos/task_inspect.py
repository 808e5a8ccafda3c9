"""Tell all that the master knows of a task."""

from __future__ import annotations

import argparse

from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.output import pretty
from actors.cli.mesos.task_argument import add_task
from transport import json_v1


def configure(parser: argparse.ArgumentParser) -> None:
    """Take which."""
    add_task(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print it as JSON."""
    with Cluster.of(arguments) as cluster:
        task = cluster.task(arguments.task_id, arguments.framework)
    print(pretty(json_v1.encode(task)))
    return 0
