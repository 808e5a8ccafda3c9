"""A group in ZooKeeper, seen by who watches it: the numbered nodes below a path (mesos-protocol.md §6)."""

from __future__ import annotations

from typing import Final

from actors.election.nodes import Node, members
from actors.election.questions import Questions
from actors.process import Process, handles
from actors.system import Timer
from transport.message import Message
from transport.messages import zookeeper
from transport.messages.zookeeper import Failure, SessionChanged, SessionState
from transport.pid import Pid

#: However quiet it is, the group is read anew this often: watches may be lost (reliability.md K3).
REFRESH_SECONDS: Final = 30.0
#: The pause before what failed is tried again; it doubles up to the greater one, which is Mesos'.
FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 2.0
#: How long to wait for the session's actor to come back.
_SESSION_PAUSE_SECONDS: Final = 1.0


class GroupWatcher(Process):
    """Reads the group after every connection, whenever it changes, and now and then.

    To be subclassed: the methods under "what a subclass may define" are told what there is to know.
    """

    def __init__(self, zookeeper: Pid, path: str) -> None:
        """`zookeeper` is the actor of this node that has the session."""
        self.path = path
        self.session = SessionChanged(SessionState.CONNECTING)
        #: The members' names, the oldest first, as last listed; None while not listed in this session.
        self.names: tuple[str, ...] | None = None
        #: What was read since of those whose content is of interest; nothing is kept from one listing to the
        #: next, for a group that somebody removed and made again has other nodes of the same names.
        self.nodes: dict[str, Node] = {}
        self.questions = Questions(self._ask)
        self.zookeeper = zookeeper.whoever()
        self._session_id = 0
        self._listing = False
        #: Something has changed since the listing under way was asked for.
        self._stale = False
        self._listings = 0
        self._denied = ""
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self._retry: Timer | None = None

    # --- what a subclass may define ---

    def interesting(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those whose content is to be read: all of them, unless overridden."""
        return names

    def session_began(self) -> None:
        """Another session began; nothing of the former one holds."""

    def session_ended(self) -> None:
        """The session is over."""

    def session_changed(self) -> None:
        """`session` has another state; called after those two."""

    def session_alive(self, alive_at: float) -> None:
        """The session was alive at that time."""

    def listed(self, names: tuple[str, ...]) -> None:
        """These are the members; their contents may be still to come."""

    def regrouped(self) -> None:
        """The group was read, or read again: `names` and the interesting `nodes` are complete."""

    def denied(self, reason: str) -> None:
        """ZooKeeper does not permit what is needed; it is tried again."""

    # --- what a subclass may ask ---

    @property
    def is_connected(self) -> bool:
        """Whether requests have a prospect."""
        return self.session.state is SessionState.CONNECTED

    @property
    def is_listing(self) -> bool:
        """Whether a listing is under way."""
        return self._listing

    @property
    def is_complete(self) -> bool:
        """Whether everything of interest is known, as of the last listing."""
        return self.names is not None and all(name in self.nodes for name in self.interesting(self.names))

    def refresh(self) -> None:
        """Read the group anew."""
        if not self.is_connected:
            return
        self._stale = self._listing
        if not self._listing:
            self._listing = True
            self.questions.ask(
                lambda number: zookeeper.ListChildren(number, self.path), self._listed, self._not_listed
            )

    def doubt(self) -> None:
        """Take nothing for known of who the members are, and read it anew."""
        self.names = None
        self.refresh()

    def failed(self, what: str, failure: Failure, reason: str) -> None:
        """Deal with a request that failed: look again after a pause; without the group's path, make that."""
        if failure is Failure.NO_NODE:
            self.questions.ask(
                lambda number: zookeeper.MakePath(number, self.path),
                self._made,
                lambda failure, reason: self._try_later("the group cannot be made", failure, reason),
            )
            return
        self._try_later(what, failure, reason)

    def _ask(self, request: Message) -> None:
        self.send(self.zookeeper, request)

    # --- the session ---

    def initialize(self) -> None:
        """Ask how it stands with the session."""
        self.watch_session()
        self.every(REFRESH_SECONDS, self.refresh)

    def watch_session(self) -> None:
        """Be told how it stands with the session."""
        self.link(self.zookeeper)
        self.send(self.zookeeper, zookeeper.WatchSession())

    def exited(self, pid: Pid) -> None:
        """The session's actor is gone, and so is the session; a successor may come."""
        if pid == self.zookeeper:
            self._turn(SessionChanged(SessionState.CONNECTING, reason="the session's actor is gone"))
            self.delay(_SESSION_PAUSE_SECONDS, self.watch_session)

    @handles(SessionChanged)
    def on_session(self, sender: Pid, message: SessionChanged) -> None:
        """It stands so with the session."""
        self._turn(message)

    def _turn(self, message: SessionChanged) -> None:
        self.session = message
        connected = message.state is SessionState.CONNECTED
        if self._session_id and not self._goes_on(message):
            self._session_id = 0
            self._denied = ""
            self.names = None
            self.nodes.clear()
            self._forget()
            self.session_ended()
        if connected:
            self._forget()  # whoever asked before the connection broke need not wait
            if not self._session_id:
                self._session_id = message.session_id
                self.session_began()
        self.session_changed()
        if connected:
            self._pause_seconds = FIRST_PAUSE_SECONDS
            self.doubt()

    def _goes_on(self, message: SessionChanged) -> bool:
        if message.state is SessionState.CONNECTED:
            return message.session_id == self._session_id
        return message.state is SessionState.SUSPENDED

    def _forget(self) -> None:
        self.questions.forget()
        self._listing = self._stale = False
        self.forgotten()

    def forgotten(self) -> None:
        """No answer comes any more to what was asked so far."""

    @handles(zookeeper.SessionAlive)
    def on_alive(self, sender: Pid, message: zookeeper.SessionAlive) -> None:
        """The session was alive."""
        if message.session_id == self._session_id:
            self.session_alive(message.alive_at)

    # --- reading ---

    def _listed(self, answer: zookeeper.ChildrenListed) -> None:
        self._listing = False
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self.names = names = members(answer.names)
        self.nodes = {}
        self.listed(names)
        self._listings += 1
        for name in self.interesting(names):
            self._read(name, self._listings)
        if self._stale:
            self.refresh()
        self._conclude()

    def _read(self, name: str, listing: int) -> None:
        self.questions.ask(
            lambda number: zookeeper.ReadNode(number, f"{self.path}/{name}"),
            lambda answer: self._know(name, listing, Node(answer.data, answer.owner)),
            lambda failure, reason: self._not_read(name, listing, failure, reason),
        )

    def _know(self, name: str, listing: int, node: Node) -> None:
        if listing == self._listings:
            self.nodes[name] = node
            self._conclude()

    def _not_read(self, name: str, listing: int, failure: Failure, reason: str) -> None:
        if failure is Failure.NO_NODE:
            self.refresh()
        elif failure is Failure.NO_AUTH:
            self.log.warning("node cannot be read", path=f"{self.path}/{name}", reason=reason)
            self._know(name, listing, Node(b"", 0, reason))
        else:
            self._try_later("a node cannot be read", failure, reason)

    def _conclude(self) -> None:
        if self.is_complete:
            self.regrouped()

    def _not_listed(self, failure: Failure, reason: str) -> None:
        self._listing = False
        self.failed("the group cannot be listed", failure, reason)

    def _made(self, _answer: zookeeper.NodeCreated) -> None:
        self.refresh()

    def _try_later(self, what: str, failure: Failure, reason: str) -> None:
        if failure is Failure.NO_AUTH and reason != self._denied:
            self._denied = reason
            self.log.error("zookeeper does not permit this", what=what, path=self.path, reason=reason)
            self.denied(f"{what}: ZooKeeper does not permit it at {self.path}: {reason}")
        elif failure is not Failure.NO_AUTH:
            self.log.info("asking zookeeper again", what=what, failure=failure.value, reason=reason)
        if self._retry is not None:
            self._retry.cancel()
        self._retry = self.delay(self._pause_seconds, self.refresh)
        self._pause_seconds = min(2 * self._pause_seconds, LONGEST_PAUSE_SECONDS)

    @handles(zookeeper.ChildrenChanged)
    def on_change(self, sender: Pid, message: zookeeper.ChildrenChanged) -> None:
        """Somebody came or went."""
        if message.path == self.path:
            self.refresh()

    # --- answers ---

    @handles(zookeeper.ChildrenListed)
    def on_children(self, sender: Pid, message: zookeeper.ChildrenListed) -> None:
        """A request is answered."""
        self.questions.answer(message.request_id, message)

    @handles(zookeeper.NodeRead)
    def on_node(self, sender: Pid, message: zookeeper.NodeRead) -> None:
        """A request is answered."""
        self.questions.answer(message.request_id, message)

    @handles(zookeeper.NodeCreated)
    def on_created(self, sender: Pid, message: zookeeper.NodeCreated) -> None:
        """A request is answered."""
        self.questions.answer(message.request_id, message)

    @handles(zookeeper.NodeDeleted)
    def on_deleted(self, sender: Pid, message: zookeeper.NodeDeleted) -> None:
        """A request is answered."""
        self.questions.answer(message.request_id, message)

    @handles(zookeeper.RequestFailed)
    def on_failure(self, sender: Pid, message: zookeeper.RequestFailed) -> None:
        """A request failed."""
        self.questions.fail(message.request_id, message.failure, message.reason)
