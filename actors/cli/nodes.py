"""List a node and, from one to the next, all nodes that it is connected with."""

from __future__ import annotations

import argparse
from collections import deque

from actors.cli import client
from actors.cli.client import Client
from actors.cli.parser import CommandError
from actors.cli.table import json, seconds, table
from transport.messages.node import DescribeNode, NodeDescription
from transport.pid import Address


def configure(parser: argparse.ArgumentParser) -> None:
    """Take the first node to ask."""
    client.configure(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print one line for each node; those that do not answer are listed as such."""
    with Client.of(arguments) as asking:
        answered, silent = survey(asking, arguments.node)
        own = asking.address
    if arguments.json:
        print(json({"nodes": answered, "silent": silent}))
    else:
        print(
            table(
                ("NODE", "VERSION", "PROCESS", "UP", "ACTORS", "PEERS"),
                (_row(node, own) for node in answered),
            )
        )
        for address, reason in silent.items():
            print(f"{address}  {reason}")
    return 0


def survey(asking: Client, first: Address) -> tuple[list[NodeDescription], dict[Address, str]]:
    """Everybody who can be found from `first` on, and why others did not answer.

    Raises CommandError when the first one does not.
    """
    answered = [asking.ask(first, DescribeNode(), NodeDescription)]
    silent: dict[Address, str] = {}
    seen = [first, answered[0].address, asking.address]
    waiting = deque(peer.address for peer in answered[0].peers)
    while waiting:
        address = waiting.popleft()
        if address in seen:
            continue
        seen.append(address)
        try:
            node = asking.ask(address, DescribeNode(), NodeDescription)
        except CommandError as error:
            silent[address] = str(error)
        else:
            answered.append(node)
            waiting.extend(peer.address for peer in node.peers)
    return answered, silent


def _row(node: NodeDescription, own: Address) -> tuple[object, ...]:
    return (
        node.address,
        node.version,
        node.process,
        seconds(node.uptime_seconds),
        len(node.actors),
        sum(peer.address != own for peer in node.peers),
    )
