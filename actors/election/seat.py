"""A member's own node in a group: which one it is, and which must go (reliability.md K4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from actors.election.nodes import Node


class Steps(NamedTuple):
    """What is to be done about the nodes of a group."""

    delete: tuple[str, ...]
    create: bool


class Seat:
    """Holds one node with `data`, or none while that is None.

    Whether a node was made cannot always be known: the answer may be lost. So what is ours is found by
    reading: a node of our session with our data is ours. Nodes of our own former sessions are removed, not
    to be waited for until they expire; and so are, once, those that an earlier life of ours left, which
    `is_former` tells by their data.
    """

    def __init__(self, is_former: Callable[[bytes], bool]) -> None:
        self.data: bytes | None = None
        #: Our node, once it is certain.
        self.name: str | None = None
        self._is_former = is_former
        self._looked_for_former = False
        self._session_id = 0
        self._former_sessions: dict[int, None] = {}
        #: Nodes of this session that are to go.
        self._given_up: dict[str, None] = {}

    def begin_session(self, session_id: int) -> None:
        """Have another session: no node of it is there yet."""
        self.end_session()
        self._former_sessions.pop(session_id, None)
        self._session_id = session_id

    def end_session(self) -> None:
        """Have no session any more, so no node either."""
        if self._session_id:
            self._former_sessions[self._session_id] = None
        self._session_id = 0
        self._given_up.clear()
        self.name = None

    def take(self, name: str) -> None:
        """This node was just made for us."""
        self._given_up.pop(name, None)
        self.name = name

    def give_up(self, name: str) -> None:
        """Never take this node for ours again: it is to go."""
        self._given_up[name] = None
        if self.name == name:
            self.name = None

    def listed(self, names: tuple[str, ...]) -> bool:
        """The group's members are these; whether our node was among them before, and is not now."""
        self._given_up = {name: None for name in self._given_up if name in names}
        if self.name is None or self.name in names:
            return False
        self.name = None
        return True

    def is_taken(self, nodes: Mapping[str, Node]) -> bool:
        """Whether what has the name of our node is not ours: the group was removed, and made again."""
        node = None if self.name is None else nodes.get(self.name)
        if node is None or (node.owner, node.data) == (self._session_id, self.data):
            return False
        self.name = None
        return True

    def settle(self, names: tuple[str, ...], nodes: Mapping[str, Node]) -> Steps:
        """Find our node among those read, and tell what is to be done; raises nothing.

        Not to be called while the outcome of a creation is still to come.
        """
        doomed = [name for name in names if name in nodes and self._must_go(name, nodes[name])]
        self._looked_for_former = True
        return Steps(tuple(doomed), create=self.data is not None and self.name is None)

    def _must_go(self, name: str, node: Node) -> bool:
        if name == self.name:
            return False
        if node.owner and node.owner == self._session_id:
            if self.name is None and node.data == self.data and name not in self._given_up:
                self.name = name
                return False
            return True
        if node.owner in self._former_sessions:
            return True
        return bool(node.owner) and not self._looked_for_former and self._is_former(node.data)
