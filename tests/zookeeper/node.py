"""A node with a session of its own, as masters and agents have one, in the hand of a test."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from actors.election.session import ZOOKEEPER, ZooKeeperSession
from actors.process import Process
from actors.pykka_system import PykkaSystem
from tests.zookeeper.server import PAUSE_SECONDS
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
    SessionAlive,
    SessionChanged,
    SessionState,
    WatchSession,
)
from transport.pid import Address, Pid
from transport.session import Event
from transport.zookeeper import ZooKeeperClient

DEADLINE_SECONDS = 60.0

T = TypeVar("T")


class Watcher(Process):
    """Keeps what the session tells; looked into from the test's thread."""

    def __init__(self, zookeeper: Pid) -> None:
        self._zookeeper = zookeeper
        self.told: list[object] = []

    def initialize(self) -> None:
        self.send(self._zookeeper, WatchSession())

    def unhandled(self, sender: Pid, message: object) -> None:
        self.told.append(message)


class Node:
    """Ends its session when its `with` block does."""

    def __init__(
        self, servers: Sequence[Address], timeout_seconds: float = 2.0, credentials: str | None = None
    ) -> None:
        #: One for each session, the present one last.
        self.clients: list[ZooKeeperClient] = []
        self.system = PykkaSystem()
        self.zookeeper = self.system.pid_of(ZOOKEEPER)
        self.watcher = Watcher(self.zookeeper)
        #: How many changes of the session the test has waited for.
        self._waited = 0

        def make(tell: Callable[[Event], None]) -> ZooKeeperClient:
            self.clients.append(ZooKeeperClient(servers, timeout_seconds, tell, credentials=credentials))
            return self.clients[-1]

        self._session = lambda: ZooKeeperSession(make)

    def __enter__(self) -> Self:
        self.system.start()
        self.system.spawn(self._session, ZOOKEEPER)
        self.system.spawn(lambda: self.watcher, "watcher")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.system.stop() == ()

    # How it stands with the session.

    def told(self, kind: type[T]) -> list[T]:
        """What the watcher was told, of that type."""
        return [message for message in list(self.watcher.told) if isinstance(message, kind)]

    @property
    def changes(self) -> list[SessionChanged]:
        """How it stood with the session, one after the other, without repetitions."""
        changes: list[SessionChanged] = []
        for change in self.told(SessionChanged):
            if not changes or changes[-1].state is not change.state:
                changes.append(change)
        return changes

    @property
    def session(self) -> SessionChanged:
        """How it stands with it."""
        return self.told(SessionChanged)[-1]

    @property
    def server(self) -> Address:
        """With which server it connected last."""
        return Address.parse(self.clients[-1]._handler.server)

    def wait(self, *states: SessionState) -> SessionChanged:
        """Wait until these have followed one another, from where the wait before ended."""
        wait_until(lambda: self._find(states) is not None, lambda: f"{states}, but {self.watcher.told}")
        place = self._find(states)
        assert place is not None
        self._waited = place + len(states) - 1
        return self.changes[self._waited]

    def _find(self, states: tuple[SessionState, ...]) -> int | None:
        seen = [change.state for change in self.changes]
        places = range(self._waited, len(seen) - len(states) + 1)
        return next((n for n in places if tuple(seen[n : n + len(states)]) == states), None)

    def wait_for_life(self) -> float:
        """Wait until the session is known to have been alive after now."""
        now = time.monotonic()
        wait_until(
            lambda: any(alive.alive_at > now for alive in self.told(SessionAlive)), lambda: "a sign of life"
        )
        return self.told(SessionAlive)[-1].alive_at

    # Requests.

    def ask(self, request: object) -> object:
        """Ask as an actor would, and wait for the answer."""
        return self.system.ask(self.zookeeper, request, DEADLINE_SECONDS)

    def make_path(self, path: str) -> None:
        assert self.ask(MakePath(1, path)) == NodeCreated(1, path)

    def create(self, path: str, data: bytes = b"") -> str:
        """Returns the path that ZooKeeper gave the node."""
        return expect(self.ask(CreateNode(1, path, data)), NodeCreated).path

    def children(self, path: str) -> tuple[str, ...]:
        return expect(self.ask(ListChildren(1, path, watch=False)), ChildrenListed).names

    def wait_for_children(self, path: str, *names: str) -> None:
        """Wait until these are the children, however often the connection may break meanwhile."""
        listed = ChildrenListed(1, names)
        wait_until(
            lambda: self.ask(ListChildren(1, path, watch=False)) == listed,
            lambda: f"children {names} of {path}",
        )

    def watch(self, path: str) -> tuple[str, ...]:
        """List children on behalf of the watcher, who is told when they change."""
        before = len(self.told(ChildrenListed))
        self.watcher.send(self.zookeeper, ListChildren(1, path))
        wait_until(lambda: len(self.told(ChildrenListed)) > before, lambda: f"the children of {path}")
        return self.told(ChildrenListed)[-1].names

    def read(self, path: str) -> NodeRead:
        return expect(self.ask(ReadNode(1, path)), NodeRead)

    def delete(self, path: str) -> None:
        assert self.ask(DeleteNode(1, path)) == NodeDeleted(1)

    def fails(self, request: object) -> RequestFailed:
        return expect(self.ask(request), RequestFailed)


def expect(answer: object, kind: type[T]) -> T:
    assert isinstance(answer, kind), answer
    return answer


def wait_until(true: Callable[[], object], what: Callable[[], str]) -> None:
    """Wait for a condition; fails by saying what did not come about."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"still not so: {what()}"
        time.sleep(PAUSE_SECONDS)
