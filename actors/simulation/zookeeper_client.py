"""A client of the simulated ZooKeeper: holds one session, as `transport.zookeeper` does for real.

What it and the server say to each other is declared here, too. A connection is what the two have between a
Connect and the first message that is lost.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from enum import StrEnum
from typing import Final

import msgspec

from actors.process import Process, handles
from transport import session
from transport.message import Message
from transport.messages.zookeeper import (
    ChildrenListed,
    CreateNode,
    DeleteNode,
    Failure,
    ListChildren,
    MakePath,
    NodeCreated,
    NodeDeleted,
    NodeRead,
    ReadNode,
    RequestFailed,
)
from transport.pid import Pid

#: The pause before the next attempt to connect, at least and at most.
_PAUSE_SECONDS: Final = (0.05, 0.4)
#: The part of the session's time-out that an attempt may take.
_ATTEMPT: Final = 1 / 3


class Operation(StrEnum):
    """What a client may ask for."""

    PROBE = "PROBE"
    LIST = "LIST"
    READ = "READ"
    CREATE = "CREATE"
    MAKE_PATH = "MAKE_PATH"
    DELETE = "DELETE"


class Connect(Message):
    """Client to server: a session, or (0) a new one, on this connection."""

    connection: int
    session_id: int
    timeout_seconds: float
    credentials: str


class Connected(Message):
    """Server to client: so be it."""

    connection: int
    session_id: int
    timeout_seconds: float


class Unconnected(Message):
    """Server to client: that connection is none, any more."""

    connection: int
    expired: bool = False
    refused: bool = False


class Do(Message):
    """Client to server: a request; they are numbered from 1 on each connection."""

    connection: int
    session_id: int
    number: int
    operation: Operation
    path: str = ""
    data: bytes = b""
    watch: bool = False


class Answer(msgspec.Struct, frozen=True, gc=False):
    """To the request of that number; a watch that went off has number 0."""

    number: int
    path: str = ""
    names: tuple[str, ...] = ()
    data: bytes = b""
    owner: int = 0
    failure: Failure | None = None
    reason: str = ""


class Told(Message):
    """Server to client: something to hear, in this order from 1 on each connection."""

    connection: int
    order: int
    answer: Answer


class Close(Message):
    """Client to server: the session is not needed any more."""

    session_id: int


class SimulatedClient(Process):
    """A `transport.session.Client`; an actor, to hear the server, though the session calls it like a library.

    `close_now` is what a client does that waits until the server knows.
    """

    def __init__(
        self,
        server: Pid,
        timeout_seconds: float,
        credentials: str,
        tell: Callable[[session.Event], None],
        close_now: Callable[[int], bool],
    ) -> None:
        self._server = server
        self._timeout_seconds = timeout_seconds
        self._credentials = credentials
        self._tell = tell
        self._close_now = close_now
        self._session_id = 0
        self._connections = itertools.count(1)
        #: The present connection, or the one that is tried; 0 for none.
        self._connection = 0
        self._connected = False
        self._closed = False
        self._dialed_at = 0.0
        self._number = self._order = 0
        #: What is not answered, with the numbers that the session knows.
        self._asked: dict[int, tuple[int, session.Request]] = {}

    # --- what the session calls ---

    def ask(self, number: int, request: session.Request) -> None:
        """Send a request."""
        if not self._connected:
            self._fail(number, request, Failure.CONNECTION_LOSS, "there is no connection")
            return
        self._number += 1
        self._asked[self._number] = number, request
        self.send(self._server, self._do(request))

    def interrupt(self) -> None:
        """Break the connection."""
        self._lost("interrupted")

    def close(self, wait_seconds: float = 0.0) -> None:
        """End the session."""
        if self._closed:
            return
        self._closed = True
        if self._session_id and not (wait_seconds and self._close_now(self._session_id)):
            self.send(self._server, Close(self._session_id))
        self.terminate()

    # --- connections ---

    def initialize(self) -> None:
        """Connect."""
        self._dial()

    def exited(self, pid: Pid) -> None:
        """The connection broke, or there was none."""
        self._lost("the connection broke")

    def _dial(self) -> None:
        if self._connected or self._closed:
            return
        self._connection = next(self._connections)
        self.link(self._server)
        self._dialed_at = self.system.now()
        self.send(
            self._server,
            Connect(self._connection, self._session_id, self._timeout_seconds, self._credentials),
        )
        self.delay(self._timeout_seconds * _ATTEMPT, self._give_up, self._connection)

    def _give_up(self, connection: int) -> None:
        if connection == self._connection and not self._connected and not self._closed:
            self._lost("no answer")

    def _lost(self, reason: str) -> None:
        if self._closed or not self._connection:
            return
        self._connection = 0
        if self._connected:
            self._break(Failure.CONNECTION_LOSS, reason)
            self._tell(session.Suspended(reason))
        else:
            self._tell(session.Unreachable(reason))
        self.delay(self.system.rng.uniform(*_PAUSE_SECONDS), self._dial)

    def _break(self, failure: Failure, reason: str) -> None:
        self._connected = False
        asked, self._asked = self._asked, {}
        for number, request in asked.values():
            self._fail(number, request, failure, reason)

    def _fail(self, number: int, request: session.Request, failure: Failure, reason: str) -> None:
        self._tell(session.Answered(number, RequestFailed(request.request_id, failure, reason)))

    @handles(Connected)
    def connected(self, sender: Pid, message: Connected) -> None:
        """The server has the session."""
        if message.connection != self._connection or self._connected or self._closed:
            return
        self._connected = True
        self._session_id, self._timeout_seconds = message.session_id, message.timeout_seconds
        self._number, self._order = 0, 1
        self._tell(session.Connected(self._session_id, self._timeout_seconds, self._dialed_at))

    @handles(Unconnected)
    def unconnected(self, sender: Pid, message: Unconnected) -> None:
        """The server does not know the connection, or the session."""
        if message.connection != self._connection or self._closed:
            return
        if not message.expired and not message.refused:
            self._lost("the server broke the connection")
            return
        reason = "authentication failed" if message.refused else "the session has expired"
        self._connection = 0
        self._break(Failure.SESSION_EXPIRED, reason)
        self._session_id = 0
        self._tell(session.Ended(reason, refused=message.refused))

    # --- requests ---

    def _do(self, request: session.Request) -> Do:
        connection, session_id, number = self._connection, self._session_id, self._number
        match request:
            case ListChildren(path=path, watch=watch):
                return Do(connection, session_id, number, Operation.LIST, path, watch=watch)
            case CreateNode(path=path, data=data):
                return Do(connection, session_id, number, Operation.CREATE, path, data)
            case MakePath(path=path):
                return Do(connection, session_id, number, Operation.MAKE_PATH, path)
            case ReadNode(path=path):
                return Do(connection, session_id, number, Operation.READ, path)
            case DeleteNode(path=path):
                return Do(connection, session_id, number, Operation.DELETE, path)
            case _:
                return Do(connection, session_id, number, Operation.PROBE)

    @handles(Told)
    def told(self, sender: Pid, message: Told) -> None:
        """The server answers, or a watch went off."""
        if message.connection != self._connection or not self._connected or message.order < self._order:
            return
        if message.order > self._order:
            self._lost("something that the server said was lost")
            return
        self._order += 1
        answer = message.answer
        if not answer.number:
            self._tell(session.Changed(answer.path))
            return
        number, request = self._asked.pop(answer.number)
        if answer.failure is not None:
            self._fail(number, request, answer.failure, answer.reason)
        else:
            self._tell(session.Answered(number, _reply(request, answer)))


def _reply(request: session.Request, answer: Answer) -> session.Reply:
    number = request.request_id
    match request:
        case ListChildren():
            return ChildrenListed(number, answer.names)
        case CreateNode() | MakePath():
            return NodeCreated(number, answer.path)
        case ReadNode():
            return NodeRead(number, answer.data, answer.owner)
        case DeleteNode():
            return NodeDeleted(number)
        case _:
            return session.Probed()
