from __future__ import annotations

import errno
import io
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from actors.trace.files import TraceFiles, TraceFolder
from actors.trace.tracer import Tracer
from actors.trace.writer import RECORDS_AT_ONCE, TraceWriter
from tests.actors.trace.samples import Greet, handled, tracer

DEADLINE_SECONDS = 20.0


class Notebook:
    """A log that keeps what was written."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def debug(self, event: str, **values: object) -> None:
        self.lines.append((event, values))

    info = warning = error = debug


class Disk(io.BytesIO):
    """A file that may run full."""

    full = False

    def write(self, content: Any) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(content)


def writer(tracing: Tracer, files: TraceFiles, log: Notebook | None = None) -> TraceWriter:
    return TraceWriter(tracing, files, log or Notebook(), interval_seconds=0.001)


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_what_is_noted_comes_into_the_files_soon_and_at_the_end_all_of_it(tmp_path: Path) -> None:
    tracing = tracer()
    writing = writer(tracing, TraceFiles(tmp_path, tracing.node))
    writing.start()
    first = handled(tracing, Greet("a"))
    wait_until(lambda: [record.span for record in TraceFolder(tmp_path)] == [first.span])
    for number in range(2 * RECORDS_AT_ONCE):
        handled(tracing, Greet(str(number)))
    writing.stop()
    assert len(list(TraceFolder(tmp_path))) == 1 + 2 * RECORDS_AT_ONCE
    assert writing.failure == ""


def test_what_the_ring_dropped_before_the_writer_came_is_counted_in_the_file(tmp_path: Path) -> None:
    tracing = tracer(capacity=10)
    files = TraceFiles(tmp_path, tracing.node)
    writing = writer(tracing, files)
    for number in range(35):
        handled(tracing, Greet(str(number)))
    assert writing.drain()
    files.close()
    records = list(TraceFolder(tmp_path))
    assert [(record.kind, record.missed) for record in records[:2]] == [("missed", 25), ("handled", 0)]
    assert len(records) == 11


def test_one_go_is_bounded_so_that_writing_cannot_eat_a_core(tmp_path: Path) -> None:
    tracing = tracer()
    files = TraceFiles(tmp_path, tracing.node)
    writing = writer(tracing, files)
    for number in range(RECORDS_AT_ONCE + 1):
        handled(tracing, Greet(str(number)))
    assert not writing.drain()
    assert len(list(TraceFolder(tmp_path))) == RECORDS_AT_ONCE
    assert writing.drain()
    files.close()


def test_a_full_disk_ends_the_writing_with_one_line_in_the_log_and_nothing_else(tmp_path: Path) -> None:
    tracing = tracer()
    disk = Disk()
    log = Notebook()
    writing = writer(tracing, TraceFiles(tmp_path, "n", create=lambda path: disk), log)
    writing.start()
    handled(tracing, Greet("a"))
    wait_until(disk.getvalue)
    disk.full = True
    handled(tracing, Greet("b"))
    wait_until(lambda: writing.failure)
    reason = "[Errno 28] No space left on device"
    assert log.lines == [("trace files given up", {"reason": reason})]
    assert writing.failure == reason
    handled(tracing, Greet("c"))
    assert len(tracing.read().entries) == 3
    writing.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "trace-writer"]


def test_a_writer_that_was_never_started_can_be_stopped(tmp_path: Path) -> None:
    writer(tracer(), TraceFiles(tmp_path, "n")).stop()
