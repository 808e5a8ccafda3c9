"""List the frameworks of the cluster."""

from __future__ import annotations

import argparse

from actors.cli.mesos.cluster import Cluster, Framework
from actors.cli.mesos.output import amounts, show


def configure(parser: argparse.ArgumentParser) -> None:
    """Take which."""
    parser.add_argument("-a", "--all", action="store_true", help="list those that are not active, too")


def run(arguments: argparse.Namespace) -> int:
    """Print them."""
    with Cluster.of(arguments) as cluster:
        frameworks = cluster.frameworks(completed=arguments.all)
    shown = [one for one in frameworks if arguments.all or one.active]
    headings = ("ID", "ACTIVE", "HOSTNAME", "NAME", "USER", "ROLES", "CPUS", "MEM")
    return show(arguments, headings, [_row(one) for one in shown], shown, "There are no frameworks.")


def _row(framework: Framework) -> tuple[object, ...]:
    info = framework.framework_info
    used = amounts(framework.allocated_resources)
    return (
        "" if info.id is None else info.id.value,
        framework.active,
        info.hostname or "",
        info.name,
        info.user,
        ",".join(info.roles or ((info.role,) if info.role else ())),
        f"{used['cpus']:g}",
        f"{used['mem']:g}",
    )
