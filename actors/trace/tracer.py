"""Notes every message of a node in a bounded ring, cheaply enough to be always on.

One call for each message when it is sent and one when it was handled: an id from a counter and a tuple in
a deque. What the tuple means is worked out later, by whoever reads (`record`). Each step that more than
one thread takes is a single operation of the interpreter, so there is no lock.
"""

from __future__ import annotations

import inspect
import itertools
import os
from collections import deque
from collections.abc import Callable
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
#: Entries kept; some 2 MB with small messages.
CAPACITY = 4096
#: A field with more bytes or items than this is not kept alive by the ring: a digest of the message is.
PINNED_LENGTH = 1024
#: Low bits of a span count the messages of one tracer, high bits tell the tracers apart.
COUNTER_BITS = 32

_SIZED = ("bytes", "bytearray", "tuple", "list", "dict", "set", "Mapping", "Sequence")
_PLAIN = (bytes, bytearray, tuple, list, dict, set, frozenset, str)
_Lengths = tuple[Callable[[Any], int], ...]


class Entry(NamedTuple):
    """One thing that was noted; the ring holds it as a bare tuple, which is three times as quick to make."""

    sequence: int
    kind: Kind
    envelope: Envelope
    started: float
    ended: float
    #: Why a message was dropped, or what a turn raised.
    reason: str


_Bare = tuple[int, Kind, Envelope, float, float, str]


class Reading(NamedTuple):
    """Entries newer than a cursor, oldest first."""

    entries: tuple[Entry, ...]
    #: Where the next reading goes on.
    cursor: int
    #: Whether that is all there is.
    complete: bool
    #: Entries that had left the ring before this reading; exact unless threads were appending just then.
    missed: int


class Tracer:
    """Gives envelopes their ids and remembers the last `capacity` of them.

    `node` is what records name as their node, `host:port`; the system may set it when its port is known,
    before the first message. `now` and `wall` are the system's clocks. `span_base` makes the ids
    reproducible (simulation); else the system's own chance tells the tracers of a cluster apart.

    Message types with `traced = False` (the tracing messages themselves) leave no entry.
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
        self._now = now
        self._ring: deque[_Bare] = deque(maxlen=capacity)
        self._append = self._ring.append
        self._next_span = itertools.count(_random_base() if span_base is None else span_base).__next__
        self._next_sequence = itertools.count(1).__next__
        # Message types known to be small and traced; all others take the longer way through `_note`.
        self._pinned: set[type] = set()
        self._quiet: set[type] = set()
        self._lengths: dict[type, _Lengths] = {}

    # For each message.

    def envelope(self, sender: Pid, to: Pid, message: object, cause: Envelope | None) -> Envelope:
        """Address `message`, as part of the trace of `cause` or as the first of a new one."""
        span = self._next_span()
        if cause is None:
            return Envelope(sender, to, message, span, span, 0, self._now())
        return Envelope(sender, to, message, cause.trace or span, span, cause.span, self._now())

    def handled(self, envelope: Envelope, started: float, ended: float) -> None:
        """Note a turn that ran from `started` to `ended` (monotonic seconds)."""
        if type(envelope.message) in self._pinned and envelope.credit is None:
            self._append((self._next_sequence(), "handled", envelope, started, ended, ""))
        else:
            self._note("handled", envelope, started, ended, "")

    def sent(self, envelope: Envelope) -> None:
        """Note a message that leaves for another node; what nodes tell each other of links is left out."""
        if not envelope.span:
            return
        if type(envelope.message) in self._pinned:
            self._append((self._next_sequence(), "sent", envelope, 0.0, 0.0, ""))
        else:
            self._note("sent", envelope, 0.0, 0.0, "")

    def dropped(self, envelope: Envelope, reason: str) -> None:
        """Note a message that nobody will handle, and why."""
        now = self._now()
        self._note("dropped", envelope, now, now, reason)

    def crashed(self, envelope: Envelope, error: str) -> None:
        """Note a turn that raised `error`, just now."""
        now = self._now()
        self._note("crashed", envelope, now, now, error)

    # For who reads, on any thread.

    def read(self, cursor: int = 0, limit: int = CAPACITY) -> Reading:
        """The first `limit` entries after `cursor`, which is 0 or from an earlier reading."""
        entries = self._snapshot()
        start, missed = 0, 0
        # By place, not by number: of two threads the one that numbers first may append last.
        for index in range(len(entries) - 1, -1, -1):
            if entries[index][0] == cursor:
                start = index + 1
                break
        else:
            if entries:
                missed = max(entry[0] for entry in entries) - cursor - len(entries)
        chosen = tuple(map(Entry._make, entries[start : start + limit]))
        complete = start + limit >= len(entries)
        return Reading(chosen, chosen[-1].sequence if chosen else cursor, complete, max(0, missed))

    def newest(self) -> int:
        """The cursor after which `read` finds only what is yet to happen."""
        entries = self._snapshot()
        return entries[-1][0] if entries else 0

    def _snapshot(self) -> list[_Bare]:
        while True:
            try:
                return list(self._ring)
            except RuntimeError:  # another thread appended half-way: only a garbage collection lets it in
                continue

    def _note(self, kind: Kind, envelope: Envelope, started: float, ended: float, reason: str) -> None:
        """Note a message that the hot path does not know to be small and traced."""
        message = envelope.message
        message_type = type(message)
        if message_type is Fired and envelope.to.name == RECORDER:
            return
        lengths = self._lengths.get(message_type)
        if lengths is None:
            lengths = self._learn(message_type)
        if message_type in self._quiet:
            return
        if isinstance(envelope.credit, HeavyCredit) or _is_long(message, lengths):
            envelope = _without_message(envelope)
        self._append((self._next_sequence(), kind, envelope, started, ended, reason))

    def _learn(self, message_type: type) -> _Lengths:
        """Find out once what is to be done with the messages of a type."""
        lengths = _lengths(message_type)
        if getattr(message_type, "traced", True) is False:
            self._quiet.add(message_type)
        elif not lengths and message_type is not Fired:
            self._pinned.add(message_type)
        self._lengths[message_type] = lengths
        return lengths


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
