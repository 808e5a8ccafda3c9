"""The thread that carries what a tracer notes into trace files; for hosts (`--trace_dir`)."""

from __future__ import annotations

import threading

from actors.system import Log
from actors.trace.files import TraceFiles
from actors.trace.record import missed_record, render
from actors.trace.tracer import CAPACITY, Tracer

#: Between two looks at the ring.
INTERVAL_SECONDS = 0.1
#: Records written in one go, at some 35 us each. At ten goes a second that bounds what writing takes from
#: the node's own work to a quarter of a core; what a longer storm of messages pushes out of the ring
#: meanwhile is counted.
RECORDS_AT_ONCE = 1000


class TraceWriter:
    """Writes new entries of `tracer` to `files` ten times a second, from `start` to `stop`.

    A disk that fails ends the writing, with one line in the log, and nothing else.
    """

    def __init__(
        self,
        tracer: Tracer,
        files: TraceFiles,
        log: Log,
        *,
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        #: Why nothing is written any more; empty while all is well.
        self.failure = ""
        self._tracer = tracer
        self._files = files
        self._log = log
        self._interval_seconds = interval_seconds
        self._cursor = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trace-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self, timeout_seconds: float = 2.0) -> None:
        """Write what is still in the ring and close the file; gives up waiting after `timeout_seconds`."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def drain(self) -> bool:
        """Write one go of new entries; False when there may be more."""
        tracer = self._tracer
        reading = tracer.read(self._cursor, RECORDS_AT_ONCE)
        self._cursor = reading.cursor
        records = [render(entry, tracer.node, tracer.offset) for entry in reading.entries]
        if reading.missed:
            records.insert(0, missed_record(tracer.node, reading.missed, records[0].sent))
        self._files.append(records)
        return reading.complete

    def _run(self) -> None:
        try:
            while not self._stopping.wait(self._interval_seconds):
                self.drain()
            for _ in range(CAPACITY // RECORDS_AT_ONCE + 1):
                if self.drain():
                    break
            self._files.close()
        except OSError as error:
            self.failure = str(error)
            self._log.error("trace files given up", reason=str(error))
            self._abandon()

    def _abandon(self) -> None:
        try:
            self._files.close()
        except OSError:  # what was buffered cannot be written either
            return
