"""The smallest example, on a network that loses every third message."""

from __future__ import annotations

import pytest

from actors.simulation import Faults, Simulation
from frameworks.examples.ping import Pinger, Ponger


@pytest.mark.parametrize("seed", range(5))
def test_every_ping_is_answered_though_messages_are_lost(seed: int) -> None:
    simulation = Simulation(seed, faults=Faults(loss=0.3, duplicate=0.1))
    there = simulation.node("there", lambda node: node.spawn(Ponger, "ponger"))
    here = simulation.node("here", lambda node: node.spawn(lambda: Pinger(there.pid_of("ponger")), "pinger"))
    pinger = here.process("pinger", Pinger)
    simulation.run_until(lambda: pinger.answered == 10)
