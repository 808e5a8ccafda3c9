"""What the one session with ZooKeeper and the client that holds it say to each other on a node.

A client takes requests and tells events, each event by a call, all on one thread and in the order in which
they came about: an answer before the change of what it read, the failures of what was under way before the
end of the connection.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

from transport.message import Message
from transport.messages.zookeeper import (
    ChildrenListed,
    CreateNode,
    DeleteNode,
    ListChildren,
    MakePath,
    NodeCreated,
    NodeDeleted,
    NodeRead,
    ReadNode,
    RequestFailed,
)


class Probe(Message):
    """See whether the connection still works; answered by Probed.

    `through_quorum`: by a majority of the ZooKeepers, as a change that changes nothing, rather than by the
    one that the client is connected with, which may be cut off from the others without knowing it yet.
    """

    through_quorum: bool
    request_id: int = 0


class Probed(Message):
    """It works."""


Request: TypeAlias = MakePath | CreateNode | ListChildren | ReadNode | DeleteNode | Probe
Reply: TypeAlias = NodeCreated | ChildrenListed | NodeRead | NodeDeleted | Probed | RequestFailed


class Connected(Message):
    """There is a connection, for a new session or again for the one that there was.

    `timeout_seconds` is what ZooKeeper agreed to; `asked_at` a monotonic time at which the client had not yet
    asked for this connection.
    """

    session_id: int
    timeout_seconds: float
    asked_at: float


class Unreachable(Message):
    """One ZooKeeper could not be reached, or would not serve; others are tried, and it too again."""

    reason: str


class Suspended(Message):
    """The connection broke; another one is tried for."""

    reason: str


class Ended(Message):
    """The session is over, and with it the client; `refused`: ZooKeeper does not accept the credentials."""

    reason: str
    refused: bool = False


class Changed(Message):
    """A child of that node came or went, or the node itself, since it was listed."""

    path: str


class Answered(Message):
    """What came of the request of that number."""

    number: int
    reply: Reply


class Noted(Message):
    """What the client does, for who looks for a fault."""

    text: str


Event: TypeAlias = Noted | Connected | Unreachable | Suspended | Ended | Changed | Answered


class Client(Protocol):
    """Holds one session with ZooKeeper, from when it is made (`transport.zookeeper`); nothing here blocks."""

    def ask(self, number: int, request: Request) -> None:
        """Have a request carried out after those before it; `number` comes back with the answer."""
        ...

    def interrupt(self) -> None:
        """Break the connection, because it seems to be dead; told as Suspended."""
        ...

    def close(self, wait_seconds: float = 0.0) -> None:
        """Tell nothing any more, and end the session; waits until ZooKeeper knows, for at most so long."""
        ...
