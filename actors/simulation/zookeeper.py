"""A simulated ZooKeeper: one server on a node of its own, which stands for a whole ensemble.

    zookeeper = SimulatedZooKeeper(sim)
    node = sim.node("m1", lambda node: node.spawn(zookeeper.session(node, 10.0), "zookeeper"))

Partitions, pauses, crashes and the faults of the network are those of its node, `zookeeper.node`; what it
holds survives all of them, and only `wipe` forgets it. Sessions and ephemeral nodes are kept as ZooKeeper
keeps them: a session ends when its client was not heard for its time-out, by the server's clock, and all
clients have their full time-out again when the server comes back.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Final

from actors.election.session import ZooKeeperSession
from actors.process import Process, handles
from actors.simulation.node import SimulatedNode
from actors.simulation.simulation import Simulation
from actors.simulation.znodes import Refusal, Session, Tree
from actors.simulation.zookeeper_client import (
    Answer,
    Close,
    Connect,
    Connected,
    Do,
    Operation,
    SimulatedClient,
    Told,
    Unconnected,
)
from transport.pid import Pid
from transport.session import Event

_SERVER: Final = "server"
#: Sessions end at the ticks of this clock, never before their time.
_TICK_SECONDS: Final = 0.2


class SimulatedZooKeeper:
    """The ensemble in a test's hand. What is done by hand here is done at once, as if by another client."""

    def __init__(
        self,
        sim: Simulation,
        name: str = "zookeeper",
        *,
        least_timeout_seconds: float = 1.0,
        most_timeout_seconds: float = 60.0,
    ) -> None:
        self._limits = least_timeout_seconds, most_timeout_seconds
        self.tree = Tree(self._fire)
        #: Credentials that are not accepted.
        self.refused: dict[str, None] = {}
        self._clients = itertools.count(1)
        self.node: SimulatedNode = sim.node(name, self._boot)

    def session(
        self, node: SimulatedNode, timeout_seconds: float = 10.0, credentials: str = ""
    ) -> Callable[[], ZooKeeperSession]:
        """Make the maker of the node's actor "zookeeper": the real one, with simulated clients."""

        def make(tell: Callable[[Event], None]) -> SimulatedClient:
            client = SimulatedClient(
                self.node.pid_of(_SERVER),
                timeout_seconds,
                credentials,
                tell,
                lambda session_id: self._close(node, session_id),
            )
            node.spawn(lambda: client, f"zookeeper-client-{next(self._clients)}")
            return client

        return lambda: ZooKeeperSession(make)

    # --- faults ---

    def stop(self) -> None:
        """Have all servers lose their power."""
        self.node.crash()

    def start(self) -> None:
        """Have them back, with all that they held."""
        self.node.restart()

    def wipe(self) -> None:
        """Have it forget everything; to be started, or restarted, after."""
        self.tree.wipe()

    def expire(self, node: SimulatedNode | str) -> None:
        """End the sessions of a node, as if it had not been heard."""
        host = node if isinstance(node, str) else node.name
        for session in tuple(self.tree.sessions.values()):
            if session.client is not None and session.client.host == host:
                self._server().end(session)

    def deny(self, path: str) -> None:
        """Permit nobody anything at the path and below it."""
        self.tree.denied[path] = None

    def protect(self, path: str) -> None:
        """Permit no client to remove the node; it still goes with its session."""
        self.tree.protected[path] = None

    def permit(self, path: str) -> None:
        """Undo `deny` and `protect`."""
        self.tree.denied.pop(path, None)
        self.tree.protected.pop(path, None)

    # --- looking in, and doing something by hand ---

    def children(self, path: str) -> tuple[str, ...]:
        """The names of a node's children; none where there is no such node."""
        try:
            return self.tree.children(path, None)
        except Refusal:
            return ()

    def data(self, path: str) -> bytes:
        """What a node holds; raises Refusal."""
        return self.tree.read(path).data

    def owner(self, path: str) -> int:
        """The session of a node, 0 for a persistent one; raises Refusal."""
        return self.tree.read(path).owner

    def create(self, path: str, data: bytes = b"", *, sequence: bool = False) -> str:
        """Make a persistent node, and those above it; returns its path."""
        self.tree.make_path(path.rpartition("/")[0])
        return self.tree.create(path, data, 0, sequence=sequence)

    def delete(self, path: str) -> None:
        """Remove a node."""
        self.tree.delete(path)

    # --- how it works ---

    def _boot(self, node: SimulatedNode) -> None:
        node.spawn(lambda: _Server(self.tree, self.refused, self._limits), _SERVER, vital=True)

    def _close(self, node: SimulatedNode, session_id: int) -> bool:
        """Close the session of a client that waits for it, if the server can hear it."""
        end = node.ends.get(self.node.address)
        if end is None or not (end.flowing and end.far.flowing):
            return False
        self.tree.end(session_id)
        return True

    def _server(self) -> _Server:
        return self.node.process(_SERVER, _Server)

    def _fire(self, session_id: int, path: str) -> None:
        if self.node.up:
            self._server().fire(session_id, path)


class _Server(Process):
    """Answers clients. A client numbers its connections and its requests, and gaps break a connection."""

    def __init__(self, tree: Tree, refused: dict[str, None], limits: tuple[float, float]) -> None:
        self._tree = tree
        self._refused = refused
        self._limits = limits
        #: By session: the number of the next request, and of the next thing told.
        self._expected: dict[int, int] = {}
        self._told: dict[int, int] = {}

    def initialize(self) -> None:
        """Give all sessions their time."""
        now = self.system.now()
        for session in self._tree.sessions.values():
            session.heard_at = now
            session.client = None
            self._tree.unwatch(session.session_id)
        self.every(_TICK_SECONDS, self._expire)

    def _expire(self) -> None:
        now = self.system.now()
        for session in tuple(self._tree.sessions.values()):
            if now - session.heard_at > session.timeout_seconds:
                self.end(session)

    def end(self, session: Session) -> None:
        """End a session, and tell its client, should that listen."""
        client = session.client
        self._tree.end(session.session_id)
        if client is not None:
            self.send(client, Unconnected(session.connection, expired=True))

    @handles(Connect)
    def connect(self, sender: Pid, message: Connect) -> None:
        """A client wants a session, or its old one on a new connection."""
        if message.credentials in self._refused:
            self.send(sender, Unconnected(message.connection, refused=True))
            return
        if message.session_id:
            session = self._tree.sessions.get(message.session_id)
            if session is None:
                self.send(sender, Unconnected(message.connection, expired=True))
                return
            if session.client == sender and session.connection >= message.connection:
                return  # an attempt that the client has given up
        else:
            least, most = self._limits
            session = self._tree.begin(min(max(message.timeout_seconds, least), most))
        self._tree.unwatch(session.session_id)
        session.client, session.connection = sender, message.connection
        session.heard_at = self.system.now()
        self._expected[session.session_id] = self._told[session.session_id] = 1
        self.send(sender, Connected(message.connection, session.session_id, session.timeout_seconds))

    @handles(Do)
    def do(self, sender: Pid, message: Do) -> None:
        """A client asks for something."""
        session = self._tree.sessions.get(message.session_id)
        if session is None:
            self.send(sender, Unconnected(message.connection, expired=True))
            return
        if session.client != sender or session.connection != message.connection:
            self.send(sender, Unconnected(message.connection))
            return
        expected = self._expected[session.session_id]
        if message.number < expected:
            return  # heard twice
        if message.number > expected:
            self._break(session)
            return
        self._expected[session.session_id] = expected + 1
        session.heard_at = self.system.now()
        self._tell(session, self._perform(session, message))

    def _perform(self, session: Session, message: Do) -> Answer:
        number, path = message.number, message.path
        try:
            if message.operation is Operation.LIST:
                watcher = session.session_id if message.watch else None
                return Answer(number, names=self._tree.children(path, watcher))
            if message.operation is Operation.READ:
                node = self._tree.read(path)
                return Answer(number, data=node.data, owner=node.owner)
            if message.operation is Operation.CREATE:
                made = self._tree.create(path, message.data, session.session_id, sequence=True)
                return Answer(number, path=made)
            if message.operation is Operation.MAKE_PATH:
                self._tree.make_path(path)
            elif message.operation is Operation.DELETE:
                self._tree.delete(path, by_client=True)
            return Answer(number, path=path)
        except Refusal as refusal:
            return Answer(number, failure=refusal.failure, reason=refusal.reason)

    @handles(Close)
    def close(self, sender: Pid, message: Close) -> None:
        """A client ends its session."""
        session = self._tree.sessions.get(message.session_id)
        if session is not None and session.client == sender:
            self._tree.end(session.session_id)

    def fire(self, session_id: int, path: str) -> None:
        """A watch goes off."""
        session = self._tree.sessions.get(session_id)
        if session is not None:
            self._tell(session, Answer(0, path=path))

    def _tell(self, session: Session, answer: Answer) -> None:
        if session.client is not None:
            order = self._told[session.session_id]
            self._told[session.session_id] = order + 1
            self.send(session.client, Told(session.connection, order, answer))

    def _break(self, session: Session) -> None:
        if session.client is not None:
            self.send(session.client, Unconnected(session.connection))
        session.client = None
        self._tree.unwatch(session.session_id)
