"""What one disk holds, by a reading of its records that knows nothing of the replica's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from actors.log.records import (
    Begins,
    Chosen,
    Identity,
    Known,
    LogRecord,
    Met,
    Promised,
    StatusChanged,
    Written,
)
from tests.simulation.paxos.violation import violated
from transport.messages.replication import Accepted, Action, Ballot, Kind, Status

LEAST = Ballot()


class Book:
    """One disk in one of its lives: whoever loses it begins another one.

    `records` are a sum of what it held before, in any order.
    """

    def __init__(self, records: Iterable[LogRecord] = ()) -> None:
        self.status = Status.EMPTY
        #: Whether it was VOTING at any time.
        self.voted = False
        self.identity = ""
        #: What is accepted must be of this ballot or a greater one.
        self.promised = LEAST
        #: Every promise ever made, and whom the replica had met by then.
        self.promises: dict[Ballot, dict[str, str]] = {}
        self.accepted: dict[int, Accepted] = {}
        #: Every vote ever cast: accepted under which ballot at which position.
        self.votes: set[tuple[int, Ballot]] = set()
        self.learned: dict[int, Action] = {}
        self.begin = 1
        self.end = 0
        #: The last position that a replica is known to have accepted, by its id.
        self.known: dict[str, int] = {}
        #: The replica last met, by the address of its node.
        self.met: dict[str, str] = {}
        self._selves: dict[str, None] = {}
        self._writers: dict[type, Callable[[Any], None]] = {
            Written: self._written,
            Chosen: self._chosen,
            Promised: self._promised,
            StatusChanged: self._status_changed,
            Begins: self._begins,
            Known: self._known,
            Met: self._met,
            Identity: self._identity,
        }
        self._sums = True
        for record in records:
            self.write(record)
        self._sums = False

    def write(self, record: LogRecord) -> None:
        """Take note of a record that has become durable."""
        self._writers[type(record)](record)

    def misses(self, other: Book) -> str | None:
        """What of this book another one does not say, by its name."""
        if (self.status, self.identity, self.begin) != (other.status, other.identity, other.begin):
            return "what it is"
        if other.promised < self.promised:
            return "what it promised"
        for position in range(self.begin, self.end + 1):
            if position in self.learned:
                if other.learned.get(position) != self.learned[position]:
                    return f"the value learned at {position}"
            elif other.accepted.get(position) != self.accepted.get(position):
                return f"the value accepted at {position}"
        others = [replica for replica in self.met.values() if replica not in self._selves]
        if any(other.known.get(replica, 0) != self.known.get(replica, 0) for replica in others):
            return "what others accepted"
        return "whom it met" if other.met != self.met else None

    def _written(self, record: Written) -> None:
        accepted = record.accepted
        position = accepted.action.position
        if position < self.begin:
            return
        self.end = max(self.end, position)
        if accepted.learned:
            self._learn(accepted.action)
            return
        if accepted.ballot < self.promised and not self._sums:
            violated("I18", "accepted under", accepted.ballot, "having promised", self.promised)
        if self.learned.get(position, accepted.action) != accepted.action:
            violated("I18", "position", position, "was learned, and is overwritten")
        self.promised = max(self.promised, accepted.ballot)
        self.votes.add((position, accepted.ballot))
        self.accepted[position] = accepted

    def _chosen(self, record: Chosen) -> None:
        if record.position < self.begin:
            return
        action = record.action
        if action is None:
            held = self.accepted.get(record.position)
            action = self.learned.get(record.position, None if held is None else held.action)
        if action is None:
            violated("I18", "position", record.position, "is learned, but nothing was accepted there")
        self._learn(action)
        self.promised = max(self.promised, record.ballot)
        for replica in record.acceptors:
            self.known[replica] = max(record.position, self.known.get(replica, 0))

    def _learn(self, action: Action) -> None:
        position = action.position
        if self.learned.setdefault(position, action) != action:
            violated("I18", "position", position, "learned as", self.learned[position], "and as", action)
        self.end = max(self.end, position)
        if action.kind is Kind.TRUNCATE:
            self.begin = max(self.begin, action.to)

    def _promised(self, record: Promised) -> None:
        if record.ballot < self.promised:
            violated("I18", "promised", record.ballot, "after", self.promised)
        self.promised = record.ballot
        self.promises[record.ballot] = dict(self.met)

    def _status_changed(self, record: StatusChanged) -> None:
        self.status = record.status
        self.voted |= record.status is Status.VOTING

    def _begins(self, record: Begins) -> None:
        if record.position < self.begin:
            violated("I20", "begins at", record.position, "after it began at", self.begin)
        self.begin = record.position
        self.end = max(self.end, self.begin - 1)

    def _known(self, record: Known) -> None:
        self.known[record.replica] = max(record.position, self.known.get(record.replica, 0))

    def _met(self, record: Met) -> None:
        self.known.pop(self.met.get(record.member, ""), None)
        self.met[record.member] = record.replica

    def _identity(self, record: Identity) -> None:
        self.identity = record.replica
        self._selves[record.replica] = None
