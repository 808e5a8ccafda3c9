"""What everything is held against: append and fdatasync, in a loop, and nothing else."""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Of one entry; an operation on the registry is about as long.
ENTRY_BYTES = 200
_numbers = itertools.count()
AGAINST = "a bare loop of append and fdatasync with the same batch"


@contextmanager
def folder() -> Iterator[Path]:
    """A new folder on a disk."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="pion-benchmark-") as path:
        yield Path(path)


def bare_rate(path: Path, batch: int, syncs: int) -> float:
    """Entries a second."""
    content = os.urandom(ENTRY_BYTES) * batch
    # A new one each time: what is cut off would have to be discarded meanwhile, on some disks.
    file = os.open(path / f"bare-{next(_numbers)}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND)
    try:
        began = time.perf_counter()
        for _ in range(syncs):
            os.write(file, content)
            os.fdatasync(file)
        return batch * syncs / (time.perf_counter() - began)
    finally:
        os.close(file)
