"""What happened, turn by turn, and a digest of it all: the same seed gives the same digest."""

from __future__ import annotations

import hashlib
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from transport.pid import Pid

#: So many turns are taken into the digest at a time, which is cheaper than one by one.
FOLD_AT = 4096


class Turn(NamedTuple):
    """One turn of one actor."""

    #: Virtual seconds.
    when: float
    actor: Pid
    #: The type of the message; `Initialize`, `Fired`, `Exited` and `Terminate` are the system's own.
    type_name: str
    sender: Pid

    def __str__(self) -> str:
        line = f"{self.when:14.6f}  {self.actor.name}@{self.actor.host}  {self.type_name}"
        return line if self.sender == self.actor else f"{line}  from {self.sender.name}@{self.sender.host}"


_Bare = tuple[float, Pid, type, Pid]


class History:
    """The last `limit` turns (all of them if it is None), and the digest of every turn that was."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._folded = 0
        self._kept: deque[_Bare] = deque(maxlen=limit)
        self._fresh: list[_Bare] = []
        #: Notes a turn: when, whose, the type of the message, its sender. The list's own append: it is hot.
        self.note = self._fresh.append
        self._hash = hashlib.blake2b(digest_size=16)
        self._checksum = 0
        self._encode = msgspec.msgpack.Encoder().encode

    def __len__(self) -> int:
        return self._folded + len(self._fresh)

    def __iter__(self) -> Iterator[Turn]:
        """The turns that are kept, oldest first."""
        turns = [*self._kept, *self._fresh]
        if self._limit is not None:
            turns = turns[max(0, len(turns) - self._limit) :]
        return (Turn(when, actor, kind.__name__, sender) for when, actor, kind, sender in turns)

    def last(self, turns: int) -> list[Turn]:
        """The newest turns, oldest first."""
        return list(self)[-turns:]

    def mix(self, content: bytes) -> None:
        """Let `content`, which went over a wire or to a disk, count in the digest."""
        self._checksum = zlib.crc32(content, self._checksum)

    def fold(self) -> None:
        """Take fresh turns into the digest, always as many at a time, so that it does not matter when."""
        fresh = self._fresh
        while len(fresh) >= FOLD_AT:
            turns = fresh[:FOLD_AT]
            del fresh[:FOLD_AT]
            self._hash.update(self._packed(turns))
            self._kept.extend(turns)
            self._folded += FOLD_AT

    def digest(self) -> str:
        """A hash of all turns and contents so far: who, what, from whom, and when to the last bit."""
        self.fold()
        whole = self._hash.copy()
        whole.update(self._packed(self._fresh))
        whole.update(self._checksum.to_bytes(4, "big"))
        return whole.hexdigest()

    def _packed(self, turns: Sequence[_Bare]) -> bytes:
        return self._encode([(when, actor, kind.__name__, sender) for when, actor, kind, sender in turns])
