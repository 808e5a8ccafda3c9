"""What each process of a run saw and did, as lines of JSON; all on one machine, by one monotonic clock."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

Value = str | int | float | bool | None | list[str]


class Event(msgspec.Struct, frozen=True):
    """One line: `at` in monotonic seconds of the machine, `wall` in seconds since 1970."""

    at: float
    wall: float
    kind: str
    values: Mapping[str, Value] = {}

    def text(self, name: str) -> str:
        """A value that is text."""
        value = self.values[name]
        assert isinstance(value, str), f"{self}: {name}"
        return value

    def number(self, name: str) -> int:
        """A value that is a whole number."""
        value = self.values[name]
        assert isinstance(value, int), f"{self}: {name}"
        return value


class History:
    """A file that is written line by line; a line stays once `note` returns, though its writer be killed."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def note(self, kind: str, **values: Value) -> None:
        event = Event(round(time.monotonic(), 4), round(time.time(), 4), kind, values)
        self._file.write(msgspec.json.encode(event) + b"\n")

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> tuple[Event, ...]:
    """All whole lines of a history; none when there is no such file."""
    if not path.exists():
        return ()
    lines = path.read_bytes().split(b"\n")[:-1]
    return tuple(msgspec.json.decode(line, type=Event) for line in lines)


class Run(NamedTuple):
    """One start of a task, by the task itself; `end` is None while it has not come to its last line."""

    task: str
    pid: int
    start: float
    end: float | None


def commands(task: str, truth: Path, work: str) -> str:
    """A shell's command that does `work` and writes down by itself that it did, in a few words each.

    A task whose work ends by `exec` writes no end. Times are those of the machine's uptime.
    """

    def tell(what: str) -> str:
        return f'read -r now _ </proc/uptime; echo "{what} {task} $$ $now" >>{truth}'

    return f"{tell('start')}; {work}; {tell('end')}"


def runs(truth: Path) -> tuple[Run, ...]:
    """What the tasks wrote, each start with its end."""
    return tuple(_runs(truth.read_text().splitlines() if truth.exists() else []))


def _runs(lines: list[str]) -> Iterator[Run]:
    words = [line.split() for line in lines]
    ends = {(task, pid): float(at) for what, task, pid, at in words if what == "end"}
    for what, task, pid, at in words:
        if what == "start":
            yield Run(task, int(pid), float(at), ends.get((task, pid)))
