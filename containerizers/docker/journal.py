"""What dockerd keeps of a container's output: JSON lines, in a file that it rotates (`json-file`)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from containerizers.docker.position import Position

#: A line of output has at most 16 KiB, each byte of which may take six in JSON.
_LINE_BYTES = 2**18
_GENERATIONS = 100


class Piece(NamedTuple):
    """What a container wrote, and where in the journal that ends."""

    out: bytes
    err: bytes
    end: int


class Journal:
    """Reads one container's journal from a position on; no method blocks."""

    def __init__(self, path: str, position: Position) -> None:
        self._path = path
        self._descriptor: int | None = None
        self.inode = position.inode
        self.offset = position.offset

    def read(self, most_bytes: int = _LINE_BYTES) -> Piece | None:
        """The next whole lines; None when there are none yet. They are passed by `go_on` only."""
        while True:
            if self._descriptor is None and not self._open():
                return None
            assert self._descriptor is not None
            # Asked before it is read: when it is another file's turn, this one is complete.
            has_next = self._next_path() is not None
            data = os.pread(self._descriptor, max(most_bytes, _LINE_BYTES), self.offset)
            whole = data.rfind(b"\n") + 1
            if whole:
                return _piece(data[:whole], self.offset + whole)
            if len(data) >= _LINE_BYTES:  # no line that dockerd wrote
                self.offset += len(data)
            elif has_next:
                self._begin_next()
            elif self.offset > os.fstat(self._descriptor).st_size:  # somebody has cut it off
                self.offset = 0
            else:
                return None

    def go_on(self, piece: Piece) -> None:
        """That piece is done with."""
        self.offset = piece.end

    def again(self, end: int) -> Piece:
        """What is between the present offset and this one; less where the file is gone."""
        if self._descriptor is None and not self._open():
            return Piece(b"", b"", end)
        assert self._descriptor is not None
        data = os.pread(self._descriptor, max(0, end - self.offset), self.offset)
        return _piece(data[: data.rfind(b"\n") + 1], end)

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> bool:
        """Open the file of the position, or (that is gone) the oldest one."""
        oldest = None
        for path in self._paths():
            with contextlib.suppress(OSError):
                if os.stat(path).st_ino == self.inode:  # noqa: PTH116  quicker
                    return self._take(path)
                oldest = path
        if oldest is None:
            return False
        self.offset = 0
        return self._take(oldest)

    def _take(self, path: str) -> bool:
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False
        inode = os.fstat(self._descriptor).st_ino
        if inode != self.inode:
            self.inode, self.offset = inode, 0
        return True

    def _begin_next(self) -> None:
        path = self._next_path()
        self.close()
        self.offset = 0
        if path is not None:
            self._take(path)

    def _next_path(self) -> str | None:
        """The file that follows the present one; None when there is none yet."""
        newer = None
        for path in self._paths():
            try:
                inode = os.stat(path).st_ino  # noqa: PTH116  quicker
            except OSError:
                continue
            if inode == self.inode:
                return newer
            newer = path
        # It was removed: what is the oldest now comes next.
        return newer

    def _paths(self) -> Iterator[str]:
        """The files that there may be, the newest first."""
        yield self._path
        for number in range(1, _GENERATIONS):
            path = f"{self._path}.{number}"
            if not os.path.lexists(path):
                return
            yield path


def _piece(lines: bytes, end: int) -> Piece:
    out: list[bytes] = []
    err: list[bytes] = []
    for line in lines.split(b"\n"):
        try:
            entry = msgspec.json.decode(line)
            text = entry["log"].encode("utf-8", "surrogatepass")
            is_error = entry.get("stream") == "stderr"
        except (msgspec.MsgspecError, KeyError, TypeError, AttributeError):  # no line that dockerd wrote
            continue
        (err if is_error else out).append(text)
    return Piece(b"".join(out), b"".join(err), end)
