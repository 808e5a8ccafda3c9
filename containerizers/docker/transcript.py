"""What one container writes, on its way from its journal to its sandbox."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from containerizers.docker.journal import Journal, Piece
from containerizers.docker.position import Position, PositionFile
from containerizers.docker.sandbox_file import SandboxFile


class Outputs:
    """The files of a sandbox that take what a container writes; None: nobody wants it."""

    def __init__(self, out: SandboxFile | None, err: SandboxFile | None) -> None:
        self.out = out
        self.err = err

    def make_room(self, out_bytes: int, err_bytes: int) -> None:
        """Rotate what would have more than it may."""
        for file, size in ((self.out, out_bytes), (self.err, err_bytes)):
            if file is not None and size and not file.has_room(size):
                file.rotate()

    def write(self, out: bytes, err: bytes) -> None:
        """Append to both; a disk that is full costs the rest of it."""
        for file, data in ((self.out, out), (self.err, err)):
            if file is not None and data:
                file.append(data)

    def sizes(self) -> tuple[int, int]:
        """How large they are now."""
        sizes = [0 if file is None else file.measure() for file in (self.out, self.err)]
        return sizes[0], sizes[1]

    def close(self) -> None:
        """Write no more."""
        for file in (self.out, self.err):
            if file is not None:
                file.close()


class Transcript:
    """Moves output piece by piece; after a crash it goes on where it was: nothing is lost, or comes twice."""

    def __init__(
        self, journal: str, kept: PositionFile, outputs: Outputs, fault: Callable[[str], None]
    ) -> None:
        self._fault = fault
        self._kept = kept
        self._outputs = outputs
        self._journal = Journal(journal, kept.position)
        self._settle()

    def move(self) -> bool:
        """Move the next piece; whether there was one."""
        piece = self._journal.read()
        if piece is None:
            return False
        self._outputs.make_room(len(piece.out), len(piece.err))
        start = Position(self._journal.inode, self._journal.offset)
        out_bytes, err_bytes = self._outputs.sizes()
        self._kept.save(
            msgspec.structs.replace(start, end=piece.end, out_bytes=out_bytes, err_bytes=err_bytes)
        )
        self._fault("docker.output.write.before")
        self._outputs.write(piece.out, piece.err)
        self._fault("docker.output.write.after")
        self._pass(piece)
        return True

    def close(self) -> None:
        """Move no more."""
        self._journal.close()
        self._outputs.close()
        self._kept.close()

    def _pass(self, piece: Piece) -> None:
        self._journal.go_on(piece)
        self._kept.save(Position(self._journal.inode, piece.end, piece.end))

    def _settle(self) -> None:
        """Write what a process before this one was about to, less what it had written."""
        position = self._kept.position
        if position.end <= position.offset:
            return
        piece = self._journal.again(position.end)
        out_bytes, err_bytes = self._outputs.sizes()
        self._outputs.write(
            piece.out[max(0, out_bytes - position.out_bytes) :],
            piece.err[max(0, err_bytes - position.err_bytes) :],
        )
        self._pass(piece)
