"""What one client, and all of them together, may take of an HTTP server."""

from __future__ import annotations

from typing import Self

import msgspec

from transport.limits import MIB


class HttpLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of one server."""

    #: Connections at a time; beyond, the ones that are idle make room, or else the newest is turned away.
    connections: int = 4_096
    #: The request line.
    line_bytes: int = 8_192
    #: Each header, and how many of them.
    header_bytes: int = 16_384
    headers: int = 128
    #: For the headers of a request to come once some are there. A connection on which nothing begins stays:
    #: Mesos' libraries have one for calls, say nothing for hours, and take its end for that of the daemon.
    head_seconds: float = 10.0
    #: Of all bodies that are being read at a time, but those that were there with their headers.
    bodies_bytes: int = 256 * MIB
    #: For the body of a request to come.
    body_seconds: float = 10.0
    #: For a handler to answer (reliability.md R3).
    answer_seconds: float = 10.0
    #: For which the rest of a request is read that nobody wants, so that its sender reads the answer.
    linger_seconds: float = 2.0
    #: For a client to read what it is sent, or some of it at least.
    unread_seconds: float = 30.0
    #: Of a stream that its client has not read, beyond what the system's own buffers hold.
    unread_bytes: int = 4 * MIB

    def within(self, descriptors: int) -> Self:
        """The same for a process that may open so many files: half of them are for other things."""
        return msgspec.structs.replace(self, connections=min(self.connections, max(1, descriptors // 2)))
