"""What reading and writing a kind of record takes is made when the first one comes: better before that."""

from __future__ import annotations

import contextlib

from transport.http.media_type import Encoding
from transport.record import Record


def warm(record: type[Record]) -> None:
    """Make what is needed to read and write such records in both forms; takes up to a tenth of a second."""
    for encoding in Encoding:
        # An empty one that may not be empty is refused, by what has been made for that.
        with contextlib.suppress(ValueError):
            encoding.encode(encoding.decode(b"{}" if encoding is Encoding.JSON else b"", record))
