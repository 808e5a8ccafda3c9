"""RecordIO: messages in a stream, each behind its length (mesos-protocol.md §1.5).

A record is its length in decimal digits, a newline, and so many bytes; it is unrelated to the chunks of HTTP.
"""

from __future__ import annotations

from typing import Final

from transport.limits import MIB

#: Of a record that is read, unless said otherwise.
MAX_BYTES: Final = 16 * MIB
#: More than any length needs: some fill theirs up with zeros.
_MAX_DIGITS: Final = 20


class RecordError(ValueError):
    """A stream that is no RecordIO, or a record that is too long: there is no way to read on."""


def frame(record: bytes) -> bytes:
    """A record as it stands in a stream."""
    return b"%d\n%b" % (len(record), record)


class RecordReader:
    """Takes a stream piece by piece, and gives the records in it."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._waiting = bytearray()
        #: Where `_waiting` was not looked at yet.
        self._at = 0
        #: Of the record that begins there, if it was read already.
        self._length: int | None = None
        self._fault: RecordError | None = None

    def feed(self, piece: bytes) -> list[bytes]:
        """The records that this piece completes; raises RecordError where a fault comes before any."""
        self._waiting += piece
        found: list[bytes] = []
        try:
            while (record := self._next()) is not None:
                found.append(record)
        except RecordError as error:
            self._fault = error
            if not found:
                raise
        del self._waiting[: self._at]
        self._at = 0
        return found

    def end(self) -> None:
        """Tell that nothing more comes; raises RecordError where a record is not complete."""
        if self._fault is not None:
            raise self._fault
        if self._waiting or self._length is not None:
            raise RecordError("stream: ends within a record")

    def _next(self) -> bytes | None:
        """The next record; None unless all of it is there."""
        if self._fault is not None:
            raise self._fault
        if self._length is None:
            self._length = self._next_length()
        if self._length is None or len(self._waiting) - self._at < self._length:
            return None
        begin, self._at = self._at, self._at + self._length
        self._length = None
        return bytes(self._waiting[begin : self._at])

    def _next_length(self) -> int | None:
        begin, limit = self._at, self._at + _MAX_DIGITS + 1
        end = self._waiting.find(b"\n", begin, limit)
        is_complete = end >= 0
        digits = bytes(self._waiting[begin : end if is_complete else limit])
        if (is_complete or digits) and not (digits.isdigit() and len(digits) <= _MAX_DIGITS):
            raise RecordError("stream: must have the length of each record in digits, and a newline")
        if not is_complete:
            return None
        self._at = end + 1
        if int(digits) > self._max_bytes:
            raise RecordError(f"record: must have at most {self._max_bytes} bytes, not {int(digits)}")
        return int(digits)
