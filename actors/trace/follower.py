"""Follows what happens on nodes as it happens; the other end of `recorder`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from actors.process import Process, handles
from transport.messages.tracing import (
    FollowTrace,
    TraceBatch,
    TraceFilter,
    TraceReceived,
    TraceRecord,
    TraceRefusal,
)
from transport.pid import Pid

#: Until a node that is gone is asked again.
RETRY_SECONDS = 1.0
#: Records are held back so long, for those of other nodes that belong before them.
HOLD_SECONDS = 0.25
TICK_SECONDS = 0.1


class Follower(Process):
    """Gives the records of all recorders to `told`, in order of time, and asks again when one is gone.

    `told` may take its time: the recorders send no further batches until it is done. `missed` gets a
    recorder and how many records could not be told; `lost` a recorder that is gone; `refused` one that
    does not let itself be followed, and its reason.
    """

    def __init__(
        self,
        recorders: Sequence[Pid],
        wanted: TraceFilter,
        *,
        told: Callable[[Sequence[TraceRecord]], None],
        missed: Callable[[Pid, int], None],
        lost: Callable[[Pid], None],
        refused: Callable[[Pid, str], None],
    ) -> None:
        self._recorders = tuple(recorders)
        self._wanted = wanted
        self._told = told
        self._missed = missed
        self._lost = lost
        self._refused = refused
        self._held: list[tuple[float, TraceRecord]] = []
        self._gone: dict[Pid, None] = {}

    def initialize(self) -> None:
        """Follow everybody."""
        for recorder in self._recorders:
            self._follow(recorder)
        self.every(TICK_SECONDS, self._tell)

    @handles(TraceBatch)
    def batch(self, sender: Pid, message: TraceBatch) -> None:
        """Take what happened, and ask for more."""
        now = self.system.now()
        self._gone.pop(sender.whoever(), None)
        self._held += [(now, record) for record in message.records]
        if message.missed:
            self._missed(sender, message.missed)
        self.send(sender, TraceReceived(message.number))

    @handles(TraceRefusal)
    def refusal(self, sender: Pid, message: TraceRefusal) -> None:
        """Pass on why there will be nothing."""
        self._refused(sender, message.reason)

    def exited(self, pid: Pid) -> None:
        """Tell once that a recorder is gone, and try again for as long as it takes."""
        if pid not in self._gone:
            self._gone[pid] = None
            self._lost(pid)
        self.delay(RETRY_SECONDS, self._follow, pid)

    def _tell(self) -> None:
        until = self.system.now() - HOLD_SECONDS
        due = [record for came, record in self._held if came <= until]
        self._held = [(came, record) for came, record in self._held if came > until]
        if due:
            self._told(sorted(due, key=lambda record: record.started or record.sent))

    def _follow(self, recorder: Pid) -> None:
        self.link(recorder)
        self.send(recorder, FollowTrace(self._wanted))
