"""How long a replica takes to read its log when it starts."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from actors.log.journal import Journal
from actors.log.records import Chosen, Written
from actors.log.replica import Replica
from actors.storage import FileDisk
from tests.benchmarks.figure import Figure, Size, alone
from tests.benchmarks.log.bare import ENTRY_BYTES, folder
from transport.messages.replication import Accepted, Action, Ballot, Kind

_RECORDS = 100_000
#: How many were synced together, as far as that matters: many small frames, or few.
_BATCHES = (2, 128)


def figures(size: Size) -> Iterator[Figure]:
    records = size.of(_RECORDS)
    for batch in _BATCHES:
        with folder() as path:
            _write(path, records, batch)
            yield alone(
                f"log.recovery.{_RECORDS}_records_in_batches_of_{batch}",
                "s",
                [_read(path, records) for _ in range(size.rounds)],
            )


def _write(path: Path, records: int, batch: int) -> None:
    disk = _UnsyncedDisk(path)
    journal = Journal(disk, "log")
    journal.open()
    for number in range(2, records + 2):
        position, is_chosen = divmod(number, 2)
        if is_chosen:
            journal.append(Chosen(position))
        else:
            action = Action(position, Kind.APPEND, os.urandom(ENTRY_BYTES))
            journal.append(Written(Accepted(Ballot(1, 1), action)))
        if not number % batch:
            journal.sync()
    journal.sync()
    disk.close()


def _read(path: Path, records: int) -> float:
    disk = FileDisk(path)
    began = time.perf_counter()
    restored = Journal(disk, "log").open()
    replica = Replica(restored.records)
    seconds = time.perf_counter() - began
    disk.close()
    assert replica.end == records // 2, restored.damage
    return seconds


class _UnsyncedDisk(FileDisk):
    """Quick: this log has no crash to survive."""

    def sync(self, path: str) -> None:
        pass
