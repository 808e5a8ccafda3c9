"""Start an actor on a running node.

The node imports MODULE itself, so the code must be installed there. Nodes that other machines reach
allow this only with a secret, or when they were started with --allow_spawn.
"""

from __future__ import annotations

import argparse

from actors.cli import client
from actors.cli.client import Client
from actors.cli.parser import UsageError
from actors.node.plugin import PluginError, parse_parts
from transport.messages.node import ActorSpawned


def configure(parser: argparse.ArgumentParser) -> None:
    """Take the node and the actor."""
    client.configure(parser)
    parser.add_argument("actor", metavar="NAME=MODULE:CLASS", help="the actor's name, and what it is")
    parser.add_argument("settings", metavar="SETTING=VALUE", nargs="*", help="settings of the class")


def run(arguments: argparse.Namespace) -> int:
    """Print the Pid of the new actor."""
    try:
        wanted = parse_parts([arguments.actor, *arguments.settings])
    except PluginError as error:
        raise UsageError(str(error)) from None
    with Client.of(arguments) as asking:
        spawned = asking.ask(arguments.node, wanted, ActorSpawned)
    print(spawned.pid)
    return 0
