"""End a framework and all its tasks."""

from __future__ import annotations

import argparse

from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.output import wants_json
from actors.cli.parser import CommandError
from transport.records.ids import FrameworkID
from transport.records.master_call import Call


def configure(parser: argparse.ArgumentParser) -> None:
    """Take which."""
    parser.add_argument("framework_id", metavar="FRAMEWORK_ID", help="the id of the framework")


def run(arguments: argparse.Namespace) -> int:
    """Do it; raises CommandError for one that is not there."""
    with Cluster.of(arguments) as cluster:
        framework = cluster.framework(arguments.framework_id)
        if framework not in cluster.frameworks():
            raise CommandError(f"framework {arguments.framework_id!r}: is over already")
        identifier = FrameworkID(value=arguments.framework_id)
        cluster.master.tell(Call(type=Call.Type.TEARDOWN, teardown=Call.Teardown(framework_id=identifier)))
    if not wants_json(arguments):
        print(f"Framework {arguments.framework_id} ({framework.framework_info.name}) is torn down.")
    return 0
