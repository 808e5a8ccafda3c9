"""Trace files: streams of msgpack records in `<trace_dir>/<node>.<n>.trace`, oldest number first.

A file may end in the middle of a record (the node was killed, or writes it just now), and a damaged one
still tells what stands before the damage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgpack
import msgspec

from transport import decoders
from transport.messages.tracing import TraceRecord

#: A file that has grown to this size is followed by the next one.
FILE_BYTES = 64 * 2**20
#: Files of one node; the oldest is removed for a new one.
FILES_KEPT = 8

_SUFFIX = ".trace"
_NUMBER = re.compile(r"(?P<node>.+)\.(?P<number>[0-9]{1,9})\.trace")


def _create(path: Path) -> BinaryIO:
    return path.open("xb")


class TraceFiles:
    """Writes one node's records; every method raises OSError when the disk does not take them.

    Each life of a node begins a file of its own. The first file is made with the first record.
    """

    def __init__(
        self,
        directory: Path,
        node: str,
        *,
        file_bytes: int = FILE_BYTES,
        files_kept: int = FILES_KEPT,
        create: Callable[[Path], BinaryIO] = _create,
    ) -> None:
        self._directory = directory
        self._node = re.sub(r"[^\w.:\[\]-]", "_", node) or "node"
        self._file_bytes = file_bytes
        self._files_kept = files_kept
        self._create = create
        self._packer = msgpack.Packer(unicode_errors="backslashreplace")
        self._file: BinaryIO | None = None
        self._size = 0

    def append(self, records: Iterable[TraceRecord]) -> None:
        """Write the records so that another process can read them now; they are not synced."""
        for record in records:
            packed = self._packer.pack(msgspec.to_builtins(record))
            if self._file is None or (self._size and self._size + len(packed) > self._file_bytes):
                self._begin()
            self._write(packed)
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            file, self._file = self._file, None
            file.close()

    def _write(self, packed: bytes) -> None:
        assert self._file is not None
        self._file.write(packed)
        self._size += len(packed)

    def _begin(self) -> None:
        self.close()
        self._directory.mkdir(parents=True, exist_ok=True)
        mine = [(number, path) for node, number, path in _numbered(self._directory) if node == self._node]
        for _, path in mine[: max(0, len(mine) - self._files_kept + 1)]:
            path.unlink(missing_ok=True)
        number = mine[-1][0] + 1 if mine else 1
        self._file = self._create(self._directory / f"{self._node}.{number}{_SUFFIX}")
        self._size = 0


class TraceFolder:
    """Reads the trace files of all nodes in a directory, one node after the other.

    What could not be read is told in `damages` when a reading has ended.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.damages: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[TraceRecord]:
        """Every record; raises OSError when the directory or a file cannot be read."""
        self.damages = ()
        for _, _, path in _numbered(self.directory):
            yield from self._read(path)

    def _read(self, path: Path) -> Iterator[TraceRecord]:
        try:
            file = path.open("rb")
        except FileNotFoundError:  # rotated away just now
            return
        with file:
            unpacker = msgpack.Unpacker(file, strict_map_key=True)
            while True:
                position = unpacker.tell()
                try:
                    yield decoders.convert(unpacker.unpack(), TraceRecord)
                except msgpack.OutOfData:
                    return
                # ValueError covers msgspec's, Unicode's and most of msgpack's.
                except (ValueError, TypeError, msgpack.UnpackException) as error:
                    self.damages += (f"{path.name}: damaged from byte {position} on: {error}",)
                    return


def _numbered(directory: Path) -> list[tuple[str, int, Path]]:
    """The trace files of a directory by node and number."""
    found = []
    for path in directory.iterdir():
        match = _NUMBER.fullmatch(path.name)
        if match is not None:
            found.append((match["node"], int(match["number"]), path))
    return sorted(found)
