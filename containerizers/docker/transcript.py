"""What one container writes, on its way from its journal to its sandbox."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from containerizers.docker.journal import Journal, Piece
from containerizers.docker.ledger import Record
from containerizers.docker.position import Position, PositionFile
from containerizers.docker.sandbox_file import SandboxFile
from containerizers.docker.settings import DockerSettings


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

    def detach(self) -> dict[int, int]:
        """Descriptors of the files, 1 for stdout and 2 for stderr; they are the caller's from now on."""
        files = ((1, self.out), (2, self.err))
        return {stream: file.detach() for stream, file in files if file is not None}

    def close(self) -> None:
        """Write no more."""
        for file in (self.out, self.err):
            if file is not None:
                file.close()


class Writing:
    """What takes a container's output, whatever that comes from. Raises OSError, ValueError."""

    def __init__(self, kept: Path, record: Record, settings: DockerSettings) -> None:
        self._kept = PositionFile(kept)
        try:
            self._outputs: Outputs | None = open_outputs(record, settings)
        except (OSError, ValueError):
            self._kept.close()
            raise

    @property
    def has_outputs(self) -> bool:
        """Whether nobody has taken the files yet."""
        return self._outputs is not None

    def read_from(self, journal: str, fault: Callable[[str], None]) -> Transcript:
        """Have it come from a journal; of no more use then."""
        assert self._outputs is not None
        return Transcript(journal, self._kept, self._outputs, fault)

    def take_outputs(self) -> Outputs | None:
        """The files alone; None when somebody has them already."""
        outputs, self._outputs = self._outputs, None
        return outputs

    def close(self) -> None:
        """Nothing comes."""
        self._kept.close()
        if self._outputs is not None:
            self._outputs.close()


def open_outputs(record: Record, settings: DockerSettings) -> Outputs:
    """The files of a sandbox that take what is written; raises OSError, ValueError."""
    files: list[SandboxFile | None] = []
    try:
        for path in (record.stdout, record.stderr):
            files.append(None if path is None else _file(path, record.directory, settings))
    except (OSError, ValueError) as error:
        for file in filter(None, files):
            file.close()
        words = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"{path!r}: {words}") from None
    return Outputs(files[0], files[1])


def _file(path: str, directory: str, settings: DockerSettings) -> SandboxFile:
    above = str(Path(path).parent)
    # Above the folder that a container works in, it can put no links.
    root = directory if Path(above).is_relative_to(directory) else above
    return SandboxFile(root, path, settings.log_max_bytes, settings.log_files)


class Transcript:
    """Moves output piece by piece; after a crash it goes on where it was: nothing is lost, or comes twice."""

    def __init__(
        self, journal: str, kept: PositionFile, outputs: Outputs, fault: Callable[[str], None]
    ) -> None:
        #: That of the journal.
        self.folder = str(Path(journal).parent)
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
