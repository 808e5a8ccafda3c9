"""A terminal that a test types on, and a command that runs on it."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

DEADLINE_SECONDS = 120.0
#: Makes standard input the terminal that signals come from, and becomes the command.
_LOG_IN = "import os, sys; os.login_tty(0); os.execv(sys.argv[1], sys.argv[1:])"


class Keyboard:
    """The user's side of the terminal."""

    def __init__(self, master: int, slave: int, process: subprocess.Popen[bytes]) -> None:
        self._master = master
        self._slave = slave
        self._process = process
        self._shown = b""

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def see(self, mark: bytes) -> None:
        """Wait until that is shown, behind what was seen before."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while mark not in self._shown:
            assert time.monotonic() < deadline, (mark, self._shown)
            if select.select([self._master], [], [], 0.1)[0]:
                self._shown += os.read(self._master, 65_536)
            else:
                assert self._process.poll() is None, (mark, self._shown)
        self._shown = self._shown.partition(mark)[2]

    def resize(self, rows: int, columns: int) -> None:
        """Make the terminal another size."""
        termios.tcsetwinsize(self._slave, (rows, columns))

    def ended(self) -> int:
        """The status of the command, once it has ended; the terminal must be as it was before."""
        status = self._process.wait(DEADLINE_SECONDS)
        assert termios.tcgetattr(self._slave)[3] & termios.ECHO
        return status


@contextlib.contextmanager
def keyboard(
    words: Sequence[str], environment: Mapping[str, str], folder: Path, rows: int, columns: int
) -> Iterator[Keyboard]:
    """Run a command on a terminal of its own."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (rows, columns))
    process = subprocess.Popen(
        [sys.executable, "-c", _LOG_IN, *words], stdin=slave, cwd=folder, env=environment
    )
    try:
        yield Keyboard(master, slave, process)
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)
