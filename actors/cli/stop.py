"""Stop an actor of a running node, or the whole node."""

from __future__ import annotations

import argparse

from actors.cli import client
from actors.cli.client import Client
from actors.cli.parser import UsageError
from transport.messages.node import ActorStopped, NodeStopping, StopActor, StopNode


def configure(parser: argparse.ArgumentParser) -> None:
    """Take the node and what is to end."""
    client.configure(parser)
    parser.add_argument("actor", metavar="NAME", nargs="?", help="the actor to stop")
    parser.add_argument("--whole_node", action="store_true", help="end the node with all its actors")


def run(arguments: argparse.Namespace) -> int:
    """Return once the actor is gone, or the node begins to end."""
    if bool(arguments.actor) == arguments.whole_node:
        raise UsageError("give the NAME of an actor, or --whole_node")
    with Client.of(arguments) as asking:
        if arguments.whole_node:
            asking.ask(arguments.node, StopNode(), NodeStopping)
            print(f"node {arguments.node} stops")
        else:
            asking.ask(arguments.node, StopActor(arguments.actor), ActorStopped)
            print(f"actor {arguments.actor} stopped")
    return 0
