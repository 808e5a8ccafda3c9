"""Where `pion trace` has its records from: running nodes, and folders with trace files."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from actors.cli.client import Client
from actors.cli.parser import CommandError
from actors.trace.files import TraceFolder
from actors.trace.record import fits
from actors.trace.tracer import RECORDER
from transport.messages.tracing import ReadTrace, TraceAnswer, TraceFilter, TraceRecord
from transport.pid import Address, Pid

#: A node whose ring turns faster than it can be read is left after so many pages.
PAGES = 64


class Source(Protocol):
    """Gives records; a failure is a CommandError."""

    def records(self, wanted: TraceFilter) -> Iterator[TraceRecord]:
        """The records that are wanted, oldest first."""
        ...


class NodeSource:
    """What a running node remembers."""

    def __init__(self, asking: Client, address: Address) -> None:
        self._asking = asking
        self._recorder = Pid(RECORDER, *address)

    def records(self, wanted: TraceFilter) -> Iterator[TraceRecord]:
        """Ask page by page; raises CommandError when the node does not answer."""
        cursor = 0
        for _ in range(PAGES):
            answer = self._asking.ask_actor(self._recorder, ReadTrace(cursor, wanted), TraceAnswer)
            yield from answer.records
            if answer.complete:
                break
            cursor = answer.cursor


class FolderSource:
    """What nodes wrote with `--trace_dir`."""

    def __init__(self, directory: Path) -> None:
        self._folder = TraceFolder(directory)
        self._told: tuple[str, ...] = ()

    def records(self, wanted: TraceFilter) -> Iterator[TraceRecord]:
        """Read all files; raises CommandError when that is not possible, and warns of damaged ones."""
        try:
            yield from (record for record in self._folder if fits(record, wanted))
        except OSError as error:
            raise CommandError(f"--trace_dir: {error}") from None
        for damage in self._folder.damages:
            if damage not in self._told:
                warn(damage)
        self._told = self._folder.damages


class Sources:
    """All sources as one; those that fail are told once, and the others are enough."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = list(sources)

    def records(self, wanted: TraceFilter) -> list[TraceRecord]:
        """The records that are wanted, of all sources; raises CommandError when the last source fails."""
        found: list[TraceRecord] = []
        for source in list(self._sources):
            try:
                found += source.records(wanted)
            except CommandError as error:
                self._sources.remove(source)
                if not self._sources:
                    raise
                warn(str(error))
        return found


def warn(text: str) -> None:
    """Tell people what does not end the command."""
    print(f"pion trace: {text}", file=sys.stderr)
