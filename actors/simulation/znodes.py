"""What a simulated ZooKeeper holds: a tree of nodes, the sessions, and who watches what."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Final

from transport.messages.zookeeper import Failure
from transport.pid import Pid

_GREATEST_SEQUENCE: Final = 2**31 - 1


class Refusal(Exception):  # noqa: N818  an answer, not an error of anybody
    """A request that fails, as ZooKeeper says it."""

    def __init__(self, failure: Failure, reason: str) -> None:
        super().__init__(reason)
        self.failure = failure
        self.reason = reason


class ZNode:
    """One node; `created` counts the children that it ever had, from which sequences are taken."""

    __slots__ = ("children", "created", "data", "owner")

    def __init__(self, data: bytes, owner: int) -> None:
        self.data = data
        self.owner = owner
        self.children: dict[str, None] = {}
        self.created = 0


class Session:
    """A client's session; `connection` is the client's present one, which it numbers itself."""

    __slots__ = ("client", "connection", "heard_at", "session_id", "timeout_seconds")

    def __init__(self, session_id: int, timeout_seconds: float) -> None:
        self.session_id = session_id
        self.timeout_seconds = timeout_seconds
        self.heard_at = 0.0
        self.client: Pid | None = None
        self.connection = 0


class Tree:
    """The state of the ensemble, which survives its servers.

    `fire(session_id, path)` is called for each watch that goes off.
    """

    def __init__(self, fire: Callable[[int, str], None]) -> None:
        self.sessions: dict[int, Session] = {}
        #: Paths at and below which nobody may do anything.
        self.denied: dict[str, None] = {}
        #: Nodes that no client may remove.
        self.protected: dict[str, None] = {}
        self._fire = fire
        self._ids = itertools.count(0x100)
        self._nodes = {"/": ZNode(b"", 0)}
        self._watches: dict[str, dict[int, None]] = {}

    # --- sessions ---

    def begin(self, timeout_seconds: float) -> Session:
        """Begin a session."""
        session = Session(next(self._ids), timeout_seconds)
        self.sessions[session.session_id] = session
        return session

    def end(self, session_id: int) -> None:
        """End a session, and remove its nodes."""
        self.unwatch(session_id)
        if self.sessions.pop(session_id, None) is None:
            return
        for path in [path for path, node in self._nodes.items() if node.owner == session_id]:
            self.delete(path)

    def wipe(self) -> None:
        """Forget everything, as an ensemble whose disks were replaced."""
        self._nodes = {"/": ZNode(b"", 0)}
        self.sessions.clear()
        self._watches.clear()

    def unwatch(self, session_id: int) -> None:
        """Forget the watches of a session, whose connection is gone."""
        for watchers in self._watches.values():
            watchers.pop(session_id, None)

    # --- nodes ---

    def create(self, path: str, data: bytes, owner: int, *, sequence: bool) -> str:
        """Make a node, and return its path; raises Refusal."""
        parent_path, name = _split(path)
        parent = self._find(parent_path)
        if sequence:
            name = f"{name}{parent.created:010d}"
        if not name:
            raise Refusal(Failure.OTHER, f"bad path {path!r}")
        if name in parent.children:
            raise Refusal(Failure.NODE_EXISTS, f"{path} exists")
        if parent.owner:
            raise Refusal(Failure.OTHER, f"{parent_path} is ephemeral")
        path = _join(parent_path, name)
        parent.created += 1
        parent.children[name] = None
        self._nodes[path] = ZNode(data, owner)
        self._changed(parent_path)
        return path

    def make_path(self, path: str) -> None:
        """Make a persistent node and what is missing above it; raises Refusal."""
        at = "/"
        for part in filter(None, path.split("/")):
            at = _join(at, part)
            self._permit(at)
            if at not in self._nodes:
                self.create(at, b"", 0, sequence=False)

    def children(self, path: str, watcher: int | None) -> tuple[str, ...]:
        """The names below a node; raises Refusal. `watcher`, a session, is told the next change."""
        node = self._find(path)
        if watcher is not None:
            self._watches.setdefault(path, {})[watcher] = None
        return tuple(sorted(node.children))

    def read(self, path: str) -> ZNode:
        """A node; raises Refusal."""
        return self._find(path)

    def delete(self, path: str, *, by_client: bool = False) -> None:
        """Remove a node, if it is there; raises Refusal."""
        if by_client:
            self._permit(path)
            if path in self.protected:
                raise Refusal(Failure.NO_AUTH, f"not allowed: {path}")
        node = self._nodes.get(path)
        if node is None:
            return
        if node.children:
            raise Refusal(Failure.OTHER, f"{path} is not empty")
        parent_path, name = _split(path)
        del self._nodes[path]
        self._nodes[parent_path].children.pop(name, None)
        self._changed(path)
        self._changed(parent_path)

    def _find(self, path: str) -> ZNode:
        self._permit(path)
        node = self._nodes.get(path)
        if node is None:
            raise Refusal(Failure.NO_NODE, f"there is no {path}")
        return node

    def _permit(self, path: str) -> None:
        for denied in self.denied:
            if path == denied or path.startswith(f"{denied}/"):
                raise Refusal(Failure.NO_AUTH, f"not allowed: {path}")

    def _changed(self, path: str) -> None:
        for session_id in self._watches.pop(path, {}):
            self._fire(session_id, path)


def _split(path: str) -> tuple[str, str]:
    parent, _, name = path.rpartition("/")
    return parent or "/", name


def _join(parent: str, name: str) -> str:
    return f"/{name}" if parent == "/" else f"{parent}/{name}"
