"""A daemon on a host of the rig, looked after as systemd would: when it ends, it is started again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.chaos.network import Host

_ROOT = Path(__file__).parent.parent.parent
#: Before the arguments of any of Pion's commands.
PION = (sys.executable, "-m", "actors.cli.pion")
#: How long one that has ended stays away, as with RestartSec= of a service.
_PAUSE_SECONDS = 0.5
#: Where its last words are looked for.
_LAST_BYTES = 16384


class Ending(NamedTuple):
    """A daemon that ended."""

    unit: str
    at: float
    status: int
    #: It was killed or told to end by the rig, or left without what it cannot do without.
    wanted: bool
    #: The last that it wrote which is no line of its log: what a library or the interpreter had to say.
    words: str = ""


class Unit:
    """Its process is a child of ours, and dies with us."""

    def __init__(self, name: str, host: Host, command: Sequence[str], folder: Path) -> None:
        self.name = name
        self.host = host
        self.command = tuple(command)
        self.log = folder / f"{name}.log"
        self.endings: list[Ending] = []
        #: Not started again until `start`.
        self.held = True
        #: Until then it is no wonder when it ends.
        self.may_end_until = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = False
        self._again = 0.0

    def __repr__(self) -> str:
        return self.name

    @property
    def pid(self) -> int | None:
        """The number of its process, while there is one."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it, unless it runs, and look after it from now on."""
        self.held = False
        if self._process is not None:
            return
        self._wanted = False
        command = ["setpriv", "--pdeathsig", "KILL", "--", *self.host.prefix, *self.command]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self, *, hold: bool = False) -> None:
        """Kill it at once; `hold`: and leave it so."""
        self._end(signal.SIGKILL, hold)
        if self._process is not None:
            self._process.wait()
            self.tend()

    def finish(self, *, hold: bool = False) -> None:
        """Ask it to end."""
        self._end(signal.SIGTERM, hold)

    def stop(self) -> None:
        """Stop it in the middle of whatever it does."""
        self.send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self.send(signal.SIGCONT)

    def send(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def tend(self) -> None:
        """Start it again if it has ended, after a pause."""
        now = time.monotonic()
        if self._process is not None and (status := self._process.poll()) is not None:
            wanted = self._wanted or now < self.may_end_until
            words = "" if wanted else self._last_words()
            self.endings.append(Ending(self.name, now, status, wanted, words))
            self._process = None
            self._again = now + _PAUSE_SECONDS
        if self._process is None and not self.held and now >= self._again:
            self.start()

    def reap(self) -> None:
        """Forget its process, which somebody else has killed."""
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _last_words(self) -> str:
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - _LAST_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(line for line in lines if not line.startswith("{"))

    def _end(self, number: signal.Signals, hold: bool) -> None:
        self.held = hold
        self._wanted = True
        self.send(number)
