"""Turns of actors in the simulation, on one core."""

from __future__ import annotations

import time
from collections.abc import Iterator

from actors.process import Process, handles
from actors.simulation.simulation import Simulation
from tests.benchmarks.figure import Figure, Size, alone, at_least
from tests.benchmarks.runtime.messages import Begin, Received
from transport.pid import Pid

TURNS = 200_000
#: More virtual time than any of it takes.
VIRTUAL_SECONDS = 100_000.0


class Bouncer(Process):
    """Sends back what it gets, counted down, until nothing is left."""

    def initialize(self) -> None:
        self.turns = 0

    @handles(Begin)
    def begin(self, sender: Pid, message: Begin) -> None:
        self.send(message.to, Received(message.count))

    @handles(Received)
    def received(self, sender: Pid, message: Received) -> None:
        self.turns += 1
        if message.count > 1:
            self.send(sender, Received(message.count - 1))


def turns_per_second(turns: int, *, nodes: int, use_codec: bool = True) -> float:
    simulation = Simulation(1, use_codec=use_codec)
    hosts = [simulation.node(f"node{number}") for number in range(nodes)]
    bouncers = []
    for number, name in enumerate(("here", "there")):
        hosts[number % nodes].spawn(Bouncer, name)
        bouncers.append(hosts[number % nodes].process(name, Bouncer))
    simulation.run(1.0)
    here, there = bouncers
    here.send(here.pid, Begin(there.pid, turns))
    started = time.perf_counter()
    simulation.run(VIRTUAL_SECONDS)
    elapsed = time.perf_counter() - started
    assert here.turns + there.turns == turns, f"{here.turns + there.turns} of {turns} turns"
    return turns / elapsed


def figures(size: Size) -> Iterator[Figure]:
    turns = size.of(TURNS)
    for figure, nodes, use_codec, goal in (
        ("simulated turns, two actors of one node", 1, True, at_least(150_000)),
        ("simulated turns, two nodes", 2, False, None),
        ("simulated turns, two nodes, messages encoded and decoded", 2, True, None),
    ):
        rates = [turns_per_second(turns, nodes=nodes, use_codec=use_codec) for _ in range(size.rounds)]
        yield alone(figure, "turns/s", rates, goal)
