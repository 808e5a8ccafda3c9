"""List the actors of a node, and how each is doing."""

from __future__ import annotations

import argparse

from actors.cli import client
from actors.cli.client import Client
from actors.cli.table import json, seconds, table
from transport.messages.node import DescribeNode, NodeDescription


def configure(parser: argparse.ArgumentParser) -> None:
    """Take the node to ask."""
    client.configure(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print one line for each actor, in the order of their start."""
    with Client.of(arguments) as asking:
        node = asking.ask(arguments.node, DescribeNode(), NodeDescription)
    if arguments.json:
        print(json(node.actors))
        return 0
    rows = (
        (one.pid, one.kind, one.depth, one.turns, one.crashes, seconds(one.longest_turn_seconds))
        for one in node.actors
    )
    print(table(("ACTOR", "CLASS", "WAITING", "TURNS", "CRASHES", "LONGEST TURN"), rows))
    return 0
