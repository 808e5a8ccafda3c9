"""What one client, and all of them together, may take of an HTTP server."""

from __future__ import annotations

from typing import Self

import msgspec


class HttpLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of one server."""

    #: Connections at a time; beyond, the ones that are idle make room, or else the newest is turned away.
    connections: int = 1_024
    #: The request line.
    line_bytes: int = 8_192
    #: Each header, and how many of them.
    header_bytes: int = 16_384
    headers: int = 128
    #: For the headers of a request to come, counted from the connection's start or the answer before.
    idle_seconds: float = 10.0
    #: For the body of a request to come.
    body_seconds: float = 10.0
    #: For a handler to answer (reliability.md R3).
    answer_seconds: float = 10.0
    #: For which the rest of a request is read that nobody wants, so that its sender reads the answer.
    linger_seconds: float = 2.0
    #: For a client to read what it is sent, or some of it at least.
    unread_seconds: float = 30.0

    def within(self, descriptors: int) -> Self:
        """The same for a process that may open so many files: most of them are for other things."""
        return msgspec.structs.replace(self, connections=min(self.connections, max(1, descriptors // 8)))
