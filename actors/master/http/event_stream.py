"""The actor of one operator that watches the cluster over HTTP; its turns are on the server's thread."""

from __future__ import annotations

from collections import deque
from typing import Final

from actors.gateway.streaming import StreamActor
from actors.master.view.forms import Form
from actors.master.view.view import VIEW
from actors.process import handles
from transport.http.exchange import PacedOutlet
from transport.limits import MIB
from transport.messages.viewing import ViewEvent, ViewRefused, ViewWatchOver, WatchView
from transport.pid import Address, Pid

#: The cluster as it is may be larger than what a client may leave unread: it is sent as that is read.
_AHEAD_BYTES: Final = MIB // 2
_LOOK_AGAIN_SECONDS: Final = 0.02
#: So many bytes of events may wait behind it, and so long may a client read nothing.
_WAITING_BYTES: Final = 4 * MIB
_PATIENCE_SECONDS: Final = 60.0


class EventStream(StreamActor):
    """Writes events as records: the cluster as it is, and then what happens to it.

    It ends with the client's connection, and with the reign: the client is to look for the leader.
    """

    def __init__(self, here: Address, form: Form, outlet: PacedOutlet) -> None:
        self._view = Pid(VIEW, *here)
        self._form = form
        self._outlet = outlet
        self._closed = False
        #: What the client has no room for yet, and how much of that came while something waited.
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._late_bytes = 0
        #: When it had room last.
        self._read_at = 0.0

    def finalize(self) -> None:
        """Nothing more comes."""
        self._outlet.end()

    # --- what the server calls ---

    def watch(self) -> None:
        """Begin."""
        self.link(self._view)
        self.send(self._view, WatchView(self._form))

    def close(self, reason: str) -> None:
        """End it, also because the client is gone."""
        if not self._closed:
            self._closed = True
            self.log.info("stream of an operator ends", reason=reason)
            self.terminate()

    # --- what the view says ---

    @handles(ViewEvent)
    def event(self, sender: Pid, message: ViewEvent) -> None:
        """Pass it on, behind what waits already."""
        size = sum(map(len, message.pieces))
        record = (b"%d\n" % size, *message.pieces)
        waits = bool(self._waiting)
        # What fits into one chunk is one.
        self._waiting.extend((b"".join(record),) if size < MIB else record)
        self._waiting_bytes += sum(map(len, record))
        if not waits:
            self._read_at = self.system.now()
            self._write()
            return
        self._late_bytes += size
        if self._late_bytes > _WAITING_BYTES:
            self._break_off("the client reads too slowly")

    def _write(self) -> None:
        outlet, now = self._outlet, self.system.now()
        while self._waiting and not self._closed and outlet.unread_bytes < _AHEAD_BYTES:
            piece = self._waiting.popleft()
            outlet.write(piece)
            self._waiting_bytes -= len(piece)
            self._read_at = now
        # What came late is at the end of what waits.
        self._late_bytes = min(self._late_bytes, self._waiting_bytes)
        if now - self._read_at > _PATIENCE_SECONDS:
            self._break_off("the client reads nothing")
        elif self._waiting:
            self.delay(_LOOK_AGAIN_SECONDS, self._write)

    def _break_off(self, reason: str) -> None:
        """The client is not to take what it got for complete."""
        self._outlet.abort()
        self.close(reason)

    @handles(ViewWatchOver)
    def over(self, sender: Pid, message: ViewWatchOver) -> None:
        """There are no more events."""
        self.close(message.reason)

    @handles(ViewRefused)
    def refused(self, sender: Pid, message: ViewRefused) -> None:
        """There are no events to begin with."""
        self.close(message.message)

    def exited(self, pid: Pid) -> None:
        """The view crashed: its successor knows nobody."""
        self.close("the view has ended")
