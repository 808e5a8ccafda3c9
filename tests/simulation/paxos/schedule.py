"""One seed, one schedule: what the world is like, and what goes wrong in it and when."""

from __future__ import annotations

import random

from tests.simulation.paxos.harm import KINDS, Harm
from tests.simulation.paxos.post import Weather
from tests.simulation.paxos.world import Settings, World

#: Steps at which harm can be placed: before a record is written, before and after it is synced, before and
#: after an answer leaves; before and after what a coordinator does.
STEPS = (
    "persist",
    "sync",
    "synced",
    "reply",
    "replied",
    "told",
    "Broadcast",
    "Chosen",
    "Ready",
    "Retry",
    "asked",
)
_LATEST_STEP = 150


class Schedule:
    """What one seed brings about; those that are even have their faults placed, the others at random."""

    def __init__(self, seed: int, *, tells: bool = False) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.seconds = self.rng.uniform(3.0, 12.0)
        self.world = World(_settings(self.rng), self.rng)
        if tells:
            self.world.story = []
        self.placed: dict[tuple[str, int], Harm] = {}

    def run(self) -> None:
        """Let it all happen; raises Violation."""
        world = self.world
        if self.seed % 2 == 0:
            self._place()
        else:
            self._spread()
        world.begin()
        world.post.after(self.rng.random() * 3.0, self._elect)
        world.run(self.seconds)
        world.settle()

    def _elect(self) -> None:
        self.world.elect(self.rng.randrange(len(self.world.members)))

    def _place(self) -> None:
        kinds = [kind for kind in KINDS if self.rng.random() < 0.5] or KINDS
        weights = [kind.weight for kind in kinds]
        for kind in self.rng.choices(kinds, weights, k=self.rng.randint(1, 6)):
            times = int(_LATEST_STEP ** self.rng.random())
            self.placed[self.rng.choice(STEPS), times] = kind.harm
        self.world.at_step = self._at_step

    def _at_step(self, step: str, seat: int, times: int) -> bool:
        harm = self.placed.get((step, times))
        if harm is None:
            return False
        self.world.tell(seat, f"at {step} number {times}: {harm.__name__}")
        life = self.world.members[seat].life
        harm(self.world, seat)
        member = self.world.members[seat]
        return not member.up or member.life != life

    def _spread(self) -> None:
        kinds = [kind for kind in KINDS if self.rng.random() < 0.5]
        for kind in kinds:
            self._next(kind.harm, 10 ** self.rng.uniform(-0.2, 1.0))

    def _next(self, harm: Harm, mean_seconds: float) -> None:
        seconds = self.rng.expovariate(1.0 / mean_seconds)
        if self.world.post.now + seconds < self.seconds:
            self.world.post.after(seconds, self._strike, harm, mean_seconds)

    def _strike(self, harm: Harm, mean_seconds: float) -> None:
        seat = self.rng.randrange(len(self.world.members))
        if self.world.members[seat].up:
            harm(self.world, seat)
        self._next(harm, mean_seconds)


def _settings(rng: random.Random) -> Settings:
    members, quorum = rng.choices(((3, 2), (5, 3), (1, 1), (4, 3)), (60, 30, 3, 7))[0]
    bad = rng.random() < 0.7
    return Settings(
        members=members,
        quorum=quorum,
        initialized=members < 2 * quorum - 1 or rng.random() < 0.5,
        weather=Weather(
            delay_seconds=rng.choice((0.002, 0.02, 0.2)),
            loss=rng.choice((0.0, 0.02, 0.2)) if bad else 0.0,
            duplicate=rng.choice((0.0, 0.02, 0.2)) if bad else 0.0,
            late=rng.choice((0.0, 0.02, 0.2)) if bad else 0.0,
            late_seconds=rng.choice((0.5, 5.0)),
        ),
        sync_seconds=rng.choice((0.0, 0.0, 0.05)),
        pace_seconds=rng.choice((0.02, 0.3, 1.0)),
        truncating=rng.choice((0.0, 0.1, 0.4)),
    )
