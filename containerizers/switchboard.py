"""The consoles of all containers: reads what they write, and writes what they are to read.

What a container writes goes to the files of its sandbox, and to whoever listens: that is told in pieces, and
only as much as was granted, so that a program waits for those who read what it writes.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

import msgspec

from containerizers.console import Console
from containerizers.containerizer import Broken


class Opened(msgspec.Struct, frozen=True):
    """A container has a console, to which one can listen and write."""

    container_id: str


class Output(msgspec.Struct, frozen=True):
    """It wrote this: to stdout (1), which is also what a terminal shows, or stderr (2)."""

    container_id: str
    stream: int
    data: bytes


class InputTaken(msgspec.Struct, frozen=True):
    """So many bytes of what it was given to read are done with; `over` when it reads no more."""

    container_id: str
    size: int
    over: bool = False


class Closed(msgspec.Struct, frozen=True):
    """It has ended, and all that it wrote was told to those who listened."""

    container_id: str


#: No pipe holds more than this (pipe(7), pipe-max-size): what else comes after the end of a container is of
#: somebody whom it left behind, and may never end.
_LEFT_BYTES: Final = 2**20

Event: TypeAlias = Opened | Output | InputTaken | Closed | Broken
#: Takes events, on any thread; some of Opened may come twice.
Tell: TypeAlias = Callable[[Event], None]


class _Line:
    """A console, and who listens."""

    __slots__ = ("console", "container_id", "finished", "granted", "left", "listened", "watched")

    def __init__(self, container_id: str, console: Console) -> None:
        self.container_id = container_id
        self.console = console
        #: Whether anybody listens; else it is only written to files.
        self.listened = False
        #: How much may be told.
        self.granted = 0
        self.finished = False
        #: How much may still be read once it has finished, by descriptor.
        self.left: dict[int, int] = {}
        #: What is waited for, by descriptor.
        self.watched: dict[int, int] = {}

    @property
    def may_read(self) -> bool:
        return self.granted > 0 if self.listened else not self.console.waits


class Switchboard:
    """Consoles on a thread of its own; may be called by any thread."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}
        #: By descriptor.
        self._owners: dict[int, _Line] = {}
        self._tell: Tell = _nobody
        self._wishes: deque[Callable[[], None]] = deque()
        #: Guards the end of all this.
        self._lock = threading.Lock()
        self._closed = False
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._epoll.register(self._wake, select.EPOLLIN)
        self._thread = threading.Thread(target=self._run, name="consoles", daemon=True)
        self._thread.start()

    # For any thread.

    def report_to(self, tell: Tell) -> None:
        """Tell events there from now on, first of the consoles that there are: nobody listens any more."""
        self._wish(self._report_to, tell)

    def add(self, container_id: str, console: Console) -> None:
        """Take on the console of a container that was started."""
        self._wish(self._add, container_id, console)
        # At once, so that nobody hears of the container before it is known to have a console.
        self._tell(Opened(container_id))

    def finish(self, container_id: str) -> None:
        """The container is no more; what it wrote is still told. Nothing happens if it has no console."""
        self._wish(self._finish, container_id)

    def listen(self, container_id: str, size: int) -> None:
        """Tell what it writes from now on, so many bytes."""
        self._wish(self._listen, container_id, size)

    def grant(self, container_id: str, size: int) -> None:
        """Tell so many bytes more."""
        self._wish(self._grant, container_id, size)

    def mute(self, container_id: str) -> None:
        """Nobody listens any more."""
        self._wish(self._mute, container_id)

    def write(self, container_id: str, data: bytes) -> None:
        """Have it read this; empty: the end of its input. InputTaken tells when it has."""
        self._wish(self._write, container_id, data)

    def resize(self, container_id: str, rows: int, columns: int) -> None:
        """Make its terminal so large, if it has one."""
        self._wish(self._resize, container_id, rows, columns)

    def close(self) -> None:
        """Let go of all consoles: whoever has a terminal is hung up on. Nothing is done from then on."""
        self._wish(self._close)
        self._thread.join()

    def _wish(self, act: Callable[..., None], *arguments: object) -> None:
        with self._lock:
            if not self._closed:
                self._wishes.append(partial(act, *arguments))
                os.eventfd_write(self._wake, 1)

    # On its own thread.

    def _run(self) -> None:
        try:
            self._work()
        finally:
            if not self._closed:
                self._tell(Broken("the thread of the consoles has ended"))

    def _work(self) -> None:
        while not self._closed:
            for descriptor, events in self._epoll.poll():
                if descriptor == self._wake:
                    os.eventfd_read(self._wake)
                elif (line := self._owners.get(descriptor)) is not None:
                    self._serve(line, descriptor, events)
            while self._wishes and not self._closed:
                self._wishes.popleft()()
        with self._lock:  # nobody may write any more to what will be another's descriptor
            self._epoll.close()
            os.close(self._wake)

    def _report_to(self, tell: Tell) -> None:
        self._tell = tell
        for line in tuple(self._lines.values()):
            tell(Opened(line.container_id))
            self._mute(line.container_id)

    def _add(self, container_id: str, console: Console) -> None:
        line = self._lines[container_id] = _Line(container_id, console)
        self._go_on(line)

    def _finish(self, container_id: str) -> None:
        line = self._lines.get(container_id)
        if line is not None:
            line.finished = True
            line.left = dict.fromkeys(line.console.outputs, _LEFT_BYTES)
            line.console.finish()
            self._drain(line)

    def _listen(self, container_id: str, size: int) -> None:
        line = self._lines.get(container_id)
        if line is not None:
            line.listened, line.granted, line.console.waits = True, size, False
            self._drain(line)

    def _grant(self, container_id: str, size: int) -> None:
        line = self._lines.get(container_id)
        if line is not None:
            line.granted += size
            self._drain(line)

    def _mute(self, container_id: str) -> None:
        line = self._lines.get(container_id)
        if line is not None:
            line.listened = False
            line.console.waits = False
            self._drain(line)

    def _write(self, container_id: str, data: bytes) -> None:
        line = self._lines.get(container_id)
        if line is None:
            return
        if not data:
            line.console.end_input()
        elif not line.console.write(data):
            self._tell(InputTaken(container_id, len(data), over=True))
        self._flush(line)

    def _resize(self, container_id: str, rows: int, columns: int) -> None:
        line = self._lines.get(container_id)
        if line is not None:
            line.console.resize(rows, columns)

    def _close(self) -> None:
        for line in tuple(self._lines.values()):
            self._forget(line)
        with self._lock:
            self._closed = True

    # One console.

    def _serve(self, line: _Line, descriptor: int, events: int) -> None:
        console = line.console
        if descriptor == console.input and events & (select.EPOLLOUT | select.EPOLLERR):
            self._flush(line)
        if descriptor in console.outputs and events & (select.EPOLLIN | select.EPOLLHUP):
            self._read(line, descriptor)
        self._go_on(line)

    def _read(self, line: _Line, descriptor: int) -> int:
        """Read a piece, if that is allowed; how many bytes it has."""
        if not line.may_read:
            return 0
        stream = line.console.outputs[descriptor]
        data = line.console.read(descriptor, line.granted if line.listened else 2**20)
        if data is None:
            return 0
        if not data:
            self._unwatch(line, descriptor)
            line.console.drop(descriptor)
            return 0
        line.console.keep(stream, data)
        if line.listened:
            line.granted -= len(data)
            self._tell(Output(line.container_id, stream, data))
        return len(data)

    def _drain(self, line: _Line) -> None:
        """Of a container that has ended, read what is there, and then let go of the console."""
        if line.finished:
            for descriptor in tuple(line.console.outputs):
                while line.left[descriptor] > 0 and (size := self._read(line, descriptor)):
                    line.left[descriptor] -= size
            if line.may_read or not line.console.outputs:
                self._forget(line)
                self._tell(Closed(line.container_id))
                return
        self._go_on(line)

    def _flush(self, line: _Line) -> None:
        done = line.console.flush()
        if done:
            self._tell(InputTaken(line.container_id, done))
        console = line.console
        if console.input_over and console.input is not None and console.input not in console.outputs:
            self._unwatch(line, console.input)
            console.drop(console.input)
        self._go_on(line)

    def _go_on(self, line: _Line) -> None:
        """Wait for just what can be dealt with."""
        console = line.console
        wanted = dict.fromkeys(console.outputs, select.EPOLLIN) if line.may_read and not line.finished else {}
        if console.waiting and console.input is not None and not line.finished:
            wanted[console.input] = wanted.get(console.input, 0) | select.EPOLLOUT
        for descriptor in tuple(line.watched):
            if descriptor not in wanted:
                self._unwatch(line, descriptor)
        for descriptor, events in wanted.items():
            if descriptor not in line.watched:
                self._epoll.register(descriptor, events)
                self._owners[descriptor] = line
            elif line.watched[descriptor] != events:
                self._epoll.modify(descriptor, events)
            line.watched[descriptor] = events

    def _unwatch(self, line: _Line, descriptor: int) -> None:
        if line.watched.pop(descriptor, None) is not None:
            del self._owners[descriptor]
            with contextlib.suppress(OSError):
                self._epoll.unregister(descriptor)

    def _forget(self, line: _Line) -> None:
        for descriptor in tuple(line.watched):
            self._unwatch(line, descriptor)
        del self._lines[line.container_id]
        line.console.close()


def _nobody(_event: Event) -> None:
    """Nobody is told yet."""
