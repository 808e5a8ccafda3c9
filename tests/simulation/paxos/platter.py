"""A disk that keeps records: what is on it, and what is only on its way there."""

from __future__ import annotations

import random

from actors.log.records import LogRecord


class Platter:
    """Survives the replica; records are whole or not there at all, as the journal's checksums make them."""

    def __init__(self) -> None:
        self.durable: list[LogRecord] = []
        #: In the file, and not synced.
        self.cached: list[LogRecord] = []
        #: So many of the first records came at once, as the sum of others or as a beginning.
        self.summed = 0

    def append(self, record: LogRecord) -> None:
        """Write behind all others."""
        self.cached.append(record)

    def sync(self) -> list[LogRecord]:
        """Make all durable that is written; returns what was not so before."""
        fresh, self.cached = self.cached, []
        self.durable += fresh
        return fresh

    def lose_power(self, rng: random.Random) -> list[LogRecord]:
        """Of what was not synced the first few are there; returns them."""
        del self.cached[rng.randint(0, len(self.cached)) :]
        return self.sync()

    def replace(self, records: list[LogRecord]) -> None:
        """Put others in place of all, at once."""
        self.durable, self.cached = records, []
        self.summed = len(records)
