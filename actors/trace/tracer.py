"""Notes every message of a node in a bounded ring, cheaply enough to be always on.

One call for each message when it is sent and one when it was handled: an id from a counter and a tuple in
a deque. What the tuple means is worked out later, by whoever reads (`record`). Each step that more than
one thread takes is a single operation of the interpreter, so there is no lock.
"""

from __future__ import annotations

import inspect
import itertools
import os
import threading
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any, NamedTuple

import msgspec

from actors.process import Fired
from actors.trace.summary import digest
from transport.envelope import Envelope, HeavyCredit
from transport.messages.tracing import Kind
from transport.pid import Pid

#: The name under which every node hosts its recorder; timers of that actor are not noted.
RECORDER = "trace"
#: Entries kept; some 1 MB with small messages.
CAPACITY = 4096
#: A message is not kept alive by the ring, but a digest of it, when a field of it has more bytes than this,
#: or a plain one more items, or when it was heavy to carry here. Tuples of records are not measured: that
#: takes time on every message, and mostly the actors themselves keep such records.
PINNED_LENGTH = 1024
#: Low bits of a span count the messages of one tracer, high bits tell the tracers apart.
COUNTER_BITS = 32

_SIZED = ("bytes", "bytearray")
_PLAIN = (bytes, bytearray, tuple, list, dict, set, frozenset, str)
_Lengths = tuple[Callable[[Any], int], ...]

#: What the ring holds: bare tuples, and for a turn that ended well, as almost all do, a short one.
_Handled = tuple[Envelope, float, float]
_Other = tuple[Envelope, float, float, Kind, str]


#: What a message is caused by that no actor sends in a turn: in the handler of an HTTP request, the request.
OUTER_CAUSE: ContextVar[Envelope | None] = ContextVar("OUTER_CAUSE", default=None)


class Entry(NamedTuple):
    """One thing that was noted."""

    #: Counts the entries of this tracer from 1.
    sequence: int
    kind: Kind
    envelope: Envelope
    started: float
    ended: float
    #: Why a message was dropped, or what a turn raised.
    reason: str


class Reading(NamedTuple):
    """Entries newer than a cursor, oldest first."""

    entries: tuple[Entry, ...]
    #: Where the next reading goes on.
    cursor: int
    #: Whether that is all there is.
    complete: bool
    #: Entries that had left the ring before this reading. What waited in mailboxes just then counts too.
    missed: int


class Tracer:
    """Gives envelopes their ids and remembers the last `capacity` of them.

    `node` is what records name as their node, `host:port`; the system may set it when its port is known,
    before the first message. `now` and `wall` are the system's clocks. `span_base` makes the ids
    reproducible (simulation); else the system's own chance tells the tracers of a cluster apart.

    Message types with `traced = False` (the tracing messages themselves) leave no entry.

    A call takes as long as the work of these methods, so the hottest callers do that work themselves, with
    `next_span`, `now`, `plain` and `note`; whoever does may look at `envelope` and `handled` for how.
    """

    def __init__(
        self,
        node: str,
        *,
        now: Callable[[], float],
        wall: Callable[[], float],
        capacity: int = CAPACITY,
        span_base: int | None = None,
    ) -> None:
        self.node = node
        #: Added to a monotonic time of this node, gives seconds since the epoch; taken once, so that a
        #: jump of the wall clock does not tear a trace apart.
        self.offset = wall() - now()
        self.now = now
        self._first_span = _random_base() if span_base is None else span_base
        self.next_span = itertools.count(self._first_span).__next__
        #: Message types known to be small and traced.
        self.plain: set[type] = set()
        self._ring: deque[_Handled | _Other] = deque(maxlen=capacity)
        self.note: Callable[[_Handled | _Other], None] = self._ring.append
        self._quiet: set[type] = set()
        self._lengths: dict[type, _Lengths] = {}
        # Messages from other nodes that were noted, and messages that left no entry.
        self._foreign = 0
        self._silent = 0
        # Readers number the entries, so that noting need not.
        self._reading = threading.Lock()
        self._newest: _Handled | _Other | None = None
        self._numbered = 0
        self._expected = 0

    # For each message.

    def envelope(self, sender: Pid, to: Pid, message: object, cause: Envelope | None) -> Envelope:
        """Address `message`, as part of the trace of `cause` or as the first of a new one."""
        span = self.next_span()
        cause = cause or OUTER_CAUSE.get()
        if cause is None:
            return Envelope(sender, to, message, span, span, 0, self.now())
        return Envelope(sender, to, message, cause.trace or span, span, cause.span, self.now())

    def handled(self, envelope: Envelope, started: float, ended: float) -> None:
        """Note a turn that ran from `started` to `ended` (monotonic seconds)."""
        if type(envelope.message) in self.plain and envelope.credit is None:
            self.note((envelope, started, ended))
        else:
            self._note("handled", envelope, started, ended, "")

    def sent(self, envelope: Envelope) -> None:
        """Note a message that leaves for another node; what nodes tell each other of links is left out."""
        if envelope.span:
            self._note("sent", envelope, 0.0, 0.0, "")

    def dropped(self, envelope: Envelope, reason: str) -> None:
        """Note a message that nobody will handle, and why."""
        now = self.now()
        self._note("dropped", envelope, now, now, reason)

    def crashed(self, envelope: Envelope, error: str) -> None:
        """Note a turn that raised `error`, just now."""
        now = self.now()
        self._note("crashed", envelope, now, now, error)

    # For who reads, on any thread.

    def read(self, cursor: int = 0, limit: int = CAPACITY) -> Reading:
        """The first `limit` entries after `cursor`, which is 0 or from an earlier reading."""
        entries, newest = self._snapshot()
        oldest = newest - len(entries) + 1
        start = max(0, cursor + 1 - oldest)
        chosen = tuple(
            _entry(oldest + place, entries[place]) for place in range(start, min(start + limit, len(entries)))
        )
        return Reading(
            chosen,
            cursor=chosen[-1].sequence if chosen else cursor,
            complete=start + limit >= len(entries),
            missed=max(0, oldest - cursor - 1) if entries else 0,
        )

    def newest(self) -> int:
        """The cursor after which `read` finds only what is yet to happen."""
        return self._snapshot()[1]

    def _snapshot(self) -> tuple[list[_Handled | _Other], int]:
        """What the ring holds, and the number of its last entry."""
        with self._reading:
            # A message leaves one entry, here, or two, here and where it arrives.
            self._silent += 1  # the span taken in the next line
            expected = self.next_span() + 1 - self._first_span + self._foreign - self._silent
            entries = self._copy()
            for age, entry in enumerate(reversed(entries)):
                if entry is self._newest:
                    self._numbered += age
                    break
            else:
                self._numbered += max(len(entries), expected - self._expected)
            self._expected = expected
            if entries:
                self._newest = entries[-1]
            return entries, self._numbered

    def _copy(self) -> list[_Handled | _Other]:
        while True:
            try:
                return list(self._ring)
            except RuntimeError:  # another thread appended half-way: only a garbage collection lets it in
                continue

    def _note(self, kind: Kind, envelope: Envelope, started: float, ended: float, reason: str) -> None:
        """Note a message of which it is not known that it is small and traced."""
        message = envelope.message
        message_type = type(message)
        lengths = self._lengths.get(message_type)
        if lengths is None:
            lengths = self._learn(message_type)
        if message_type in self._quiet or (message_type is Fired and envelope.to.name == RECORDER):
            self._silent += envelope.credit is None
            return
        if envelope.credit is not None:
            self._foreign += 1
        if isinstance(envelope.credit, HeavyCredit) or _is_long(message, lengths):
            envelope = _without_message(envelope)
        self.note((envelope, started, ended, kind, reason))

    def _learn(self, message_type: type) -> _Lengths:
        """Find out once what is to be done with the messages of a type."""
        lengths = _lengths(message_type)
        if getattr(message_type, "traced", True) is False:
            self._quiet.add(message_type)
        elif not lengths and message_type is not Fired:
            self.plain.add(message_type)
        self._lengths[message_type] = lengths
        return lengths


def _entry(sequence: int, noted: _Handled | _Other) -> Entry:
    if len(noted) == 3:
        envelope, started, ended = noted
        return Entry(sequence, "handled", envelope, started, ended, "")
    envelope, started, ended, kind, reason = noted
    return Entry(sequence, kind, envelope, started, ended, reason)


def _random_base() -> int:
    """A first span: 31 random bits, none of them 0, above the counter; 63 bits in all."""
    node = int.from_bytes(os.urandom(4), "big") % (2**31 - 2) + 1
    return (node << COUNTER_BITS) + 1


def _lengths(message_type: type) -> _Lengths:
    """Functions that give the lengths of what in a message of this type may be long."""
    if issubclass(message_type, _PLAIN):
        return (len,)
    if not issubclass(message_type, msgspec.Struct):
        return ()
    annotations: dict[str, str] = {}
    for base in reversed(message_type.__mro__):
        annotations |= {name: str(hint) for name, hint in inspect.get_annotations(base).items()}
    return tuple(
        partial(_field_length, name)
        for name in message_type.__struct_fields__
        if any(word in annotations.get(name, "") for word in _SIZED)
    )


def _is_long(message: object, lengths: _Lengths) -> bool:
    return any(length(message) > PINNED_LENGTH for length in lengths)


def _field_length(name: str, message: object) -> int:
    try:
        return len(getattr(message, name))
    except TypeError:  # None, or what nobody validated
        return 0


def _without_message(envelope: Envelope) -> Envelope:
    return Envelope(
        envelope.sender,
        envelope.to,
        digest(envelope.message),
        envelope.trace,
        envelope.span,
        envelope.parent,
        envelope.sent,
    )
