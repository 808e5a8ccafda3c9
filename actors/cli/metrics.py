"""Show what a node measures, by Mesos' names."""

from __future__ import annotations

import argparse

from actors.cli import client
from actors.cli.client import Client
from actors.cli.table import json, table
from transport.messages.node import NodeMetricsRead, ReadMetrics


def configure(parser: argparse.ArgumentParser) -> None:
    """Take the node to ask."""
    client.configure(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print one line for each metric."""
    with Client.of(arguments) as asking:
        read = asking.ask(arguments.node, ReadMetrics(), NodeMetricsRead)
    print(json(read.values) if arguments.json else table(("METRIC", "VALUE"), _rows(read)))
    return 0


def _rows(read: NodeMetricsRead) -> list[tuple[str, str]]:
    return [(name, f"{value:.6g}") for name, value in read.values.items()]
