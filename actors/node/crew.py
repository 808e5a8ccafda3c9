"""What a node is there for: the actors that it starts beside those that every node has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from actors.flags import FlagError
from actors.metrics import Registry
from actors.node.control import NODE
from actors.node.plugin import PluginError, parse
from actors.pykka_system import PykkaSystem
from transport.messages.node import NodeRefusal, SpawnActor

#: How long the import of one plugged-in actor may take.
LOAD_SECONDS = 60.0


class StartError(Exception):
    """A node that could not start; the text says which part and why."""


class Crew(Protocol):
    """Starts the actors of one kind of daemon."""

    def __call__(self, system: PykkaSystem, metrics: Registry) -> None:
        """Start them, and have what they measure shown; raises StartError or OSError."""
        ...


class PluggedIn:
    """The crew that `name=module:Class,…` describe; raises FlagError naming the one that is wrong.

    All are vital: what a user starts a node for, it must not go on without.
    """

    def __init__(self, actors: Sequence[str]) -> None:
        self._wanted = _wanted(actors)

    def __call__(self, system: PykkaSystem, metrics: Registry) -> None:
        """Have the node's control actor start them, as it would for `pion spawn`."""
        for actor in self._wanted:
            answer = system.ask(system.pid_of(NODE), actor, LOAD_SECONDS)
            if isinstance(answer, NodeRefusal):
                raise StartError(answer.reason)


def _wanted(actors: Sequence[str]) -> tuple[SpawnActor, ...]:
    try:
        wanted = tuple(msgspec.structs.replace(parse(text), vital=True) for text in actors)
    except PluginError as error:
        raise FlagError(f"--actor: {error}") from None
    names = [actor.name for actor in wanted]
    for name in names:
        if names.count(name) > 1:
            raise FlagError(f"--actor: actor {name} is given twice")
    return wanted
