"""What a replica keeps on its disk: records in the order in which they were made; the newest counts."""

from __future__ import annotations

import msgspec

from transport.messages.replication import Accepted, Action, Ballot, Status


class Identity(msgspec.Struct, frozen=True, tag="id", array_like=True, gc=False):
    """Which replica this is, by an id made up at random; another one each time that it lost what it held."""

    replica: str


class StatusChanged(msgspec.Struct, frozen=True, tag="st", array_like=True, gc=False):
    """The replica is in this status."""

    status: Status


class Promised(msgspec.Struct, frozen=True, tag="pr", array_like=True, gc=False):
    """Nothing of a lesser ballot is accepted any more, at any position."""

    ballot: Ballot


class Written(msgspec.Struct, frozen=True, tag="wr", array_like=True, gc=False):
    """A value was accepted."""

    accepted: Accepted


class Chosen(msgspec.Struct, frozen=True, tag="ch", array_like=True, gc=False):
    """A value is known to be chosen under a ballot; `acceptors` are the ids of replicas that accepted it.

    `action` is None where that is what was accepted at `position` before.
    """

    position: int
    action: Action | None = None
    acceptors: tuple[str, ...] = ()
    ballot: Ballot = Ballot()


class Begins(msgspec.Struct, frozen=True, tag="be", array_like=True, gc=False):
    """All positions before this one were given up."""

    position: int


class Known(msgspec.Struct, frozen=True, tag="kn", array_like=True, gc=False):
    """The last position at which another replica is known to have accepted a value."""

    replica: str
    position: int


class Met(msgspec.Struct, frozen=True, tag="me", array_like=True, gc=False):
    """The replica of the greatest id that was met at a member's address (host:port); see `Peer`."""

    member: str
    replica: str


#: One record of the log's files.
LogRecord = Identity | StatusChanged | Promised | Written | Chosen | Begins | Known | Met
