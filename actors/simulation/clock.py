"""The clocks of a simulated node: they started some other time and run a little fast or slow."""

from __future__ import annotations

import random

from actors.simulation.agenda import Agenda

#: 2026-01-01 00:00 UTC, in seconds since the Unix epoch: the date at which a simulation begins.
EPOCH = 1_767_225_600.0
#: Crystals are off by up to this much, in parts of one.
_USUAL_DRIFT = 100e-6
_LONGEST_UPTIME_SECONDS = 100_000.0
_WALL_ERROR_SECONDS = 0.05


class SimulatedClock:
    """A monotonic clock, which runs at `rate`, and a wall clock, which may also jump."""

    def __init__(self, agenda: Agenda, rng: random.Random) -> None:
        self._agenda = agenda
        self._rng = rng
        #: The rate of a healthy clock of this node.
        self.usual_rate = 1.0 + rng.uniform(-_USUAL_DRIFT, _USUAL_DRIFT)
        self.rate = self.usual_rate
        self._wall_offset = EPOCH + rng.uniform(-_WALL_ERROR_SECONDS, _WALL_ERROR_SECONDS)
        self.boot()

    def boot(self) -> None:
        """Count from another moment, as a monotonic clock does after a reboot."""
        self._since = self._agenda.now
        self._local = self._rng.uniform(0.0, _LONGEST_UPTIME_SECONDS)

    def now(self) -> float:
        """Monotonic seconds of this node."""
        return self._local + (self._agenda.now - self._since) * self.rate

    def wall(self) -> float:
        """Seconds since the epoch, as this node believes."""
        return self._wall_offset + self._agenda.now

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward, or back; the monotonic clock goes on as if nothing had been."""
        self._wall_offset += seconds

    def drift(self, rate: float) -> float:
        """Run at another rate from now on; returns by what the time left to timers is to be multiplied."""
        if rate <= 0.0:
            raise ValueError(f"clock rate {rate!r}: must be positive, 1.0 is a true clock")
        self._local, self._since = self.now(), self._agenda.now
        factor, self.rate = self.rate / rate, rate
        return factor
