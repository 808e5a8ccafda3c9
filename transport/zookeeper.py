"""A session with ZooKeeper by kazoo: the only file that imports it.

What kazoo leaves open is settled here (reliability.md §4.2). It connects anew for ever and soon (K7); its
listener only passes on (K2); reads of children see what ZooKeeper's leader sees (K11). Answers, changes and
the ends of connections come on one thread in the order of the wire, where kazoo has three. A connection that
seems dead can be broken, and the server that it led to is left alone for a while: kazoo goes on waiting for
one that hangs as long as it is sent requests.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import (
    AuthFailedError,
    ConnectionDropped,
    ConnectionLoss,
    KazooException,
    NoAuthError,
    NodeExistsError,
    NoNodeError,
    SessionExpiredError,
)
from kazoo.handlers.threading import SequentialThreadingHandler
from kazoo.protocol.connection import ConnectionHandler
from kazoo.protocol.states import EventType, KeeperState
from kazoo.retry import KazooRetry
from kazoo.security import CREATOR_ALL_ACL, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE

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
from transport.pid import Address
from transport.session import (
    Answered,
    Changed,
    Connected,
    Ended,
    Event,
    Noted,
    Probe,
    Probed,
    Reply,
    Request,
    Suspended,
    Unreachable,
)
from transport.zookeeper_stand_ins import HeadSocket, TurnQueue, WarningLog

#: ZooKeeper breaks the connection of who sends it 1 MiB (K9).
MAX_DATA_BYTES: Final = 900 * 1024
#: Between two rounds of all servers: kazoo doubles the pause up to this one, give or take two fifths.
_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 3.5
#: To connect to a server takes at most this share of the time-out for each server, but as long at least.
_CONNECT_SHARE: Final = 1 / 3
_CONNECT_SECONDS: Final = 1.0
#: For how much of the time-out a server that hung is left alone.
_AVOID_SHARE: Final = 1 / 2

_NONSENSE: Final = "answers what no ZooKeeper would"
_FAILURES: Final = (
    (SessionExpiredError, Failure.SESSION_EXPIRED, "the session is over"),
    (ConnectionLoss, Failure.CONNECTION_LOSS, "the connection broke"),
    # So kazoo says that the answer was that of another request.
    (RuntimeError, Failure.CONNECTION_LOSS, "the connection broke"),
    (NoNodeError, Failure.NO_NODE, "there is no such node"),
    (NodeExistsError, Failure.NODE_EXISTS, "there is such a node already"),
    (NoAuthError, Failure.NO_AUTH, "not permitted with these credentials, or without any"),
    (AuthFailedError, Failure.NO_AUTH, "the credentials are not accepted"),
)


class ZooKeeperClient:
    """One session, from its making on: a `transport.session.Client`.

    `tell` is called on a thread of the client and must not block. `credentials` are `user:password`: with
    them the nodes that are made may be read by all, and changed by who has the same (mesos-protocol.md §6).
    """

    def __init__(
        self,
        servers: Sequence[Address],
        timeout_seconds: float,
        tell: Callable[[Event], None],
        *,
        credentials: str | None = None,
    ) -> None:
        self._tell = tell
        #: Whether nothing is told any more, and whether it was closed by its owner.
        self._closed = False
        self._closing = False
        self._trouble = ""
        self._handler = _Handler(len(servers), timeout_seconds)
        log = WarningLog(self._note, self._heed)
        retry = KazooRetry(
            max_tries=-1, delay=_PAUSE_SECONDS, max_delay=_LONGEST_PAUSE_SECONDS, max_jitter=0.4
        )
        self._kazoo = KazooClient(
            hosts=",".join(map(str, servers)),
            timeout=timeout_seconds,
            handler=self._handler,
            auth_data=[("digest", credentials)] if credentials else None,
            default_acl=READ_ACL_UNSAFE + CREATOR_ALL_ACL if credentials else OPEN_ACL_UNSAFE,
            connection_retry=retry,
            logger=log,
        )
        self._kazoo._connection = _Connection(self._kazoo, retry.copy(), logger=log)  # noqa: SLF001
        self._kazoo.add_listener(self._listen)
        self._kazoo.start_async()

    def ask(self, number: int, request: Request) -> None:
        """See `Client.ask`."""
        if isinstance(request, CreateNode) and len(request.data) > MAX_DATA_BYTES:
            reason = f"{request.path}: {len(request.data)} bytes are more than {MAX_DATA_BYTES}"
            failed = RequestFailed(request.request_id, Failure.OTHER, reason)
            self._handler.call(functools.partial(self._emit, Answered(number, failed)))
        else:
            self._start(request).rawlink(functools.partial(self._answer, number, request))

    def interrupt(self) -> None:
        """See `Client.interrupt`."""
        self._handler.interrupt()

    def close(self, wait_seconds: float = 0.0) -> None:
        """See `Client.close`."""
        if self._closing:
            return
        self._closed = self._closing = True
        # kazoo's own stop waits for ten seconds and more.
        closing = threading.Thread(target=self._stop, name="zookeeper-close", daemon=True)
        closing.start()
        closing.join(wait_seconds)
        if closing.is_alive():
            self._handler.end()

    def _stop(self) -> None:
        with contextlib.suppress(KazooException, OSError):
            self._kazoo.stop()
            self._kazoo.close()

    # Requests.

    def _start(self, request: Request) -> Any:
        kazoo = self._kazoo
        match request:
            case MakePath():
                return kazoo.ensure_path_async(request.path)
            case CreateNode():
                return kazoo.create_async(request.path, request.data, ephemeral=True, sequence=True)
            case ListChildren():
                # Requests of a session are carried out in order, so nobody need wait for the first.
                kazoo.sync_async(request.path)
                # Always the same function: kazoo keeps each one only once.
                return kazoo.get_children_async(request.path, self._changed if request.watch else None)
            case ReadNode():
                return kazoo.get_async(request.path)
            case DeleteNode():
                return kazoo.delete_async(request.path)
            case Probe() if request.through_quorum:
                transaction = kazoo.transaction()
                transaction.check("/", version=-1)
                return transaction.commit_async()
            case Probe():
                return kazoo.exists_async("/")

    def _answer(self, number: int, request: Request, result: Any) -> None:
        error = result.exception
        reply = _reply(request, result.value) if error is None else _failed(request, error)
        self._emit(Answered(number, reply))

    # What happens to the session; on threads of kazoo.

    def _listen(self, state: str) -> None:
        self._handler.call(functools.partial(self._emit, self._event(state)))

    def _event(self, state: str) -> Event:
        if state == KazooState.CONNECTED:
            session_id, _password = self._kazoo.client_id
            return Connected(session_id, self._handler.agreed_seconds(), self._handler.asked_at)
        if state == KazooState.SUSPENDED:
            return Suspended(self._trouble)
        self._handler.end()
        if self._kazoo.client_state == KeeperState.AUTH_FAILED:
            return Ended(f"{self._handler.server}: does not accept the credentials", refused=True)
        if self._kazoo.client_state == KeeperState.EXPIRED_SESSION:
            return Ended(f"{self._handler.server}: the session has expired")
        return Ended("kazoo gave up")

    def _changed(self, event: Any) -> None:
        if event.type != EventType.NONE:  # which says that the connection broke: that is told anyway
            self._emit(Changed(event.path))

    def _note(self, text: str) -> None:
        self._handler.call(functools.partial(self._emit, Noted(text)))

    def _heed(self, warning: str) -> None:
        self._trouble = self._handler.in_words(warning)
        self._handler.call(functools.partial(self._emit, Unreachable(self._trouble)))

    def _emit(self, event: Event) -> None:
        if self._closed:
            return
        self._closed = isinstance(event, Ended)
        self._tell(event)


class _Connection(ConnectionHandler):  # type: ignore[misc]
    """Corrects two things about kazoo's.

    It numbers the requests of a session on through all of its connections, as ZooKeeper's own clients do. A
    server tells the answers that it gets from the leader by session and number alone: where each connection
    began with 1 again, a request could be given the answer of another, sent before to another server.

    What makes no sense breaks the connection, and not the thread with the session. It happens: when two
    servers took the session over, of which one had hung, the write that shows it is never answered, what was
    asked after it may be, and then the server breaks the connection (ZOOKEEPER-710).
    """

    _number = 0

    def _read_socket(self, read_timeout: float) -> Any:
        try:
            return super()._read_socket(read_timeout)
        except (RuntimeError, ValueError, IndexError, struct.error) as error:
            raise ConnectionDropped(f"answered out of turn: {error}") from error

    @property
    def _xid(self) -> int:
        return self._number

    @_xid.setter
    def _xid(self, number: int | None) -> None:
        if number:
            self._number = number


class _Handler(SequentialThreadingHandler):  # type: ignore[misc]  # kazoo has no hints
    """Kazoo's threads and sockets, with one order for all that is told."""

    queue_impl = TurnQueue

    def __init__(self, servers: int, timeout_seconds: float) -> None:
        super().__init__()
        #: When it began to connect the last time, and with whom.
        self.asked_at = 0.0
        self.server = ""
        self._servers = servers
        self._timeout_seconds = timeout_seconds
        self._connect_seconds = max(_CONNECT_SECONDS, timeout_seconds * _CONNECT_SHARE / servers)
        self._socket: HeadSocket | None = None
        self._interrupted = False
        self._ended = False
        self._avoided = ""
        self._avoided_until = 0.0

    def call(self, function: Callable[[], None]) -> None:
        """Have it called in its turn on the thread that tells everything."""
        self.completion_queue.put(function)

    def dispatch_callback(self, callback: Any) -> None:
        """Take a change of a node; called by kazoo, which would have another thread for it."""
        self.call(functools.partial(callback.func, *callback.args))

    def create_connection(
        self, address: tuple[str, int], hostname: str, timeout: float, **_tls: object
    ) -> HeadSocket:
        """Connect, in less time than kazoo would allow; called by kazoo."""
        self._socket = None
        self._interrupted = False
        self.server = str(Address(hostname, address[1]))
        self.asked_at = time.monotonic()
        if self._ended:
            raise OSError(None, "the session is over")
        if self.server == self._avoided and self.asked_at < self._avoided_until and self._servers > 1:
            raise OSError(None, "did not answer a moment ago")
        plain = super().create_connection(address, timeout=min(timeout, self._connect_seconds))
        self._socket = HeadSocket(fileno=plain.detach())
        return self._socket

    def agreed_seconds(self) -> float:
        """The session's time-out, as ZooKeeper gave it: length, version, time-out in milliseconds, …"""
        assert self._socket is not None
        return int.from_bytes(self._socket.head[8:12], "big", signed=True) / 1000

    def in_words(self, warning: str) -> str:
        """What a warning of kazoo says about the server that it connected with last."""
        if not self.server or warning.startswith("Cannot resolve"):
            return warning
        if "time-out" in warning or "heartbeat" in warning or self._interrupted:
            return f"{self.server}: does not answer"
        if "invalid" in warning:
            return f"{self.server}: {_NONSENSE}"
        if self._socket is None:
            return f"{self.server}: {warning}"
        if not self._socket.head:
            return f"{self.server}: serves nobody, or has less data than this session has seen"
        return f"{self.server}: broke the connection"

    def interrupt(self) -> None:
        """Break the connection, and leave its server alone for a while."""
        self._interrupted = True
        self._avoided = self.server
        self._avoided_until = time.monotonic() + self._timeout_seconds * _AVOID_SHARE
        self._break()

    def end(self) -> None:
        """Break the connection, and make no other."""
        self._ended = True
        self._break()

    def _break(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _reply(request: Request, value: Any) -> Reply:
    number = request.request_id
    match request:
        case MakePath():
            return NodeCreated(number, request.path)
        case CreateNode():
            return NodeCreated(number, value)
        case ListChildren():
            return ChildrenListed(number, tuple(sorted(value)))
        case ReadNode():
            data, stat = value
            return NodeRead(number, data, stat.ephemeralOwner)
        case DeleteNode():
            return NodeDeleted(number)
        case Probe():
            return Probed()


def _failed(request: Request, error: BaseException) -> Reply:
    if isinstance(request, DeleteNode) and isinstance(error, NoNodeError):
        return NodeDeleted(request.request_id)
    path = "" if isinstance(request, Probe) else f"{request.path}: "
    for kind, failure, words in _FAILURES:
        if isinstance(error, kind):
            return RequestFailed(request.request_id, failure, f"{path}{words}")
    return RequestFailed(request.request_id, Failure.OTHER, f"{path}{type(error).__name__} {error}".rstrip())
