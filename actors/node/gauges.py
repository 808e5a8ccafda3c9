"""What a node measures of itself."""

from __future__ import annotations

from collections.abc import Callable

from actors.metrics import Family, Gauge, Metrics, metric
from actors.pykka_system import PykkaSystem
from transport.messages.supervision import ActorStatus


class NodeMetrics(Metrics):
    """The metrics of a node; each is read where it lives, when somebody asks."""

    uptime: Gauge = metric(Gauge, "node/uptime_secs", "Seconds since the node started.")
    actors: Gauge = metric(Gauge, "node/actors", "Actors that live on the node.")
    peers: Gauge = metric(Gauge, "node/peers", "Nodes that this one is connected with.")
    depth: Family = metric(
        Family,
        "node/mailbox_depth",
        "Messages waiting for an actor.",
    )
    turns: Family = metric(Family, "node/turns", "Turns of an actor's present life.")
    crashes: Family = metric(Family, "node/crashes", "Crashes under an actor's name.")
    overflows: Family = metric(Family, "node/messages_dropped", "Messages that found a mailbox full.")
    longest: Family = metric(Family, "node/longest_turn_secs", "The longest turn of an actor's present life.")

    def read_from(self, system: PykkaSystem) -> None:
        """Show how that system is doing."""
        started = system.now()

        def of_each(value: Callable[[ActorStatus], float]) -> Callable[[], dict[str, float]]:
            return lambda: {actor.pid.name: value(actor) for actor in system.actors()}

        self.uptime.read = lambda: system.now() - started
        self.actors.read = lambda: len(system.actors())
        self.peers.read = lambda: len(system.peers())
        self.depth.read = of_each(lambda actor: actor.depth)
        self.turns.read = of_each(lambda actor: actor.turns)
        self.crashes.read = of_each(lambda actor: actor.crashes)
        self.overflows.read = of_each(lambda actor: actor.overflows)
        self.longest.read = of_each(lambda actor: actor.longest_turn_seconds)
