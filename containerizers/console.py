"""The input and output of one container, where this process holds them: a pseudo terminal, or three pipes."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import os
import struct
import termios
from collections import deque
from typing import NamedTuple

from containerizers.spec import ConsoleSpec

#: How much is read or written at a time, in bytes.
_PIECE_BYTES = 65_536


class Ends(NamedTuple):
    """What a program is given: descriptors, or (else) the name of its terminal."""

    stdin: int
    stdout: int
    stderr: int
    terminal: str = ""


class Console:
    """Descriptors of one container; nothing here blocks. Raises OSError when it cannot be made."""

    def __init__(self, spec: ConsoleSpec) -> None:
        #: What its output is read from: 1 for stdout, or for all that a terminal shows, and 2 for stderr.
        self.outputs: dict[int, int] = {}
        #: The files that take it as well, likewise.
        self.files: dict[int, int] = {}
        #: What its input is written to; None once that was closed.
        self.input: int | None = None
        self.waits = spec.waits
        self._pending: deque[bytes] = deque()
        self._input_ends = False
        self._has_terminal = spec.terminal is not None
        if spec.terminal is not None:
            self._open_terminal(*spec.terminal)
        else:
            self._open_pipes()

    def _open_terminal(self, rows: int, columns: int) -> None:
        master, slave = os.openpty()
        self.ends = Ends(slave, slave, slave, os.ttyname(slave))
        os.set_blocking(master, False)
        self.input = master
        self.outputs = {master: 1}
        self.resize(rows, columns)

    def _open_pipes(self) -> None:
        pipes: list[tuple[int, int]] = []
        try:
            pipes.extend(os.pipe() for _ in range(3))
        except OSError:
            for descriptor in itertools.chain(*pipes):
                os.close(descriptor)
            raise
        (stdin, self.input), (stdout, out), (stderr, err) = pipes
        self.ends = Ends(stdin, out, err)
        self.outputs = {stdout: 1, stderr: 2}
        for descriptor in (self.input, stdout, stderr):
            os.set_blocking(descriptor, False)

    def given(self) -> None:
        """The program has its ends; of a terminal this process keeps it, so that it never looks closed."""
        if not self._has_terminal:
            self._close_ends()

    def finish(self) -> None:
        """The program is no more: what it wrote is all there is."""
        if self._has_terminal:
            self._close_ends()

    def _close_ends(self) -> None:
        for descriptor in dict.fromkeys(self.ends[:3]):
            os.close(descriptor)
        self.ends = Ends(-1, -1, -1)

    # Output.

    def read(self, descriptor: int, most_bytes: int) -> bytes | None:
        """What it wrote there; nothing at its end, None when there is nothing yet."""
        try:
            return os.read(descriptor, min(most_bytes, _PIECE_BYTES))
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno != errno.EIO:  # as a terminal says that it was closed
                raise
            return b""

    def keep(self, stream: int, data: bytes) -> None:
        """Write what was read to the file that takes it; a disk that is full costs the rest of it."""
        file = self.files.get(stream)
        with contextlib.suppress(OSError):
            while file is not None and data:
                data = data[os.write(file, data) :]

    # Input.

    @property
    def waiting(self) -> bool:
        """Whether there is input that the program has not taken."""
        return bool(self._pending)

    def write(self, data: bytes) -> bool:
        """Have the program read this, after what it was given before; False when it reads no more."""
        if self.input is None or self._input_ends:
            return False
        self._pending.append(data)
        return True

    def end_input(self) -> bool:
        """Have the program find the end of its input; a terminal has none, as its user types that."""
        self._input_ends = self._input_ends or not self._has_terminal
        return self._input_ends

    def flush(self) -> int:
        """Give the program what it takes now; returns how many bytes are done with."""
        done = 0
        while self._pending and self.input is not None:
            piece = self._pending.popleft()
            try:
                taken = os.write(self.input, piece[:_PIECE_BYTES])
            except BlockingIOError:
                self._pending.appendleft(piece)
                break
            except OSError:  # it has closed its end
                self._input_ends = True
                done += len(piece) + sum(map(len, self._pending))
                self._pending.clear()
                break
            done += taken
            if taken < len(piece):
                self._pending.appendleft(piece[taken:])
        return done

    @property
    def input_over(self) -> bool:
        """Whether its input is to be closed now."""
        return self._input_ends and not self._pending

    def resize(self, rows: int, columns: int) -> None:
        """Make the terminal so large; the program is told by SIGWINCH. Nothing happens to pipes."""
        if self._has_terminal and self.input is not None:
            size = struct.pack("HHHH", min(rows, 65_535), min(columns, 65_535), 0, 0)
            with contextlib.suppress(OSError):
                fcntl.ioctl(self.input, termios.TIOCSWINSZ, size)

    # The end of it.

    def drop(self, descriptor: int) -> None:
        """Close one of its descriptors, which is at its end."""
        if descriptor == self.input:
            self.input = None
        self.outputs.pop(descriptor, None)
        os.close(descriptor)

    def close(self) -> None:
        """Close all that is open."""
        for descriptor in dict.fromkeys((*self.outputs, *(() if self.input is None else (self.input,)))):
            self.drop(descriptor)
        while self.files:
            os.close(self.files.popitem()[1])
        if self.ends.stdin >= 0:
            self._close_ends()
