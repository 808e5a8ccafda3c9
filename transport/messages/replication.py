"""The replicas of the log, and whoever writes it (mesos-protocol.md §11): one replica on each master's node.

Requests go from a coordinator, or from a replica that recovers, to every member, the sender's own included.
Each is answered by every replica that hears it, and repeated under a greater ballot or as it was until enough
have answered: all of them are idempotent.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from transport.message import DomesticMessage, Message
from transport.pid import Pid


class Ballot(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """Numbers one attempt to write; the greater one wins.

    A later reign outbids an earlier one however often that tries: `epoch` is compared first, and counts the
    elections of a leader, 0 where there are none (reliability.md I17). `round` counts the attempts of one
    reign.
    """

    epoch: int = 0
    round: int = 0


class Status(StrEnum):
    """How far a replica can be relied on (mesos-protocol.md §11.2); only a VOTING one counts for a quorum."""

    #: It never held anything, or was cleared by hand.
    EMPTY = "EMPTY"
    #: All replicas were seen EMPTY: they begin together.
    STARTING = "STARTING"
    #: It lost what it held, or cannot vouch for it, and copies it from those that vote.
    RECOVERING = "RECOVERING"
    VOTING = "VOTING"


class Kind(StrEnum):
    """What stands at a position of the log."""

    NOP = "NOP"
    APPEND = "APPEND"
    #: All positions before `Action.to` are given up.
    TRUNCATE = "TRUNCATE"


class Action(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The value of one position; positions count from 1."""

    position: int
    kind: Kind
    #: Of an APPEND.
    content: bytes = b""
    #: Of a TRUNCATE: the first position that stays.
    to: int = 0


class Verdict(StrEnum):
    """What a replica says to a request."""

    ACCEPT = "ACCEPT"
    #: It has promised itself to a greater ballot, which the answer names.
    REJECT = "REJECT"
    #: It does not vote; its answer counts for nothing.
    IGNORED = "IGNORED"


class Accepted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a replica holds at a position: the newest value that it accepted, under which ballot."""

    ballot: Ballot
    action: Action
    #: Known to be chosen: it is never another.
    learned: bool = False


class Peer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Which replica, by its id, was last met at a member's address (host:port).

    A replica that lost its disk goes on under another, greater id. What the old one said does not count
    together with what is said by replicas that have met the new one: before, they told it how things stood.
    """

    member: str
    replica: str


class PromiseRequest(Message):
    """Accept nothing of a lesser ballot any more: at `position`, or (None) at any position from now on."""

    ballot: Ballot
    position: int | None = None


class PromiseResponse(Message):
    """Answers the request of that ballot and position."""

    ballot: Ballot
    verdict: Verdict
    position: int | None = None
    #: On REJECT, the ballot that stands in the way; on ACCEPT, the one that was promised before.
    promised: Ballot = Ballot()
    #: For a promise without position: the first position that the replica keeps, and the last that it holds.
    begin: int = 1
    end: int = 0
    #: For a promise of one position: what it holds there.
    accepted: Accepted | None = None
    #: For a promise of one position that lies before `begin`, or after it is truncated: it was chosen, and
    #: given up.
    truncated: bool = False
    #: The id of the replica, and whom it has met.
    replica: str = ""
    peers: tuple[Peer, ...] = ()


class WriteRequest(Message):
    """Accept this value at its position."""

    ballot: Ballot
    action: Action


class WriteResponse(Message):
    """Answers the request of that ballot and position; ACCEPT only once it is durable."""

    ballot: Ballot
    position: int
    verdict: Verdict
    #: On REJECT, the greater ballot.
    promised: Ballot = Ballot()
    #: The id of the replica, see `Learned.acceptors`, and whom it has met.
    replica: str = ""
    peers: tuple[Peer, ...] = ()


class Learned(Message):
    """This value was found to be chosen, or settled before the log could be written; told to all, once.

    `acceptors` are the ids of replicas that accepted the value. Those who remember them can tell a replica
    whose disk was set back to an older state. Who learns what was chosen under a ballot heeds no lesser one
    from then on: else a writer that was outbid could learn it too, and go on behind it.
    """

    action: Action
    ballot: Ballot = Ballot()
    acceptors: tuple[str, ...] = ()


class Settled(Message):
    """All positions up to this one are chosen; where a value was accepted under this very ballot, it is that.

    Told to all whenever another one is chosen, and now and then: it can be lost, or come where the value has
    not; see LearnedRequest. Answered by Unsettled where more is held. `acceptors` are those of the value at
    `position`; see Learned.
    """

    ballot: Ballot
    position: int
    acceptors: tuple[str, ...] = ()


class Unsettled(Message):
    """Something is held up to this position: who recovers would wait until it is settled."""

    ballot: Ballot
    end: int


class LearnedRequest(Message):
    """Tell me what is chosen from this position on, up to about so many bytes of content."""

    position: int
    bytes: int = 1 << 20


class LearnedResponse(Message):
    """Chosen values in the order of their positions, from the one asked for to the first not known.

    `begin` is the first position kept: what lies before it was given up.
    """

    position: int
    begin: int
    actions: tuple[Action, ...] = ()
    end: int = 0
    #: The greatest ballot under which anything was chosen of which it knows.
    ballot: Ballot = Ballot()


class RecoverRequest(Message):
    """How do you fare? Asked by replicas that recover or have just started, and now and then by all."""

    #: Of the replica that asks: its id, and the address of its node.
    replica: str
    member: str
    status: Status
    end: int = 0
    quorum: int = 0


class RecoverResponse(Message):
    """How the replica fares; told once it is durable that it has met the replica that asks."""

    replica: str
    #: The id of the replica that asked.
    asker: str
    status: Status
    promised: Ballot = Ballot()
    begin: int = 1
    end: int = 0
    #: What its master was given as --quorum.
    quorum: int = 0
    #: The last position at which the asking replica is known to have accepted a value; 0 for none.
    yours: int = 0
    #: Everything from `begin` to this position is known to be chosen.
    learned: int = 0
    #: Whether it votes: it was vouched for since it was started.
    votes: bool = False
    #: A greater id that was met at the address of the replica that asked: the one it has counts for nothing.
    retired: str = ""


# --- who the members are ---


class WatchMembers(DomesticMessage):
    """Tell me the members of the log's group, now and at each change."""


class MembersChanged(DomesticMessage):
    """The replicas that take part now, this node's own included, whether or not it is registered yet.

    `registered`: those in the group, by ZooKeeper; None while that cannot be reached (`members` are then the
    last known), or where there is no group.
    """

    members: tuple[Pid, ...]
    registered: int | None = None


# --- on one node: the log's replica, and who reads it ---


class ReadLog(DomesticMessage):
    """Read what this node's replica knows to be chosen, from a position on; answered by LearnedResponse."""

    position: int
    bytes: int = 1 << 20


class Vouch(DomesticMessage):
    """What you hold is the newest that you ever held, as far as others know: vote from now on.

    Told by the recovery to the replica of its node, once after each start.
    """

    #: The greatest ballot that others have promised themselves to.
    promised: Ballot = Ballot()


class ChangeStatus(DomesticMessage):
    """Be in this status, and promise yourself to this ballot; answered by RecoverResponse once durable.

    Told by the recovery to the replica of its node; changes nothing unless the status is still `was`.
    """

    was: Status
    status: Status
    promised: Ballot = Ballot()
    #: The id under which to go on; empty to keep the present one.
    identity: str = ""


class Demoted(DomesticMessage):
    """A writer of the log was outbid, or could not be elected: its reign is over. Told to who spawned it.

    `promised` is the ballot that outbade it.
    """

    promised: Ballot
    reason: str


# --- how the log fares, for people ---


class ReadLogStatus(Message):
    """How does the log fare? Answered by LogStatus, at any time and to anybody."""


class MemberStatus(msgspec.Struct, frozen=True, gc=False):
    """One member of the log, as another one sees it."""

    pid: Pid
    #: None as long as it has not answered.
    status: Status | None = None
    #: Since its last answer; None as long as it has not answered.
    silent_seconds: float | None = None
    begin: int = 1
    end: int = 0
    #: What its master was given as --quorum; 0 as long as it has not answered.
    quorum: int = 0
    #: Why it cannot be reached, as far as is known: "connection refused", …; empty when it can.
    unreachable: str = ""
    #: Whether it stands in ZooKeeper's group; this node's own may not do so yet.
    registered: bool = True


class LogStatus(Message):
    """How the log fares on one node; `diagnosis` is what a person should know, empty when all is well."""

    replica: Pid
    status: Status
    quorum: int
    auto_initialize: bool
    members: tuple[MemberStatus, ...]
    begin: int = 1
    end: int = 0
    #: How long it has been trying to become VOTING; 0 once it is.
    recovering_seconds: float = 0.0
    #: The address of the group, without credentials; empty where there is none.
    group: str = ""
    #: Whether ZooKeeper can be reached just now; None where there is none.
    connected: bool | None = None
    diagnosis: str = ""
