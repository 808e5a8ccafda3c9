"""Follows what happens on nodes as it happens; the other end of `recorder`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from actors.process import Process, handles
from transport.messages.tracing import FollowTrace, TraceBatch, TraceFilter, TraceReceived, TraceRefusal
from transport.pid import Pid

#: Until a node that is gone is asked again.
RETRY_SECONDS = 1.0


class Follower(Process):
    """Gives each batch of each recorder to `told`, and asks again when a recorder is gone.

    `told` may take its time: the recorder sends no further batches until it is done. `lost` and `refused`
    get the recorder and, for `refused`, the reason.
    """

    def __init__(
        self,
        recorders: Sequence[Pid],
        wanted: TraceFilter,
        *,
        told: Callable[[Pid, TraceBatch], None],
        lost: Callable[[Pid], None],
        refused: Callable[[Pid, str], None],
    ) -> None:
        self._recorders = tuple(recorders)
        self._wanted = wanted
        self._told = told
        self._lost = lost
        self._refused = refused

    def initialize(self) -> None:
        """Follow everybody."""
        for recorder in self._recorders:
            self._follow(recorder)

    @handles(TraceBatch)
    def batch(self, sender: Pid, message: TraceBatch) -> None:
        """Pass on what happened, and ask for more."""
        self._told(sender, message)
        self.send(sender, TraceReceived(message.number))

    @handles(TraceRefusal)
    def refusal(self, sender: Pid, message: TraceRefusal) -> None:
        """Pass on why there will be nothing."""
        self._refused(sender, message.reason)

    def exited(self, pid: Pid) -> None:
        """Tell that a recorder is gone, and try again for as long as it takes."""
        self._lost(pid)
        self.delay(RETRY_SECONDS, self._follow, pid)

    def _follow(self, recorder: Pid) -> None:
        self.link(recorder)
        self.send(recorder, FollowTrace(self._wanted))
