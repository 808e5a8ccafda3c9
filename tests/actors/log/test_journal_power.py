"""Power cuts, crashes, failing disks at every step: what was acknowledged stays, and nothing is made up."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Final

import pytest

from actors.log.journal import Journal
from actors.log.records import LogRecord
from actors.simulation import SimulatedDisk
from actors.simulation.disk import Operation
from tests.actors.log.corruption import FOLDER, records_of

_LIVES: Final = 8
_FAILING: Final[tuple[Operation, ...]] = ("append", "write", "sync", "sync_folder", "rename", "remove")


class CrashError(Exception):
    """The process ends here, or all the machine."""


class World:
    """One replica's journal through several lives, and what was acknowledged of it."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.disk = SimulatedDisk(random.Random(seed + 1), fault=self._fault)
        self.records = records_of(self.rng)
        #: What a life that begins now must find: one of these.
        self.possible: list[tuple[LogRecord, ...]] = [()]
        self.ends: Counter[str] = Counter()
        self._steps_left = -1

    def live(self) -> None:
        """Write until the end that fate has in store, then begin anew and look."""
        end = self.rng.choice(("stopped", "killed", "power cut", "disk error", "disk full"))
        if end in ("killed", "power cut"):
            self._steps_left = self.rng.randint(1, 60)
        elif end == "disk error":
            self.disk.fail(self.rng.choice(_FAILING), nth=self.rng.randint(1, 12))
        elif end == "disk full":
            used = sum(self.disk.size(f"{FOLDER}/{name}") for name in self.disk.list(FOLDER))
            self.disk.capacity_bytes = used + self.rng.randint(0, 4_000)
        try:
            self._write()
        except (CrashError, OSError):
            self.ends[end] += 1
        self._steps_left = -1
        self.disk.mend()
        if end == "power cut" or self.rng.random() < 0.3:
            self.disk.lose_power()

    def _write(self) -> None:
        journal = Journal(self.disk, FOLDER, segment_bytes=self.rng.choice((200, 1_500, 10_000)))
        restored = journal.open()
        assert restored.damage is None
        assert restored.records in self.possible
        self.possible = [restored.records]
        for _ in range(self.rng.randint(0, 15)):
            if self.rng.random() < 0.1:
                kept = restored.records[: self.rng.randint(0, 3)]
                self._step(kept, lambda: journal.compact(kept))  # noqa: B023 - called at once
            else:
                self._sync(journal)

    def _sync(self, journal: Journal) -> None:
        added = [next(self.records) for _ in range(self.rng.choice((1, 1, 3, 20)))]
        for record in added:
            journal.append(record)
        self._step((*self.possible[0], *added), journal.sync)

    def _step(self, after: tuple[LogRecord, ...], step: object) -> None:
        self.possible.append(after)
        assert callable(step)
        step()
        self.possible = [after]

    def _fault(self, point: str) -> None:
        self._steps_left -= 1
        if self._steps_left == 0:
            raise CrashError(point)


def _histories(seeds: Sequence[int]) -> Counter[str]:
    ends: Counter[str] = Counter()
    for seed in seeds:
        world = World(seed)
        for _ in range(_LIVES):
            world.live()
        ends += world.ends
    return ends


@pytest.mark.parametrize("part", range(4))
def test_what_was_acknowledged_is_there_after_any_end(part: int) -> None:
    ends = _histories(range(part * 100, part * 100 + 100))
    assert min(ends[end] for end in ("killed", "power cut", "disk error", "disk full")) > 20
