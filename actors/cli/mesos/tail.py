"""Print a file of a task, and what comes to it, until Ctrl-C: mesos-tail."""

from __future__ import annotations

import argparse

from actors.cli.mesos import cat
from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.output import warn, write
from actors.cli.mesos.sandbox import Sandbox, follow

configure = cat.configure


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    with Cluster.of(arguments) as cluster:
        sandbox = Sandbox.of(cluster, arguments.task, arguments.framework)
        for data in follow(sandbox, arguments.file, 0, warn=warn):
            write(data)
    return 0
