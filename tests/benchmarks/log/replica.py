"""Group commit in the actor that is the replica: so many writes at once, each waiting for its answer."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

from actors.log.process import REPLICA
from actors.process import handles
from tests.benchmarks.figure import Figure, Size, compared
from tests.benchmarks.log.bare import AGAINST, ENTRY_BYTES, folder
from tests.benchmarks.log.member import member
from tests.benchmarks.log.registry import BATCHES, Busy, against_bare, gather
from tests.benchmarks.runtime.messages import Begin
from transport.messages.replication import (
    Action,
    Ballot,
    Kind,
    PromiseRequest,
    PromiseResponse,
    Verdict,
    WriteRequest,
    WriteResponse,
)
from transport.pid import Pid

_BALLOT = Ballot(1, 1)
_CONTENT = os.urandom(ENTRY_BYTES)


class Writer(Busy):
    """Becomes the writer; then writes batch after batch, each when the one before is answered."""

    def __init__(self, replica: Pid, batch: int) -> None:
        super().__init__()
        self._replica, self._batch = replica, batch
        self._positions = itertools.count(1)
        self._left = self._waiting = 0

    def initialize(self) -> None:
        self.send(self._replica, PromiseRequest(_BALLOT))

    @handles(PromiseResponse)
    def promised(self, sender: Pid, message: PromiseResponse) -> None:
        if message.verdict is Verdict.ACCEPT:
            self.ready.set()
        else:
            self.delay(0.01, self.initialize)

    @handles(Begin)
    def begin(self, sender: Pid, message: Begin) -> None:
        self._left = message.count
        self._write()

    @handles(WriteResponse)
    def written(self, sender: Pid, message: WriteResponse) -> None:
        assert message.verdict is Verdict.ACCEPT
        self._waiting -= 1
        if not self._waiting:
            self._write()

    def _write(self) -> None:
        if not self._left:
            self.done.set()
            return
        self._waiting = min(self._batch, self._left)
        self._left -= self._waiting
        for _ in range(self._waiting):
            action = Action(next(self._positions), Kind.APPEND, _CONTENT)
            self.send(self._replica, WriteRequest(_BALLOT, action))


def figures(size: Size) -> Iterator[Figure]:
    for batch in BATCHES:
        with folder() as path, member(path / "0", 1) as system:
            gather([system.address], system)
            writer = Writer(Pid(REPLICA, *system.address), batch)
            system.spawn(lambda: writer, "writer")  # noqa: B023 - called at once
            runs = against_bare(system, writer, path, batch, size)
        yield compared(f"log.replica.batches_of_{batch}", "writes/s", AGAINST, runs)
