"""Tell all that the master knows of a framework, but for its tasks."""

from __future__ import annotations

import argparse

from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.configuration import configuration_of
from actors.cli.mesos.output import pretty
from transport.http.media_type import Encoding


def configure(parser: argparse.ArgumentParser) -> None:
    """Take which."""
    parser.add_argument("framework_id", metavar="FRAMEWORK_ID", help="the id of the framework")


def run(arguments: argparse.Namespace) -> int:
    """Print it as JSON."""
    framework = Cluster(configuration_of(arguments)).framework(arguments.framework_id)
    print(pretty(Encoding.JSON.encode(framework)))
    return 0
