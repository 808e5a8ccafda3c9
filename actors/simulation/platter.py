"""One file of a simulated disk: what its readers see, and what would be left of it without power."""

from __future__ import annotations

import random
from typing import NamedTuple

SECTOR_BYTES = 512
#: How often a torn write leaves zeros where the rest of it should be.
_ZEROS = 0.2


class Change(NamedTuple):
    """One unsynced change of a file: bytes put at an offset, or (content None) a new length."""

    offset: int
    content: bytes | None

    def apply(self, image: bytearray) -> None:
        """Make the change to what a file contains."""
        if self.content is None:
            del image[self.offset :]
            image.extend(bytes(self.offset - len(image)))
        else:
            image.extend(bytes(max(0, self.offset - len(image))))
            image[self.offset : self.offset + len(self.content)] = self.content


class CachedFile:
    """What is in the cache, what is on the platter, and the changes between the two."""

    def __init__(self, content: bytes = b"") -> None:
        self.cached = bytearray(content)
        self.durable = bytes(content)
        self.changes: list[Change] = []

    def change(self, change: Change) -> None:
        """Make a change that is seen at once and not yet durable."""
        change.apply(self.cached)
        self.changes.append(change)

    def sync(self) -> None:
        """Make all changes durable."""
        if self.changes:
            platter = bytearray(self.durable)
            for change in self.changes:
                change.apply(platter)
            self.durable = bytes(platter)
            self.changes.clear()

    def lose(self, rng: random.Random) -> None:
        """Put a random part of the changes on the platter and forget about the others."""
        happened = rng.randint(0, len(self.changes))
        platter = bytearray(self.durable)
        for change in self.changes[:happened]:
            change.apply(platter)
        if happened < len(self.changes):
            for change in _torn(self.changes[happened], rng):
                change.apply(platter)
        self.durable = bytes(platter)
        self.changes.clear()

    def flip(self, bit: int) -> None:
        """Turn one bit round, in the cache and on the platter, as far as either reaches."""
        byte, mask = bit // 8, 1 << bit % 8
        platter = bytearray(self.durable)
        for image in (self.cached, platter):
            if byte < len(image):
                image[byte] ^= mask
        self.durable = bytes(platter)


def _torn(change: Change, rng: random.Random) -> list[Change]:
    """What is on the platter of a write that the power failed in: whole sectors from its beginning."""
    if not change.content:
        return []
    end = change.offset + len(change.content)
    first_sector = change.offset // SECTOR_BYTES
    last_sector = -(-end // SECTOR_BYTES)
    kept = max(0, rng.randint(first_sector, last_sector - 1) * SECTOR_BYTES - change.offset)
    torn = [Change(change.offset, change.content[:kept])]
    if rng.random() < _ZEROS:
        torn.append(Change(change.offset + kept, bytes(rng.randint(0, len(change.content) - kept))))
    return torn
