"""What is kept for the next to ask, and what must go for it.

This decides; the files are in a `Store`.
"""

from __future__ import annotations

from typing import TypeAlias

#: A user, None for that of this process, and a URI: what one user fetched is not for another.
Key: TypeAlias = tuple[str | None, str]


class Entry:
    """A file that is in the cache, or on its way there; `name` is the file's."""

    __slots__ = ("holders", "is_complete", "key", "name", "size")

    def __init__(self, key: Key, name: str) -> None:
        self.key = key
        self.name = name
        #: Bytes that are kept for it, once that is known.
        self.size = 0
        self.is_complete = False
        #: How many want it just now; it stays for as long as there are any.
        self.holders = 0


class Cache:
    """Entries by key; of those that nobody holds, the one that was wanted least lately goes first."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.used_bytes = 0
        self._number = 0
        #: Who was wanted last comes last.
        self._entries: dict[Key, Entry] = {}

    def find(self, key: Key) -> Entry | None:
        """What is there, or under way, by that key."""
        return self._entries.get(key)

    def add(self, key: Key) -> Entry:
        """A new entry, under way; there must be none by that key."""
        assert key not in self._entries
        self._number += 1
        entry = self._entries[key] = Entry(key, f"c{self._number:07}")
        return entry

    def reserve(self, entry: Entry, size: int) -> tuple[Entry, ...] | None:
        """Keep room for an entry that is under way; returns what went for it, None when it does not fit."""
        victims: list[Entry] = []
        needed = self.used_bytes + size - self.limit_bytes
        for other in self._entries.values():
            if needed <= 0:
                break
            if other.is_complete and not other.holders:
                victims.append(other)
                needed -= other.size
        if needed > 0:
            return None
        for victim in victims:
            self.drop(victim)
        entry.size = size
        self.used_bytes += size
        return tuple(victims)

    def hold(self, entry: Entry) -> None:
        """Somebody wants it."""
        entry.holders += 1
        # It may have been dropped since.
        if self._entries.get(entry.key) is entry:
            self._entries[entry.key] = self._entries.pop(entry.key)

    def release(self, entry: Entry) -> None:
        """They have it."""
        assert entry.holders
        entry.holders -= 1

    def drop(self, entry: Entry) -> None:
        """It is of no use, or has to go; once is enough."""
        if self._entries.get(entry.key) is entry:
            del self._entries[entry.key]
            self.used_bytes -= entry.size

    def check_invariants(self) -> None:
        """What is kept is what is counted, and fits."""
        assert self.used_bytes == sum(entry.size for entry in self._entries.values())
        assert 0 <= self.used_bytes <= max(0, self.limit_bytes)
        assert all(key == entry.key for key, entry in self._entries.items())
