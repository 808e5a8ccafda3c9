"""Which updates a scheduler has dealt with: agents repeat theirs until an acknowledgement gets through."""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum, auto


class Delivery(Enum):
    """What to do with an update."""

    #: Deliver it.
    NEW = auto()
    #: It was delivered, and is not acknowledged yet: that is up to whoever has it.
    PENDING = auto()
    #: It was delivered and acknowledged; that did not get through, so acknowledge it again.
    REPEATED = auto()


class Deliveries:
    """Remembers updates by their uuids (reliability.md I11, I12).

    An agent sends the next update of a task only when the one before is acknowledged, so what can come
    again is the latest of each task. It is remembered for as long as the task is not over; beside those,
    the newest `limit` of all others.
    """

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        #: By task, the uuid of its latest update, and whether that is acknowledged.
        self._latest: dict[str, tuple[bytes, bool]] = {}
        self._earlier: OrderedDict[bytes, bool] = OrderedDict()

    def __len__(self) -> int:
        return len(self._latest) + len(self._earlier)

    def take(self, subject: str, uuid: bytes | None, *, over: bool) -> Delivery:
        """An update came for a task (or an operation); `over` if none can follow it.

        Those without uuid are answers, or made by the master: always new, and never acknowledged.
        """
        if uuid is not None:
            known = self._find(subject, uuid)
            if known is not None:
                return Delivery.REPEATED if known else Delivery.PENDING
            self._put_by(subject)
            self._latest[subject] = (uuid, False)
        if over:
            self._put_by(subject)
        return Delivery.NEW

    def acknowledge(self, subject: str, uuid: bytes) -> None:
        """An update that was taken is dealt with."""
        if self._latest.get(subject) == (uuid, False):
            self._latest[subject] = (uuid, True)
        elif uuid in self._earlier:
            self._earlier[uuid] = True

    def _find(self, subject: str, uuid: bytes) -> bool | None:
        """Whether it is acknowledged; None when it is not known."""
        latest = self._latest.get(subject)
        if latest is not None and latest[0] == uuid:
            return latest[1]
        return self._earlier.get(uuid)

    def _put_by(self, subject: str) -> None:
        latest = self._latest.pop(subject, None)
        if latest is not None:
            self._earlier[latest[0]] = latest[1]
            if len(self._earlier) > self._limit:
                self._earlier.popitem(last=False)
