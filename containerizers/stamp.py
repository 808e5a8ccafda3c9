"""Which process of the machine is meant: numbers are used again, a number with its start time is not."""

from __future__ import annotations

import contextlib
import os
import signal
from functools import cache
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")


@cache
def boot_id() -> str:
    """Tells this boot of the machine from all others."""
    return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


class Stat(NamedTuple):
    """What the kernel says of a process, as far as anybody asks."""

    #: One letter: Z for one that ended and waits to be reaped, X for one on its way out.
    state: str
    parent: int
    #: Clock ticks after boot.
    started: int

    @property
    def runs(self) -> bool:
        """Whether it can still do anything."""
        return self.state not in "ZX"


def stat(process: int) -> Stat | None:
    """Look at a process; None when there is none of that number."""
    try:
        text = (_PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name, in parentheses, may hold anything; the fields are counted from behind it.
    fields = text[text.rindex(")") + 2 :].split()
    return Stat(state=fields[0], parent=int(fields[1]), started=int(fields[19]))


class Stamp(NamedTuple):
    """One process of one boot."""

    process: int
    started: int
    boot: str

    @classmethod
    def of(cls, process: int) -> Stamp | None:
        """The stamp of a living process, or one that ended and was not reaped; None when there is none."""
        seen = stat(process)
        return None if seen is None else cls(process, seen.started, boot_id())

    @classmethod
    def parse(cls, text: str) -> Stamp | None:
        """Read what `str` gives; None for anything else, such as half of it."""
        words = text.split()
        if len(words) != 3 or not text.endswith("\n") or not (words[0].isdecimal() and words[1].isdecimal()):
            return None
        return cls(int(words[0]), int(words[1]), words[2])

    def __str__(self) -> str:
        return f"{self.process} {self.started} {self.boot}\n"

    def kill(self) -> None:
        """Kill this very process, if it is there."""
        descriptor = self.open()
        if descriptor is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            os.close(descriptor)

    @property
    def runs(self) -> bool:
        """Whether this very process still runs."""
        seen = self._look()
        return seen is not None and seen.runs

    @property
    def can_be_awaited(self) -> bool:
        """Whether it runs, or its end can still be learned because it is a child of this process."""
        seen = self._look()
        return seen is not None and (seen.runs or seen.parent == os.getpid())

    def open(self) -> int | None:
        """A descriptor of this very process, if it can be awaited; the caller closes it."""
        try:
            descriptor = os.pidfd_open(self.process)
        except ProcessLookupError:
            return None
        # Opened by its number: was it still the same one?
        if self.can_be_awaited:
            return descriptor
        os.close(descriptor)
        return None

    def _look(self) -> Stat | None:
        seen = stat(self.process) if self.boot == boot_id() else None
        return seen if seen is not None and seen.started == self.started else None
