"""Tell all that the master knows of a framework, but for its tasks."""

from __future__ import annotations

import argparse

from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.output import pretty
from transport import json_v1


def configure(parser: argparse.ArgumentParser) -> None:
    """Take which."""
    parser.add_argument("framework_id", metavar="FRAMEWORK_ID", help="the id of the framework")


def run(arguments: argparse.Namespace) -> int:
    """Print it as JSON."""
    with Cluster.of(arguments) as cluster:
        framework = cluster.framework(arguments.framework_id)
    print(pretty(json_v1.encode(framework)))
    return 0
