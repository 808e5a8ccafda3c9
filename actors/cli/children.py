"""Daemons as child processes: started, watched, and all ended with the one who started them."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from actors.cli import pion
from actors.cli.parser import CommandError
from transport.pid import Address

#: How long a daemon may take to start, on a machine that is busy.
START_SECONDS = 60.0
#: The command of a plain node on a free port.
_NODE = ("node", "--actor_port=0")
#: A daemon finishes within 5 s of SIGTERM; one that has not after these many is killed.
END_SECONDS = 8.0


class Child(NamedTuple):
    """A daemon that was started, and where actors reach it."""

    process: subprocess.Popen[str]
    address: Address
    log: Path


class Children:
    """Ends the daemons that it started when its `with` block does; their logs go to files in `folder`.

    A child's stdin is a pipe from its parent: should that be killed, the pipe breaks, and the child ends too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def start(self, name: str, flags: Sequence[str], command: Sequence[str] = _NODE) -> Child:
        """Start a daemon of `pion`, by default a node, with those flags; raises CommandError.

        It gets a process group of its own, so that Ctrl-C in a terminal reaches its parent alone.
        """
        self._forget_ended()
        log = self._folder / f"{name}.log"
        with log.open("ab") as errors:
            process = subprocess.Popen(  # noqa: S603  our own command
                [sys.executable, "-m", "actors.cli.children", *command, *flags],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                process_group=0,
            )
        self._processes.append(process)
        line = _first_line(process)
        if not line:
            process.kill()  # one that takes too long would be in the way of the next
            process.wait()
            raise CommandError(f"{command[0]} {name} did not start: {_last_line(log)}")
        return Child(process, Address.parse(line.split()[-1]), log)

    def end(self) -> None:
        """Let all finish, the youngest first; what does not is killed."""
        for process in reversed(self._processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + END_SECONDS
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            process.kill()
            process.wait()
        self._forget_ended()

    def _forget_ended(self) -> None:
        for process in tuple(self._processes):
            if process.poll() is not None:
                self._processes.remove(process)
                for pipe in (process.stdin, process.stdout):
                    if pipe is not None:
                        pipe.close()


def main() -> int:
    """Run the command `pion` for as long as somebody holds the other end of stdin."""
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    return pion.main()


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _first_line(process: subprocess.Popen[str]) -> str:
    """What the daemon prints when it is ready; nothing when it ends before, or takes too long."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    return process.stdout.readline() if ready else ""


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")


if __name__ == "__main__":
    sys.exit(main())
