"""The TCP connections that libzmq accepted for us, known by their file descriptors.

libzmq offers no way to end one accepted connection, to notice one that never says HELLO, or to see one that
sends an endless message. The descriptor does: a duplicate of it is shut down, after a look at who is at its
other end, because the number may have been given to another connection meanwhile.
"""

from __future__ import annotations

import os
import resource
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

#: Bytes that may have come over a connection beyond the messages that were read from it: those of one that
#: is not complete, of those that wait to be read (both bounded by the window), and of what the kernel holds.
ENDLESS_BYTES = 64 * 1024 * 1024
#: What the heartbeats of a peer's libzmq take in a second, amply; ours sends none.
_HEARTBEAT_BYTES = 64
#: Connections are looked at each time the process has grown by so much.
_GROWTH_BYTES = 16 * 1024 * 1024
_STATM = Path("/proc/self/statm")
#: Where Linux' `struct tcp_info` has the bytes received.
_BYTES_RECEIVED = struct.Struct("=128xQ")


class Carrier(Protocol):
    """What is known of a channel: the bytes of all messages that were read from it, overhead included."""

    carried: int


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

    def endless(self, carried: int, now: float) -> bool:
        """Whether far more has come than the messages of `carried` bytes that were read."""
        expected = carried + (now - self.accepted) * _HEARTBEAT_BYTES
        return _received(self.fd) > expected + ENDLESS_BYTES

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

    def __init__(
        self, hello_seconds: float, last_words_seconds: float = 0.05, most: int | None = None
    ) -> None:
        #: More than these are turned away, lest descriptors run out: libzmq would try to accept without end.
        self._most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] * 3 // 4 if most is None else most
        self._hello_seconds = hello_seconds
        self._last_words_seconds = last_words_seconds
        self._resident = 0
        self._by_fd: dict[int, Connection] = {}
        self._by_channel: dict[bytes, Connection] = {}

    def accepted(self, fd: int, now: float) -> bool:
        """Note a new connection; false when it is one too many, and is closed again."""
        connection = self._by_fd[fd] = Connection(fd, now)
        if len(self._by_fd) > self._most:
            connection.close_at = now
            connection.shut()
        return connection.close_at is None

    def knows(self, fd: int) -> bool:
        """True between `accepted` and `ended`."""
        return fd in self._by_fd

    def spoke(self, fd: int, channel: bytes) -> None:
        """Note whose frames come over it, when the first of them has come."""
        connection = self._by_fd.get(fd)
        if connection is not None and _is_newer(channel, connection.channel):
            # An older channel was of a connection that ended before its frames were read.
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

    def tick(self, now: float, links: Mapping[bytes, Carrier]) -> tuple[int, list[bytes]]:
        """End those whose time has come; returns how many were mute, and the channels of endless messages."""
        mute = 0
        endless = []
        grown = self._has_grown()
        for connection in list(self._by_fd.values()):
            link = links.get(connection.channel or b"")
            if connection.close_at is not None:
                if connection.close_at <= now:
                    connection.shut()
            elif grown and connection.endless(0 if link is None else link.carried, now):
                endless.append(connection.channel or b"")
                connection.close_at = now
                connection.shut()
            elif link is None and now - connection.accepted >= self._hello_seconds:
                mute += 1
                connection.close_at = now
                connection.shut()
        return mute, endless

    def _has_grown(self) -> bool:
        """Whether the process has grown much since this was last true, or that cannot be known."""
        try:
            resident = int(_STATM.read_bytes().split()[1]) * resource.getpagesize()
        except OSError:  # no descriptor is left
            return True
        grown = resident - self._resident
        if not 0 <= grown < _GROWTH_BYTES:
            self._resident = resident
        return grown >= _GROWTH_BYTES


def _is_newer(channel: bytes, known: bytes | None) -> bool:
    """Whether a channel was made after another: libzmq counts them up, in 32 bits from any number on."""
    if known is None:
        return True
    ahead = (int.from_bytes(channel[1:]) - int.from_bytes(known[1:])) % 2**32
    return 0 < ahead < 2**31


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
