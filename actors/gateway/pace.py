"""Events for a client, written no faster than it reads them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from transport.http.exchange import PacedOutlet
from transport.http.media_type import Encoding
from transport.http.recordio import frame
from transport.limits import MIB
from transport.record import Record

#: A client that is so far behind is waited for: what is told at once may be more than a connection holds.
BEHIND_BYTES: Final = MIB
PAUSE_SECONDS: Final = 0.02
#: So many events wait for it at most.
MOST_WAITING: Final = 32_768


class Pace:
    """Writes each event as one piece, a record of RecordIO.

    What waits are events as they are elsewhere anyway, not yet their bytes. `delay` runs a callback so many
    seconds later; `too_slow` is called once, when more waits than may.
    """

    def __init__(
        self,
        outlet: PacedOutlet,
        encoding: Encoding,
        delay: Callable[[float, Callable[[], None]], object],
        too_slow: Callable[[], None],
    ) -> None:
        self._outlet = outlet
        self._encoding = encoding
        self._delay = delay
        self._too_slow = too_slow
        self._waiting: deque[Record] = deque()

    @property
    def is_behind(self) -> bool:
        """Whether events wait for the client."""
        return bool(self._waiting)

    def write(self, event: Record) -> None:
        """Write an event, after those that wait."""
        if not self._waiting and self._outlet.unread_bytes < BEHIND_BYTES:
            self.write_now(event)
            return
        if not self._waiting:
            self._delay(PAUSE_SECONDS, self._catch_up)
        self._waiting.append(event)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.clear()
            self._too_slow()

    def write_now(self, event: Record) -> None:
        """Write an event, whatever waits."""
        self._outlet.write(frame(self._encoding.encode(event)))

    def _catch_up(self) -> None:
        while self._waiting and self._outlet.unread_bytes < BEHIND_BYTES:
            self.write_now(self._waiting.popleft())
        if self._waiting:
            self._delay(PAUSE_SECONDS, self._catch_up)
