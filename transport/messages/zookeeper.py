"""What actors of a node ask of ZooKeeper, by way of the one actor that has a session with it.

All of it stays on one node. Requests are answered in their order, each by one message with its `request_id`.
What was asked before the connection broke fails with CONNECTION_LOSS, its outcome unknown; nothing is
repeated by the session. Watches fire once, and are gone when the connection breaks: after every CONNECTED,
read anew.
"""

from __future__ import annotations

from enum import StrEnum

from transport.message import DomesticMessage


class SessionState(StrEnum):
    """How it stands with the session."""

    #: No connection yet, or after the loss of a session none of a new one.
    CONNECTING = "CONNECTING"
    CONNECTED = "CONNECTED"
    #: The connection broke; the session may go on, and its ephemeral nodes are there.
    SUSPENDED = "SUSPENDED"
    #: The session is over, and its ephemeral nodes are gone or about to be; a new one is being made.
    EXPIRED = "EXPIRED"
    #: ZooKeeper does not accept the credentials; nothing is tried any more.
    REFUSED = "REFUSED"


class WatchSession(DomesticMessage):
    """Tell me how it stands with the session, now and at each change."""


class SessionChanged(DomesticMessage):
    """How it stands with the session; each session has another id.

    `timeout_seconds` is what ZooKeeper has agreed to. `alive_at` is a time by the node's monotonic clock at
    which ZooKeeper's leader certainly took the session for alive: what was sent then has reached it.
    """

    state: SessionState
    session_id: int = 0
    timeout_seconds: float = 0.0
    alive_at: float = 0.0
    reason: str = ""


class SessionAlive(DomesticMessage):
    """The connection works; told a few times in each time-out.

    `alive_at` as in SessionChanged: it gets later as long as the session owns nodes, on which others rely.
    """

    session_id: int
    alive_at: float


class MakePath(DomesticMessage):
    """Make a persistent node and those above it, where they are missing; answered by NodeCreated."""

    request_id: int
    path: str


class CreateNode(DomesticMessage):
    """Make an ephemeral node; answered by NodeCreated.

    `path` gets a suffix of ten digits from ZooKeeper, greater than any that nodes beside it were given.
    """

    request_id: int
    path: str
    data: bytes


class NodeCreated(DomesticMessage):
    """It is there, under this path."""

    request_id: int
    path: str


class ListChildren(DomesticMessage):
    """The names of a node's children, as ZooKeeper's leader has them; answered by ChildrenListed.

    With `watch`, ChildrenChanged tells the next change.
    """

    request_id: int
    path: str
    watch: bool = True


class ChildrenListed(DomesticMessage):
    """Names, sorted, without the path."""

    request_id: int
    names: tuple[str, ...]


class ChildrenChanged(DomesticMessage):
    """A child came or went, or the node itself."""

    path: str


class ReadNode(DomesticMessage):
    """What a node holds; answered by NodeRead."""

    request_id: int
    path: str


class NodeRead(DomesticMessage):
    """Its data, and the id of the session to which it belongs; 0 for a persistent one."""

    request_id: int
    data: bytes
    owner: int = 0


class DeleteNode(DomesticMessage):
    """Remove a node; answered by NodeDeleted, also when there is none."""

    request_id: int
    path: str


class NodeDeleted(DomesticMessage):
    """It is not there."""

    request_id: int


class Failure(StrEnum):
    """Why a request failed."""

    #: Its outcome is unknown.
    CONNECTION_LOSS = "CONNECTION_LOSS"
    SESSION_EXPIRED = "SESSION_EXPIRED"
    NO_NODE = "NO_NODE"
    NODE_EXISTS = "NODE_EXISTS"
    NO_AUTH = "NO_AUTH"
    OTHER = "OTHER"


class RequestFailed(DomesticMessage):
    """The request failed."""

    request_id: int
    failure: Failure
    reason: str
