"""Group commit in a replica's journal."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

from actors.log.journal import Journal
from actors.log.records import Written
from actors.storage import FileDisk
from tests.benchmarks.figure import Figure, Size, at_least, compared, in_turns
from tests.benchmarks.log.bare import AGAINST, ENTRY_BYTES, bare_rate, folder
from transport.messages.replication import Accepted, Action, Ballot, Kind

_SYNCS = 400
_numbers = itertools.count()


def figures(size: Size) -> Iterator[Figure]:
    syncs = size.of(_SYNCS)
    with folder() as path:
        for batch in (1, 16, 128):
            runs = in_turns(
                lambda: journal_rate(path, batch, syncs),  # noqa: B023 - called at once
                lambda: bare_rate(path, batch, syncs),  # noqa: B023
                2 * size.rounds,
            )
            yield compared(f"log.journal.batches_of_{batch}", "records/s", AGAINST, runs, at_least(0.5))


def journal_rate(path: Path, batch: int, syncs: int) -> float:
    """Records a second."""
    records = [
        Written(Accepted(Ballot(1, 1), Action(position, Kind.APPEND, os.urandom(ENTRY_BYTES))))
        for position in range(1, batch + 1)
    ]
    disk = FileDisk(path)
    try:
        journal = Journal(disk, f"journal-{next(_numbers)}")
        journal.open()
        began = time.perf_counter()
        for _ in range(syncs):
            for record in records:
                journal.append(record)
            journal.sync()
        return batch * syncs / (time.perf_counter() - began)
    finally:
        disk.close()
