"""Tell all that the master knows of a task."""

from __future__ import annotations

import argparse

from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.configuration import configuration_of
from actors.cli.mesos.output import pretty
from actors.cli.mesos.task_argument import add_task
from transport.http.media_type import Encoding


def configure(parser: argparse.ArgumentParser) -> None:
    """Take which."""
    add_task(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print it as JSON."""
    task = Cluster(configuration_of(arguments)).task(arguments.task_id, arguments.framework)
    print(pretty(Encoding.JSON.encode(task)))
    return 0
