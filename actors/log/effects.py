"""What a replica and a coordinator want done, in the order in which it must be done."""

from __future__ import annotations

import msgspec

from actors.log.records import LogRecord
from transport.message import Message
from transport.messages.replication import Action, Ballot, Learned, PromiseRequest, Settled, WriteRequest
from transport.pid import Pid


class Persist(msgspec.Struct, frozen=True, gc=False):
    """Put a record behind all others; with `sync`, nothing after it may be said before it is durable."""

    record: LogRecord
    sync: bool = True


class Reply(msgspec.Struct, frozen=True, gc=False):
    """Answer, once all that was to be persisted with `sync` before is durable."""

    message: Message


#: What a replica wants done.
Effect = Persist | Reply


class Broadcast(msgspec.Struct, frozen=True, gc=False):
    """Tell every member, but for those that have answered already."""

    message: PromiseRequest | WriteRequest | Learned | Settled
    answered: tuple[Pid, ...] = ()


class Retry(msgspec.Struct, frozen=True, gc=False):
    """Call `Coordinator.retry` so many seconds from now, and not when a Retry before this one said."""

    seconds: float


class Ready(msgspec.Struct, frozen=True, gc=False):
    """Elected, and every position up to the log's end is chosen: it can be written."""


class Chosen(msgspec.Struct, frozen=True, gc=False):
    """The value of a position is settled; told once for each position of a reign, in their order.

    `action` is None for a position that was found to be given up.
    """

    position: int
    action: Action | None


class Outbid(msgspec.Struct, frozen=True, gc=False):
    """A greater ballot took the log over: this coordinator writes nothing any more.

    Whether what was being written gets chosen is unknown.
    """

    promised: Ballot


#: What a coordinator wants done.
Step = Broadcast | Retry | Ready | Chosen | Outbid
