"""What a node's `trace` actor is asked: what happened there, once or from now on.

These messages themselves are never traced, or each batch would give reason for the next.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from transport.message import Message
from transport.record import Record

#: What can be noted; `missed` stands for records that were lost before anybody read them.
Kind = Literal["sent", "handled", "dropped", "crashed", "missed"]


class TraceRecord(Record):
    """One thing that a node noted about one message; times are seconds since the epoch by its clock.

    A message between nodes leaves two records, `sent` at one and `handled` at the other, of the same
    span. `sent` is 0.0 in what the receiver notes. A time that is not known is 0.0.
    """

    kind: Kind
    #: The node that noted it, as `host:port`.
    node: str
    trace: int = 0
    span: int = 0
    #: The span of the message whose handling sent this one; 0 for the first of a trace.
    parent: int = 0
    #: `name@host:port`
    sender: str = ""
    to: str = ""
    type: str = ""
    sent: float = 0.0
    #: When its turn began; for a message that was dropped, when that was noted.
    started: float = 0.0
    ended: float = 0.0
    #: Why it was dropped, or what its turn raised.
    reason: str = ""
    #: How many records are missing where this one stands.
    missed: int = 0
    #: What the message says: bounded, plain, and without secrets.
    fields: dict[str, Any] = msgspec.field(default_factory=dict)


class TraceFilter(Record):
    """Which records are wanted; what is empty wants all.

    Types and actors are patterns as in the shell, `agent*`; an actor is meant by its name, or by
    `name@host:port`, whether it sent or received.
    """

    types: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    #: Trace ids.
    traces: tuple[int, ...] = ()
    #: An id that the message mentions.
    mention: str = ""


class ReadTrace(Message):
    """Ask for the records after `cursor` (0: the oldest that are kept); answered by `TraceAnswer`."""

    traced: ClassVar[bool] = False

    cursor: int = 0
    filter: TraceFilter = TraceFilter()


class TraceAnswer(Message):
    """A page of records, oldest first; ask again from its `cursor` until it is `complete`."""

    traced: ClassVar[bool] = False

    records: tuple[TraceRecord, ...]
    cursor: int
    complete: bool
    #: Records that were lost between the cursor asked for and the first one here.
    missed: int = 0


class FollowTrace(Message):
    """Ask for `TraceBatch`es of what happens from now on; a second one changes the filter.

    Answered by `TraceRefusal` when the node has as many followers as it can bear.
    """

    traced: ClassVar[bool] = False

    filter: TraceFilter = TraceFilter()


class TraceBatch(Message):
    """What happened since the batch before; answer `TraceReceived`, or no more will come soon."""

    traced: ClassVar[bool] = False

    number: int
    records: tuple[TraceRecord, ...]
    #: Things that happened in between and are not told: the follower is slower than they come.
    missed: int = 0


class TraceReceived(Message):
    """The follower has dealt with all batches up to `number`."""

    traced: ClassVar[bool] = False

    number: int


class TraceRefusal(Message):
    """Nothing will be told; the reason is for people."""

    traced: ClassVar[bool] = False

    reason: str


class UnfollowTrace(Message):
    """Send no more batches."""

    traced: ClassVar[bool] = False
