"""Reigns that follow one another while everything fails: what was acknowledged is never lost."""

from __future__ import annotations

import random

import pytest

from actors.simulation import Plan
from tests.actors.log.ensemble import Ensemble, Reign
from transport.messages.registry import StateFetched, StateStored


class Succession:
    """Has one reign follow another, at random, each reading the last value and writing greater ones."""

    def __init__(self, seed: int, size: int) -> None:
        self.ensemble = Ensemble(size, seed=seed)
        self.rng = random.Random(seed)
        self.epoch = 0
        self.reigns: list[Reign] = []
        self.tried = 0
        #: No reign may read less than this.
        self.least = 0
        self.acknowledged = 0
        self.lost = 0

    def run(self, seconds: float) -> None:
        """Let reigns follow one another, two at a time now and then."""
        until = self.ensemble.sim.now + seconds
        while self.ensemble.sim.now < until:
            if not self.reigns or self.rng.random() < 0.05:
                if self.rng.random() < 0.25:
                    self.lose_disk()
                self.begin()
            for reign in self.reigns[-2:]:
                self.advance(reign)
            if self.rng.random() < 0.05:
                up = [host for host in self.ensemble.hosts if self.ensemble.nodes[host].up]
                self.ensemble.set_members(up if self.rng.random() < 0.5 else self.ensemble.hosts)
            self.ensemble.sim.run(self.rng.choice((0.001, 0.01, 0.1, 1.0)))

    def lose_disk(self) -> None:
        """One of the nodes loses its disk, when all have one to lose."""
        ensemble = self.ensemble
        if ensemble.votes(*ensemble.hosts):
            node = ensemble.nodes[self.rng.choice(ensemble.hosts)]
            node.crash()
            node.disk.wipe()
            ensemble.sim.run(self.rng.uniform(0.0, 3.0))
            node.recover()
            self.lost += 1

    def begin(self, host: str = "") -> None:
        """A new reign begins on a node that is up."""
        up = [name for name in self.ensemble.hosts if self.ensemble.nodes[name].up]
        if up:
            self.epoch += self.rng.randint(1, 3)
            self.reigns.append(self.ensemble.lead(host or self.rng.choice(up), self.epoch))
            self.reigns[-1].least = self.least
            self.reigns[-1].ask_fetch()

    def advance(self, reign: Reign) -> None:
        """Take a reign's answer, and have it write a greater value."""
        answer = reign.answer()
        if not reign.alive or answer is None:
            return
        if isinstance(answer, StateFetched):
            read = int(answer.value or b"0")
            assert read >= reign.least, f"{reign.pid} reads {read}, but {reign.least} was there before"
            self.least = max(self.least, read)
        elif isinstance(answer, StateStored):
            assert answer.version, "a reign that writes alone has its own version"
            self.acknowledged += 1
            self.least = max(self.least, reign.asked)
        reign.version = answer.version
        self.tried += 1
        reign.asked = self.tried
        reign.ask_store(b"%d" % self.tried)


@pytest.mark.parametrize("seed", range(8))
def test_what_was_acknowledged_is_never_lost_and_in_the_end_all_is_well(seed: int) -> None:
    succession = Succession(seed, 5 if seed % 4 == 3 else 3)
    ensemble, sim = succession.ensemble, succession.ensemble.sim
    sim.chaos(Plan.swarm(random.Random(seed), jump_seconds=0.0, drift_seconds=0.0))
    succession.run(60.0)
    assert succession.acknowledged >= 30
    assert len(succession.reigns) >= 5
    sim.quiet()
    ensemble.set_members(ensemble.hosts)
    succession.begin("m2")
    reign = succession.reigns[-1]
    ensemble.wait_votes(timeout_seconds=60.0)
    sim.run_until(reign.answer, 20.0)
    succession.advance(reign)
    sim.run_until(reign.answer, 20.0)
    assert isinstance(reign.answer(), StateStored)
    sim.run(10.0)
    ends = {host: ensemble.replica(host).replica.learned for host in ensemble.hosts}
    assert len(set(ends.values())) == 1, f"not all have caught up: {ends}"
