"""The TCP connections that libzmq accepted for us, known by their file descriptors.

libzmq offers no way to end one accepted connection, to notice one that never says HELLO, or to see one that
sends an endless message. The descriptor does: a duplicate of it is shut down, after a look at who is at its
other end, because the number may have been given to another connection meanwhile.
"""

from __future__ import annotations

import os
import socket
from typing import Any


class Connection:
    """One accepted connection, until libzmq says that it is closed."""

    __slots__ = ("accepted", "channel", "close_at", "fd", "remote")

    def __init__(self, fd: int, now: float) -> None:
        self.fd = fd
        self.remote = _remote(fd)
        self.accepted = now
        #: The channel of its frames, once the first has come.
        self.channel: bytes | None = None
        #: When it is to be closed, once that is decided.
        self.close_at: float | None = None

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

    def tick(self, now: float) -> int:
        """End those whose time has come; returns how many of them never said a word."""
        mute = 0
        for connection in list(self._by_fd.values()):
            if connection.close_at is not None:
                if connection.close_at <= now:
                    connection.shut()
            elif connection.channel is None and now - connection.accepted >= self._hello_seconds:
                connection.close_at = now
                connection.shut()
                mute += 1
        return mute


def _remote(fd: int) -> Any:
    """The address at the other end of a socket that belongs to somebody else; None if there is none."""
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
