"""How dockerd sends stdout and stderr over one connection: each piece behind eight bytes that announce it."""

from __future__ import annotations

from collections.abc import Iterator

_HEADER_BYTES = 8
_STREAMS = (0, 1, 2)


class FrameError(Exception):
    """These bytes are no frames."""


class Frames:
    """Takes frames apart as they come; nothing is held back but a header that is not whole yet."""

    def __init__(self) -> None:
        self._header = b""
        self._stream = 0
        self._rest = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """What is in these bytes: 1 for stdout or 2 for stderr, and a piece of it. Raises FrameError."""
        place = 0
        while place < len(data):
            if self._rest:
                piece = data[place : place + self._rest]
                self._rest -= len(piece)
                place += len(piece)
                yield self._stream, piece
                continue
            missing = _HEADER_BYTES - len(self._header)
            self._header += data[place : place + missing]
            place += missing
            if len(self._header) == _HEADER_BYTES:
                self._begin(self._header)
                self._header = b""

    def _begin(self, header: bytes) -> None:
        if header[0] not in _STREAMS or any(header[1:4]):
            raise FrameError(f"no frame begins with {header.hex()}")
        # What is written to its stdin comes back as stream 0, where that is asked for.
        self._stream = max(1, header[0])
        self._rest = int.from_bytes(header[4:], "big")


class Plain:
    """The same for a terminal, of which there is but one stream, without frames."""

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """See `Frames.feed`."""
        if data:
            yield 1, data
