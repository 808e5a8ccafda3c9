"""How far a container's output was read and written, in memory that survives this process.

It is kept in a file that is mapped: a crash of this process loses nothing of it, and to keep it costs no
call of the kernel. Of two places the older one is written over, so one is always whole.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import zlib
from pathlib import Path
from typing import Final

import msgspec

_PLACE: Final = struct.Struct("=QQQQqqI")
_PLACE_BYTES: Final = 64
_PLACES: Final = 2


class Position(msgspec.Struct, frozen=True):
    """Up to where the journal is in the sandbox, and what is on its way there."""

    #: Which file of the journal, and where in it.
    inode: int = 0
    offset: int = 0
    #: Where what is on its way ends; that of `offset` when nothing is.
    end: int = 0
    #: Sizes of stdout and stderr in the sandbox before what is on its way.
    out_bytes: int = 0
    err_bytes: int = 0


class PositionFile:
    """Holds one position; raises OSError when there can be no such file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path, flags, 0o600)
        try:
            # Given room at once: a disk that is full later would end this process by SIGBUS.
            os.posix_fallocate(descriptor, 0, mmap.PAGESIZE)
            self._memory = mmap.mmap(descriptor, mmap.PAGESIZE)
        finally:
            os.close(descriptor)
        self._turn, self.position = self._read()

    def save(self, position: Position) -> None:
        """Keep this one from now on."""
        self.position = position
        self._turn += 1
        fields = (self._turn, *msgspec.structs.astuple(position))
        packed = _PLACE.pack(*fields, 0)[:-4]
        start = self._turn % _PLACES * _PLACE_BYTES
        self._memory[start : start + _PLACE.size] = packed + struct.pack("=I", zlib.crc32(packed))

    def close(self) -> None:
        """Let go of the memory; the file stays."""
        with contextlib.suppress(ValueError):
            self._memory.close()

    def _read(self) -> tuple[int, Position]:
        newest = (0, Position())
        for place in range(_PLACES):
            start = place * _PLACE_BYTES
            packed = self._memory[start : start + _PLACE.size]
            turn, *fields, checksum = _PLACE.unpack(packed)
            if turn > newest[0] and checksum == zlib.crc32(packed[:-4]):
                newest = (turn, Position(*fields))
        return newest
