"""What the actors of a simulation log: kept, not written."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from actors.simulation.agenda import Agenda
from transport.pid import Pid

_KEPT_LINES = 10_000


class Line(NamedTuple):
    """One line of log."""

    #: Virtual seconds.
    when: float
    pid: Pid
    level: str
    event: str
    values: Mapping[str, object]

    def __str__(self) -> str:
        values = "".join(f"  {key}={value}" for key, value in self.values.items())
        return f"{self.when:14.6f}  {self.pid.name}@{self.pid.host}  {self.level}  {self.event}{values}"


class Journal:
    """The newest lines of all nodes, in order."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=_KEPT_LINES)

    def __iter__(self) -> Iterator[Line]:
        return iter(tuple(self._lines))

    def write(self, line: Line) -> None:
        """Keep a line."""
        self._lines.append(line)

    def last(self, lines: int) -> list[Line]:
        """The newest lines, oldest first."""
        return list(self._lines)[-lines:]


class SimulatedLog:
    """The log of one actor; implements `actors.system.Log`."""

    def __init__(self, journal: Journal, agenda: Agenda, pid: Pid) -> None:
        self._journal = journal
        self._agenda = agenda
        self._pid = pid

    def debug(self, event: str, **values: object) -> None:
        """Keep a line for whoever looks for a fault."""
        self._write("debug", event, values)

    def info(self, event: str, **values: object) -> None:
        """Keep a line about a decision."""
        self._write("info", event, values)

    def warning(self, event: str, **values: object) -> None:
        """Keep a line about something unusual."""
        self._write("warning", event, values)

    def error(self, event: str, **values: object) -> None:
        """Keep a line about a failure."""
        self._write("error", event, values)

    def _write(self, level: str, event: str, values: Mapping[str, object]) -> None:
        self._journal.write(Line(self._agenda.now, self._pid, level, event, values))
