"""The actor `zookeeper`: the one session that a node has with ZooKeeper, for all its actors.

It ends a session on its own when there was no connection for the time-out: whoever is cut off learns of it
from nobody else (reliability.md K1). A client is made for each session, and what comes of a former one is
dropped.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

import msgspec

from actors.election.liveness import Liveness
from actors.election.requests import Asked, Requests
from actors.process import Process, handles
from actors.system import Timer
from transport.messages.zookeeper import (
    ChildrenChanged,
    ChildrenListed,
    CreateNode,
    DeleteNode,
    Failure,
    ListChildren,
    MakePath,
    ReadNode,
    RequestFailed,
    SessionAlive,
    SessionChanged,
    SessionState,
    WatchSession,
)
from transport.pid import Pid
from transport.session import (
    Answered,
    Changed,
    Client,
    Connected,
    Ended,
    Event,
    Noted,
    Probe,
    Reply,
    Request,
    Suspended,
    Unreachable,
)

#: Its name.
ZOOKEEPER: Final = "zookeeper"

#: How often in each time-out the connection is probed.
_PROBES: Final = 8
#: The share of the time-out after which a connection without an answer is given up: another server may be
#: found before the session ends.
_PATIENCE_SHARE: Final = 1 / 3
#: The beginnings of two sessions are at least so far apart, whatever it is that ends them.
_PAUSE_SECONDS: Final = 1.0
#: What is in the way of a connection is told this often.
_TROUBLE_SECONDS: Final = 10.0
#: How long the end of the node waits for ZooKeeper to know of it, so that others need not wait for longer.
_CLOSE_SECONDS: Final = 1.0


class _Told(msgspec.Struct, frozen=True):
    """What the client of a session told; sessions are counted."""

    session: int
    event: Event


class ZooKeeperSession(Process):
    """Holds sessions by clients that `make` makes, one after the other; each is given what to tell events to.

    The first one begins with the actor.
    """

    def __init__(self, make: Callable[[Callable[[Event], None]], Client]) -> None:
        self._make = make
        self._sessions = 0
        self._began_at = 0.0
        self._client: Client
        self._state = SessionChanged(SessionState.CONNECTING)
        self._liveness = Liveness(0.0, 0.0)
        self._requests = Requests()
        #: Whether this session may have made nodes, so that others rely on its being alive.
        self._owns = False
        self._probing = False
        self._interrupted = False
        #: Who is told of the session, and of the children of which paths.
        self._watchers: dict[Pid, None] = {}
        self._watches: dict[str, dict[Pid, None]] = {}
        #: Probes while there is a connection, and ends the session when there was none for too long.
        self._timer: Timer | None = None
        self._quiet_until = float("-inf")

    def initialize(self) -> None:
        """Begin a session."""
        self._begin()

    def finalize(self) -> None:
        """End it, with what belongs to it."""
        self._client.close(_CLOSE_SECONDS)

    def exited(self, pid: Pid) -> None:
        """Tell a watcher nothing any more."""
        self._watchers.pop(pid, None)

    # What actors ask.

    @handles(WatchSession)
    def _on_watch_session(self, sender: Pid, message: WatchSession) -> None:
        if sender not in self._watchers:
            self._watchers[sender] = None
            self.link(sender)
        self.send(sender, self._now())

    @handles(MakePath)
    def _on_make_path(self, sender: Pid, message: MakePath) -> None:
        self._take(sender, message)

    @handles(CreateNode)
    def _on_create_node(self, sender: Pid, message: CreateNode) -> None:
        self._take(sender, message)

    @handles(ListChildren)
    def _on_list_children(self, sender: Pid, message: ListChildren) -> None:
        self._take(sender, message)

    @handles(ReadNode)
    def _on_read_node(self, sender: Pid, message: ReadNode) -> None:
        self._take(sender, message)

    @handles(DeleteNode)
    def _on_delete_node(self, sender: Pid, message: DeleteNode) -> None:
        self._take(sender, message)

    def _take(self, sender: Pid, request: Request) -> None:
        state = self._state.state
        if state is SessionState.CONNECTED:
            # Whether it succeeds may never become known.
            self._owns |= isinstance(request, CreateNode)
            self._ask(sender, request)
        else:
            refused = state is SessionState.REFUSED
            failure = Failure.NO_AUTH if refused else Failure.CONNECTION_LOSS
            reason = self._state.reason or "there is no connection with ZooKeeper"
            self.send(sender, RequestFailed(request.request_id, failure, reason))

    def _ask(self, asker: Pid | None, request: Request) -> None:
        self._requests.add(asker, request)
        self._send_requests()

    def _send_requests(self) -> None:
        for number, request in self._requests.to_send(self.system.now()):
            self._client.ask(number, request)

    # What the client tells.

    @handles(_Told)
    def _on_told(self, sender: Pid, message: _Told) -> None:
        if message.session != self._sessions:
            return
        match message.event:
            case Answered(number=number, reply=reply):
                self._answered(number, reply)
            case Changed(path=path):
                for watcher in self._watches.pop(path, {}):
                    self.send(watcher, ChildrenChanged(path))
            case Connected() as connected:
                self._connected(connected)
            case Unreachable(reason=reason):
                self._unreachable(reason)
            case Suspended(reason=reason):
                self._suspended(reason)
            case Noted(text=text):
                self.log.debug("client of zookeeper", text=text)
            case Ended(reason=reason, refused=refused):
                self._end(SessionState.REFUSED if refused else SessionState.EXPIRED, reason)

    def _answered(self, number: int, reply: Reply) -> None:
        asked = self._requests.answered(number)
        if asked is None:
            return
        if not isinstance(reply, RequestFailed):
            self._note_alive(asked)
        request = asked.request
        if asked.asker is None:
            self._probing = False
        else:
            if isinstance(request, ListChildren) and request.watch and isinstance(reply, ChildrenListed):
                self._watches.setdefault(request.path, {})[asked.asker] = None
            self.send(asked.asker, reply)
        self._send_requests()

    def _note_alive(self, asked: Asked) -> None:
        request = asked.request
        by_quorum = isinstance(request, CreateNode) or (isinstance(request, Probe) and request.through_quorum)
        later = self._liveness.answered(asked.sent_at, self.system.now(), by_quorum=by_quorum)
        if later or asked.asker is None:
            self._tell(SessionAlive(self._state.session_id, self._liveness.alive_at))

    def _connected(self, connected: Connected) -> None:
        if self._state.state is SessionState.SUSPENDED:
            self._liveness.reconnected(connected.asked_at)
        else:
            self._liveness = Liveness(connected.asked_at, connected.timeout_seconds)
        self._probing = self._interrupted = False
        self._quiet_until = float("-inf")
        self.log.info(
            "connected with zookeeper",
            session=f"{connected.session_id:#x}",
            timeout_seconds=connected.timeout_seconds,
        )
        self._change(SessionChanged(SessionState.CONNECTED, connected.session_id, connected.timeout_seconds))
        self._set(self.every(connected.timeout_seconds / _PROBES, self._probe))
        self._probe()

    def _suspended(self, reason: str) -> None:
        self.log.warning("connection with zookeeper broke", reason=reason)
        self._change(msgspec.structs.replace(self._state, state=SessionState.SUSPENDED, reason=reason))
        self._give_up(Failure.CONNECTION_LOSS, f"the connection with ZooKeeper broke: {reason}")
        self._set(self.delay(self._state.timeout_seconds, self._expire))

    def _unreachable(self, reason: str) -> None:
        """Say what stands in the way, but not at each of many attempts."""
        if self._state.state is SessionState.CONNECTED:
            return
        self._state = msgspec.structs.replace(self._state, reason=reason)
        now = self.system.now()
        if now < self._quiet_until:
            return
        self._quiet_until = now + _TROUBLE_SECONDS
        self.log.warning("zookeeper cannot be reached", reason=reason, state=self._state.state)
        if self._state.state is SessionState.CONNECTING:
            self._tell(self._state)

    # The life of a session.

    def _begin(self) -> None:
        self._owns = False
        self._began_at = self.system.now()
        self._client = self._make(functools.partial(self._happened, self._sessions))

    def _happened(self, session: int, event: Event) -> None:
        """Make an event a turn of this actor; called on a thread of the client."""
        self.system.send(self.pid, self.pid, _Told(session, event))

    def _probe(self) -> None:
        """See whether the connection works; ZooKeeper's leader hears of the session by it, too."""
        asked_at = self._requests.oldest_sent_at()
        if asked_at is None or not self._probing:
            self._probing = True
            self._ask(None, Probe(through_quorum=self._owns))
        waited_seconds = 0.0 if asked_at is None else self.system.now() - asked_at
        if waited_seconds > self._state.timeout_seconds:
            self._end(SessionState.EXPIRED, f"no answer from ZooKeeper for {waited_seconds:g} s")
        elif waited_seconds > self._state.timeout_seconds * _PATIENCE_SHARE and not self._interrupted:
            self._interrupted = True
            self.log.warning("zookeeper does not answer", waited_seconds=round(waited_seconds, 3))
            self._client.interrupt()

    def _expire(self) -> None:
        seconds = self._state.timeout_seconds
        self._end(
            SessionState.EXPIRED, f"no connection with ZooKeeper for {seconds:g} s: {self._state.reason}"
        )

    def _end(self, state: SessionState, reason: str) -> None:
        self._set(None)
        self._sessions += 1
        self._client.close()
        self.log.error("session with zookeeper ended", state=state, reason=reason)
        self._change(msgspec.structs.replace(self._state, state=state, reason=reason))
        self._give_up(Failure.SESSION_EXPIRED, f"the session with ZooKeeper ended: {reason}")
        if state is SessionState.EXPIRED:
            self.delay(max(0.0, self._began_at + _PAUSE_SECONDS - self.system.now()), self._begin)

    def _give_up(self, failure: Failure, reason: str) -> None:
        """Fail what is not answered; whatever it was that was watched must be read anew."""
        self._watches.clear()
        for asked in self._requests.give_up():
            if asked.asker is not None:
                self.send(asked.asker, RequestFailed(asked.request.request_id, failure, reason))

    def _set(self, timer: Timer | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = timer

    def _now(self) -> SessionChanged:
        return msgspec.structs.replace(self._state, alive_at=self._liveness.alive_at)

    def _change(self, state: SessionChanged) -> None:
        self._state = state
        self._tell(self._now())

    def _tell(self, message: SessionChanged | SessionAlive) -> None:
        for watcher in self._watchers:
            self.send(watcher, message)
