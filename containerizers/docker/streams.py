"""Connections that have become streams of bytes, on one thread for all: attached containers, and execs.

Where a sink is full nothing more is read, so that a program waits for those who read what it writes.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

from containerizers.docker.frames import FrameError, Frames, Plain
from containerizers.docker.sandbox_file import SandboxFile

_PIECE_BYTES = 65_536


class Sink(Protocol):
    """Takes what a program writes."""

    def write(self, data: bytes) -> int | None:
        """How much of it was taken; None: wait for `descriptor`. Raises OSError if it takes no more."""
        ...

    @property
    def descriptor(self) -> int | None:
        """What can be waited for; None for a sink that always takes everything."""
        ...

    def close(self) -> None:
        """Nothing more comes."""
        ...


class FileSink:
    """A file of the sandbox; a disk that is full costs the rest."""

    descriptor = None

    def __init__(self, file: SandboxFile) -> None:
        self._file = file

    def write(self, data: bytes) -> int | None:
        """See `Sink`."""
        if not self._file.has_room(len(data)):
            self._file.rotate()
        self._file.append(data)
        return len(data)

    def close(self) -> None:
        """See `Sink`."""
        self._file.close()


class PipeSink:
    """One end of a pipe; it is this one's to close."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor

    @property
    def descriptor(self) -> int | None:
        """See `Sink`."""
        return self._descriptor

    def write(self, data: bytes) -> int | None:
        """See `Sink`."""
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return None

    def close(self) -> None:
        """See `Sink`."""
        os.close(self._descriptor)


class Stream:
    """One connection; made on any thread, then the property of `Streams`."""

    def __init__(
        self,
        connection: socket.socket,
        read: bytes,
        sinks: Mapping[int, Sink],
        source: int | None,
        *,
        terminal: bool,
    ) -> None:
        self.connection: socket.socket | None = connection
        self.sinks = dict(sinks)
        #: What the program is to read comes from here.
        self.source = source
        if source is not None:
            os.set_blocking(source, False)
        self._frames: Frames | Plain = Plain() if terminal else Frames()
        #: Pieces on their way to sinks, and to the connection.
        self._outward = deque(self._frames.feed(read))
        self._inward = b""
        #: Told when it is at its end.
        self.done: list[Callable[[], None]] = []
        self.is_over = False
        #: What is waited for.
        self.watched: list[int] = []

    @property
    def has_pipes(self) -> bool:
        """Whether somebody is at the other end who may take their time."""
        return any(sink.descriptor is not None for sink in self.sinks.values())

    def wishes(self) -> dict[int, int]:
        """What is to be waited for, by descriptor."""
        wishes: dict[int, int] = {}
        if self._outward:
            descriptor = self.sinks[self._outward[0][0]].descriptor
            if descriptor is not None:
                wishes[descriptor] = select.EPOLLOUT
        elif self.connection is not None:
            wishes[self.connection.fileno()] = select.EPOLLIN
        if self._inward and self.connection is not None:
            number = self.connection.fileno()
            wishes[number] = wishes.get(number, 0) | select.EPOLLOUT
        elif self.source is not None and self.connection is not None:
            wishes[self.source] = select.EPOLLIN
        return wishes

    def work(self) -> None:
        """Move what can be moved now."""
        self._write_out()
        if not self._outward and self.connection is not None:
            self._read()
            self._write_out()
        self._take_in()
        if self.connection is None and not self._outward:
            self.is_over = True

    def close(self) -> None:
        """Let go of everything."""
        self.hang_up()
        if self.source is not None:
            os.close(self.source)
            self.source = None
        while self.sinks:
            self.sinks.popitem()[1].close()

    def hang_up(self) -> None:
        """Read no more; what was read is still moved."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _read(self) -> None:
        assert self.connection is not None
        try:
            data = self.connection.recv(_PIECE_BYTES)
            pieces = [piece for piece in self._frames.feed(data) if piece[0] in self.sinks]
        except BlockingIOError:
            return
        except (OSError, FrameError):
            data, pieces = b"", []
        if data:
            self._outward.extend(pieces)
        else:
            self.hang_up()

    def _write_out(self) -> None:
        while self._outward:
            stream, data = self._outward.popleft()
            sink = self.sinks.get(stream)
            if sink is None:
                continue
            try:
                taken = sink.write(data)
            except OSError:  # whoever read it is gone
                self.sinks.pop(stream).close()
                continue
            if taken != len(data):
                self._outward.appendleft((stream, data[taken or 0 :]))
                if taken is None:
                    return

    def _take_in(self) -> None:
        if self.source is not None and not self._inward:
            with contextlib.suppress(BlockingIOError):
                self._inward = os.read(self.source, _PIECE_BYTES)
                if not self._inward:
                    self._end_input()
        if self._inward and self.connection is not None:
            try:
                self._inward = self._inward[self.connection.send(self._inward) :]
            except BlockingIOError:
                pass
            except OSError:
                self._inward = b""
                self._end_input()

    def _end_input(self) -> None:
        assert self.source is not None
        os.close(self.source)
        self.source = None
        if self.connection is not None:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_WR)


class Streams:
    """May be called by any thread; `broken` is told should its thread end by a bug."""

    def __init__(self, broken: Callable[[str], None]) -> None:
        self._broken = broken
        self._streams: dict[str, Stream] = {}
        self._owners: dict[int, Stream] = {}
        self._wishes: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._closed = False
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._epoll.register(self._wake, select.EPOLLIN)
        self._thread = threading.Thread(target=self._run, name="docker streams", daemon=True)
        self._thread.start()

    @property
    def open(self) -> int:
        """How many there are."""
        return len(self._streams)

    def add(self, container_id: str, stream: Stream) -> None:
        """Serve a stream until its end."""
        if not self._wish(lambda: self._add(container_id, stream)):
            stream.close()

    def when_over(self, container_id: str, done: Callable[[], None]) -> None:
        """Tell when a container's stream is at its end, on the thread of streams; at once if it has none."""
        self._wish(lambda: self._when_over(container_id, done, to_files=False))

    def when_written(self, container_id: str, done: Callable[[], None]) -> None:
        """The same for one that goes to files alone; of others there is no telling how long they take."""
        self._wish(lambda: self._when_over(container_id, done, to_files=True))

    def hang_up(self, container_id: str) -> None:
        """Wait for nothing more of a container's stream: who still holds it open is not the program."""
        self._wish(lambda: self._hang_up(container_id))

    def close(self) -> None:
        """Let go of all."""
        self._wish(self._close)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _wish(self, act: Callable[[], None]) -> bool:
        with self._lock:
            if not self._closed:
                self._wishes.append(act)
                os.eventfd_write(self._wake, 1)
            return not self._closed

    # On its own thread.

    def _run(self) -> None:
        try:
            while not self._closed:
                for descriptor, _ in self._epoll.poll():
                    if descriptor == self._wake:
                        os.eventfd_read(self._wake)
                    elif (stream := self._owners.get(descriptor)) is not None:
                        self._serve(stream)
                while self._wishes and not self._closed:
                    self._wishes.popleft()()
        finally:
            if not self._closed:
                self._broken("the thread of the streams has ended")

    def _add(self, container_id: str, stream: Stream) -> None:
        self._streams[container_id] = stream
        self._serve(stream)

    def _when_over(self, container_id: str, done: Callable[[], None], *, to_files: bool) -> None:
        stream = self._streams.get(container_id)
        if stream is None or (to_files and stream.has_pipes):
            done()
        else:
            stream.done.append(done)

    def _hang_up(self, container_id: str) -> None:
        stream = self._streams.get(container_id)
        if stream is not None:
            self._unwatch(stream)
            stream.hang_up()
            self._serve(stream)

    def _serve(self, stream: Stream) -> None:
        # Before anything of it is closed: its number may be another's then.
        self._unwatch(stream)
        stream.work()
        if stream.is_over:
            self._forget(stream)
            return
        for descriptor, events in stream.wishes().items():
            self._epoll.register(descriptor, events)
            self._owners[descriptor] = stream
            stream.watched.append(descriptor)

    def _unwatch(self, stream: Stream) -> None:
        while stream.watched:
            descriptor = stream.watched.pop()
            del self._owners[descriptor]
            self._epoll.unregister(descriptor)

    def _forget(self, stream: Stream) -> None:
        stream.close()
        for container_id in [name for name, one in self._streams.items() if one is stream]:
            del self._streams[container_id]
        for done in stream.done:
            done()

    def _close(self) -> None:
        for stream in tuple(self._streams.values()):
            self._unwatch(stream)
            stream.done.clear()
            self._forget(stream)
        with self._lock:
            self._closed = True
            self._epoll.close()
            os.close(self._wake)
