"""Elections under faults of all kinds, from many seeds: never two who may act, always one in the end."""

from __future__ import annotations

import random

import pytest

from actors.simulation.zookeeper_client import Do, Operation
from tests.actors.election.candidates import Election
from transport.messages.election import Elected

SEEDS = range(12)
#: Wrong by as much as no clock of a computer that works is.
DRIFT = 0.02


def watched(seed: int, timeout_seconds: float) -> Election:
    """An election at no moment of which, by whatever clocks, two nodes hold a lease that has not run out."""
    election = Election(seed, timeout_seconds=timeout_seconds)

    def one_leader_at_most() -> None:
        leaders = [node.name for node in election.leaders()]
        assert len(leaders) <= 1, f"{leaders} lead at the same time"

    election.sim.always(one_leader_at_most)
    return election


@pytest.mark.parametrize("timeout_seconds", [10.0, 3.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_lead_at_a_time_and_one_does_when_the_faults_are_over(
    seed: int, timeout_seconds: float
) -> None:
    election = watched(seed, timeout_seconds)
    election.sim.chaos()
    election.sim.run(120.0)
    election.sim.quiet()
    election.leader(timeout_seconds + 15.0)
    assert not election.sim.crashes


@pytest.mark.parametrize("seed", SEEDS)
def test_clocks_that_run_apart_are_no_danger(seed: int) -> None:
    election = watched(seed, 10.0)
    slow, fast = 1.0 - DRIFT, 1.0 + DRIFT
    election.zookeeper.node.drift(fast)
    for node in election.masters:
        node.drift(slow)
    for _ in range(4):
        leader = election.leader()
        election.sim.partition([leader.name])
        election.successor_elsewhere(leader, 20.0)
        election.sim.heal()
        election.leader(30.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_leader_that_is_stopped_at_any_moment_does_nothing_when_it_goes_on(seed: int) -> None:
    election = watched(seed, 3.0)
    chance = random.Random(seed)
    for _ in range(12):
        leader = election.leader()
        # Just when ZooKeeper has answered, so that it hears of that when it goes on.
        election.sim.run(chance.uniform(0.0, 1.0))
        election.sim.wait_for(Do, sender=leader, where=lambda request: request.operation is Operation.PROBE)
        leader.pause()
        election.successor_elsewhere(leader, 6.0)
        leader.resume()
        election.sim.run(0.5)


@pytest.mark.parametrize("seed", range(4))
def test_epochs_only_grow(seed: int) -> None:
    election = watched(seed, 3.0)
    epochs: list[int] = []
    election.sim.observe(
        lambda _node, envelope: (
            epochs.append(envelope.message.epoch) if isinstance(envelope.message, Elected) else None
        )
    )
    election.sim.chaos()
    election.sim.run(120.0)
    election.sim.quiet()
    election.leader(20.0)
    assert len(epochs) > 1
    assert epochs == sorted(set(epochs))
