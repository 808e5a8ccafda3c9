"""The answer of a web server, read piece by piece."""

from __future__ import annotations

import re
import socket

from containerizers.fetcher.budget import Pace
from containerizers.fetcher.failure import FetchError

_CHUNK_BYTES = 1 << 18
_MOST_HEAD_BYTES = 65_536
_LONGEST_LINE_BYTES = 16_384
_MOST_HEADERS = 200
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: ([\x20-\x7e]{0,80}))?")
_NUMBER = re.compile(rb"[0-9]{1,18}")
_HEX = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


class Wire:
    """A connection that bytes come by, at a pace; raises FetchError, and OSError for what breaks."""

    def __init__(self, connection: socket.socket, pace: Pace) -> None:
        self._connection = connection
        self.pace = pace
        self._received = b""

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._connection.settimeout(self.pace.rest())
        self._connection.sendall(data)

    def some(self, most: int) -> bytes:
        """What comes next, up to so many bytes; nothing at the end."""
        if self._received:
            data, self._received = self._received[:most], self._received[most:]
            return data
        self._connection.settimeout(self.pace.rest())
        return self._connection.recv(most)

    def line(self) -> bytes:
        """The next line, without its end."""
        parts = [self._received]
        length = len(self._received)
        while b"\n" not in parts[-1]:
            if length > _LONGEST_LINE_BYTES:
                raise FetchError(f"the answer has a line longer than {_LONGEST_LINE_BYTES} bytes")
            self._connection.settimeout(self.pace.rest())
            more = self._connection.recv(4096)
            if not more:
                raise FetchError("the answer ends before it is complete")
            parts.append(more)
            length += len(more)
        line, _, self._received = b"".join(parts).partition(b"\n")
        return line.removesuffix(b"\r")

    def close(self) -> None:
        """Receive no more."""
        self._connection.close()


class Response:
    """An answer: its head is read at once, its body by `read`.

    Raises FetchError, and OSError for what breaks.
    """

    def __init__(self, wire: Wire, *, has_body: bool = True) -> None:
        self._wire = wire
        #: Bytes of the body; None when that is not told.
        self.size: int | None = None
        self.location = ""
        while True:
            self.status, self.reason = _status(wire.line())
            headers = _headers(wire)
            if self.status >= 200:
                break
        self._is_chunked = False
        #: Bytes that are missing: of the chunk, or of all.
        self._left: int | None = None
        self._is_over = False
        self._take(headers, has_body=has_body)
        # What follows has time of its own.
        wire.pace.restart()

    def read(self) -> bytes:
        """The next bytes of the body; none at the end."""
        try:
            data = self._read()
        except OSError as error:
            what = "timed out" if isinstance(error, TimeoutError) else error.strerror or str(error)
            raise FetchError(f"the connection broke before the file was complete: {what}") from None
        self._wire.pace.advance(len(data))
        return data

    def close(self) -> None:
        """Read no more."""
        self._wire.close()

    def _take(self, headers: dict[bytes, list[bytes]], *, has_body: bool) -> None:
        self.location = headers.get(b"location", [b""])[0].decode("utf-8", "replace")
        coding = b",".join(headers.get(b"transfer-encoding", ())).strip().lower()
        if coding not in (b"", b"identity", b"chunked"):
            raise FetchError(f"the answer comes in a coding that is not known, {coding.decode('latin-1')!r}")
        self._is_chunked = coding == b"chunked"
        lengths = dict.fromkeys(headers.get(b"content-length", ()))
        if self._is_chunked or not lengths or not has_body:
            return
        if len(lengths) > 1 or not _NUMBER.fullmatch(next(iter(lengths))):
            raise FetchError("the answer has no single length")
        self.size = self._left = int(next(iter(lengths)))

    def _read(self) -> bytes:
        if self._is_over:
            return b""
        if self._is_chunked and not self._left:
            self._begin_chunk()
        if self._left == 0:
            self._is_over = True
            return b""
        data = self._wire.some(_CHUNK_BYTES if self._left is None else min(self._left, _CHUNK_BYTES))
        if self._left is None:
            self._is_over = not data
            return data
        if not data:
            raise FetchError(f"the answer ends {self._left} bytes before it should")
        self._left -= len(data)
        if self._is_chunked and not self._left and self._wire.line():
            raise FetchError("the answer is not made of chunks, as it says")
        return data

    def _begin_chunk(self) -> None:
        size = _HEX.fullmatch(self._wire.line())
        if size is None:
            raise FetchError("the answer is not made of chunks, as it says")
        self._left = int(size[1], 16)
        if not self._left:
            _headers(self._wire)


def _status(line: bytes) -> tuple[int, str]:
    status = _STATUS.match(line)
    if status is None:
        raise FetchError("the answer is no HTTP")
    reason = (status[2] or b"").decode("ascii").strip()
    return int(status[1]), f" ({reason})" if reason else ""


def _headers(wire: Wire) -> dict[bytes, list[bytes]]:
    """By name in small letters."""
    headers: dict[bytes, list[bytes]] = {}
    length = 0
    for _ in range(_MOST_HEADERS):
        line = wire.line()
        if not line:
            return headers
        length += len(line)
        if length > _MOST_HEAD_BYTES:
            break
        name, colon, value = line.partition(b":")
        if not colon:
            raise FetchError("the answer has a header without a colon")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    raise FetchError(f"the answer's head has more than {_MOST_HEADERS} lines or {_MOST_HEAD_BYTES} bytes")
