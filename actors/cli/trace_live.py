"""`pion trace follow`: messages on the terminal, one line each, as they are handled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import TextIO

import msgspec

from actors.cli.client import Client
from actors.cli.trace_source import warn
from actors.trace.follower import Follower
from actors.trace.merge import Step
from actors.trace.tracer import RECORDER
from actors.trace.wording import elide, moment, printable, sentence, width
from transport.messages.tracing import TraceFilter, TraceRecord
from transport.pid import Address, Pid

#: Cells of the route, so that most types stand below one another.
_ROUTE_CELLS = 40


def follow(
    asking: Client, nodes: Collection[Address], wanted: TraceFilter, line: LiveLine, out: TextIO
) -> None:
    """Print until the user has enough; raises BrokenPipeError when the reader of `out` has left."""
    printer = Printer(line, out)
    make = partial(
        Follower,
        [Pid(RECORDER, *node) for node in nodes],
        wanted,
        told=printer.told,
        missed=printer.missed,
        lost=printer.lost,
        refused=printer.refused,
    )
    asking.spawn(make, "follower")
    printer.wait()


class Printer:
    """What the follower calls: on its thread, so that it waits when the terminal does."""

    def __init__(self, line: LiveLine, out: TextIO) -> None:
        self._line = line
        self._out = out
        self._over = threading.Event()
        self._failure: OSError | None = None

    def wait(self) -> None:
        """Block until nothing can be printed any more, and raise why."""
        self._over.wait()
        if self._failure is not None:
            raise self._failure

    def told(self, records: Sequence[TraceRecord]) -> None:
        """Print what happened."""
        self._print(text for text in map(self._line, records) if text)

    def missed(self, recorder: Pid, count: int) -> None:
        """Tell that messages come faster than they are shown."""
        warn(f"{count} more messages at {recorder.address}: too fast to be shown")

    def lost(self, recorder: Pid) -> None:
        """Tell that a node cannot be reached."""
        warn(f"{recorder.address} cannot be reached; trying again")

    def refused(self, recorder: Pid, reason: str) -> None:
        """Tell that a node does not let itself be followed."""
        warn(reason)

    def _print(self, lines: Iterable[str]) -> None:
        try:
            for text in lines:
                print(text, file=self._out)
            self._out.flush()
        except OSError as error:
            self._failure = error
            self._over.set()


#: Makes the line of a record, or "" for none.
LiveLine = Callable[[TraceRecord], str]


def json_line(record: TraceRecord) -> str:
    """A record for programs."""
    return msgspec.json.encode(record).decode()


class TextLine:
    """Makes lines for people: `12:00:00.123  a -> b  Type(name=value)`, at most `columns` wide.

    What leaves for a node that is followed too is told when it is handled there.
    """

    def __init__(self, followed: Collection[Address], columns: int | None) -> None:
        self._followed = tuple(map(str, followed))
        self._columns = columns

    def __call__(self, record: TraceRecord) -> str:
        """The line of a record, or "" where another one tells the same."""
        if record.kind == "missed" or (record.kind == "sent" and self._address(record.to) in self._followed):
            return ""
        route = self._name(record.to)
        if record.sender != record.to:
            arrow = {"dropped": "-->x"}.get(record.kind, "->")
            route = f"{self._name(record.sender)} {arrow} {route}"
        route = printable(route)
        padding = " " * max(0, _ROUTE_CELLS - width(route))
        time = moment(record.started or record.sent)[11:23]
        text = f"{time}  {route}{padding}  "
        if self._columns is None:
            return text + sentence(step_of(record))
        return elide(text + sentence(step_of(record), self._columns - width(text)), self._columns, "…")

    def _name(self, actor: str) -> str:
        name = actor.partition("@")[0] or "node"
        return name if self._followed == (self._address(actor),) else f"{name}@{self._address(actor)}"

    @staticmethod
    def _address(actor: str) -> str:
        return actor.partition("@")[2]


def step_of(record: TraceRecord) -> Step:
    """A record alone, as if it were all that is known of its message."""
    started = record.started or record.sent
    return Step(
        trace=record.trace,
        span=record.span,
        parent=record.parent,
        sender=record.sender,
        to=record.to,
        type=record.type,
        fields=record.fields,
        outcome=record.kind if record.kind in ("crashed", "dropped") else "handled",
        reason=record.reason,
        sent=record.sent or started,
        started=started,
        ended=record.ended or started,
    )
