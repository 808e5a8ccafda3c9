"""Print a file of a task, and what comes to it, until Ctrl-C: mesos-tail."""

from __future__ import annotations

import argparse

from actors.cli.mesos import cat
from actors.cli.mesos.output import warn, write
from actors.cli.mesos.sandbox import follow

configure = cat.configure


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    for data in follow(cat.sandbox_of(arguments), arguments.file, 0, warn=warn):
        write(data)
    return 0
