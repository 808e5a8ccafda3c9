"""The TCP connections that libzmq accepted for us, known by their file descriptors.

libzmq offers no way to end one accepted connection, to notice one that never says HELLO, or to see one that
sends an endless message. The descriptor does: a duplicate of it is shut down, after a look at who is at its
other end, because the number may have been given to another connection meanwhile.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Mapping
from typing import Any, Protocol

#: Bytes that may come over a connection without completing a message: two frames of the greatest size, and
#: as much again for what the kernel holds.
ENDLESS_BYTES = 32 * 1024 * 1024
#: Where Linux' `struct tcp_info` has the bytes received.
_BYTES_RECEIVED = struct.Struct("=128xQ")


class Heard(Protocol):
    """What is known of a channel: when its last message came."""

    heard: float


class Connection:
    """One accepted connection, until libzmq says that it is closed."""

    __slots__ = ("accepted", "channel", "close_at", "fd", "heard", "received", "remote")

    def __init__(self, fd: int, now: float) -> None:
        self.fd = fd
        self.remote = _remote(fd)
        self.accepted = now
        #: The channel of its frames, once the first has come.
        self.channel: bytes | None = None
        #: When it is to be closed, once that is decided.
        self.close_at: float | None = None
        #: When its last message came, and how many bytes had come when that was noted.
        self.heard = now
        self.received = 0

    def endless(self, heard: float) -> bool:
        """Whether too much has come since its last message, which came at `heard`, to be part of one."""
        received = _received(self.fd)
        if heard != self.heard:
            self.heard = heard
            self.received = received
        return received - self.received > ENDLESS_BYTES

    def shut(self) -> None:
        """End it now; harmless when it is gone."""
        try:
            with socket.socket(fileno=os.dup(self.fd)) as duplicate:
                if duplicate.getpeername() == self.remote:
                    duplicate.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Connections:
    """All accepted connections of one listener."""

    def __init__(self, hello_seconds: float, last_words_seconds: float = 0.25) -> None:
        self._hello_seconds = hello_seconds
        self._last_words_seconds = last_words_seconds
        self._by_fd: dict[int, Connection] = {}
        self._by_channel: dict[bytes, Connection] = {}

    def accepted(self, fd: int, now: float) -> None:
        """Note a new connection."""
        self._by_fd[fd] = Connection(fd, now)

    def knows(self, fd: int) -> bool:
        """True between `accepted` and `ended`."""
        return fd in self._by_fd

    def spoke(self, fd: int, channel: bytes) -> None:
        """Note whose frames come over it."""
        connection = self._by_fd.get(fd)
        if connection is not None and connection.channel != channel:
            # Another channel before this one was of a connection that ended before its frames were read.
            self._by_channel.pop(connection.channel or b"", None)
            connection.channel = channel
            self._by_channel[channel] = connection

    def ended(self, fd: int) -> bytes | None:
        """Forget a connection that libzmq closed; returns its channel if it ever had one."""
        connection = self._by_fd.pop(fd, None)
        if connection is None or connection.channel is None:
            return None
        self._by_channel.pop(connection.channel, None)
        return connection.channel

    def close(self, channel: bytes, now: float, *, abruptly: bool) -> None:
        """End the connection of a channel, leaving a moment for its last words unless `abruptly`."""
        connection = self._by_channel.get(channel)
        if connection is None:
            return
        connection.close_at = now if abruptly else now + self._last_words_seconds
        if abruptly:
            connection.shut()

    def tick(self, now: float, links: Mapping[bytes, Heard]) -> tuple[int, int]:
        """End those whose time has come; returns how many were mute and how many sent an endless message."""
        mute = endless = 0
        for connection in list(self._by_fd.values()):
            link = links.get(connection.channel or b"")
            if connection.close_at is not None:
                if connection.close_at <= now:
                    connection.shut()
            elif connection.endless(connection.accepted if link is None else link.heard):
                endless += 1
                connection.close_at = now
                connection.shut()
            elif link is None and now - connection.accepted >= self._hello_seconds:
                mute += 1
                connection.close_at = now
                connection.shut()
        return mute, endless


def _remote(fd: int) -> Any:
    """The address at the other end of a socket that is libzmq's; None if there is none."""
    try:
        borrowed = socket.socket(fileno=fd)
    except OSError:
        return None
    try:
        return borrowed.getpeername()
    except OSError:
        return None
    finally:
        borrowed.detach()


def _received(fd: int) -> int:
    """How many bytes came over a socket that is libzmq's; 0 if that is not known."""
    try:
        borrowed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fileno=fd)
    except OSError:
        return 0
    try:
        information = borrowed.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_RECEIVED.size)
        return int(_BYTES_RECEIVED.unpack(information)[0]) if len(information) == _BYTES_RECEIVED.size else 0
    except OSError:
        return 0
    finally:
        borrowed.detach()
