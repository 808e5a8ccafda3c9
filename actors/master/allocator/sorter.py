"""Whose turn it is: the clients of a sorter, in a tree of paths, and what may put them in order."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Generic, Protocol, TypeAlias, TypeVar

from actors.master.allocator.portion import Portion
from actors.master.allocator.totals import Scale

S = TypeVar("S")


class Client(Generic[S]):
    """A node in a sorter's tree: a leaf is a client, any other node holds the clients below its path.

    An inner node aggregates the leaves below it. A client that has others below its path is a leaf named
    "." of the inner node at its path (mesos-protocol.md §10).
    """

    __slots__ = (
        "allocations",
        "children",
        "entry",
        "factor",
        "has_moved",
        "held",
        "looked_at",
        "mask",
        "moved",
        "name",
        "parent",
        "path",
        "ranking",
        "scale",
        "shared",
        "shares",
        "subject",
    )

    #: Whom a leaf stands for; an inner node stands for nobody.
    subject: S

    def __init__(self, name: str, parent: Client[S] | None) -> None:
        self.name = name
        self.parent = parent
        self.path: str = f"{parent.path}/{name}" if parent is not None and parent.path else name
        self.children: dict[str, Client[S]] = {}
        #: One bit for each taker of offers at or below this node, no bit at two leaves.
        self.mask = 0
        #: All scalars held, packed (`lanes`); a shared volume counts once, however often it is held.
        self.held = 0
        #: How often each shared volume is held.
        self.shared: dict[object, int] = {}
        #: How often something was given to this node; fewer wins a tie.
        self.allocations = 0
        # What the DRF sorter keeps of a node, see there.
        self.entry: Entry[S] | None = None
        self.factor = 1
        self.has_moved = False
        self.looked_at = 0
        self.moved: list[Client[S]] = []
        self.ranking: list[Entry[S]] = []
        self.scale: Scale | None = None
        self.shares: list[int] = []


#: A node's rank among its siblings: its share, its allocations, its path, and itself.
Entry: TypeAlias = tuple[int, int, str, Client[S]]


class Sorter(Protocol[S]):
    """Puts clients in the order in which they are offered resources.

    Implemented by `drf_sorter.DrfSorter` and `random_sorter.RandomSorter`. Both let `turn` name the
    occasion for which they are asked: where chance decides, the same turn gives the same order.
    """

    def add(self, path: str, subject: S) -> Client[S]:
        """Add a client that takes no offers yet; raises ValueError when there is one at the path."""
        ...

    def remove(self, client: Client[S]) -> None:
        """Forget a client that holds nothing; raises ValueError when it does hold something."""
        ...

    def set_mask(self, client: Client[S], mask: int) -> None:
        """Say which takers of offers stand behind a client; without any it is not in the order."""
        ...

    def set_weight(self, path: str, weight: Fraction) -> None:
        """Weigh whatever is or will be at the path; 1 unless set."""
        ...

    def allocated(self, client: Client[S], portion: Portion, agent_id: str) -> None:
        """Note what a client was given of an agent."""
        ...

    def released(self, client: Client[S], portion: Portion, agent_id: str) -> None:
        """Note what a client has no more."""
        ...

    def exchanged(self, client: Client[S], old: Portion, new: Portion, agent_id: str) -> None:
        """Note that what a client holds of an agent was made into something else."""
        ...

    @property
    def mask(self) -> int:
        """The bits of all clients."""
        ...

    @property
    def held(self) -> int:
        """All scalars that clients hold, packed."""
        ...

    def first(self, mask: int, turn: str) -> Client[S] | None:
        """The next client behind which takers of `mask` stand."""
        ...

    def order(self, mask: int, turn: str) -> Iterator[Client[S]]:
        """All clients behind which takers of `mask` stand, the next one first.

        The iterator is void once anything is allocated, released or changed.
        """
        ...


class ClientTree(Generic[S]):
    """What every sorter knows of its clients, without an order."""

    def __init__(self) -> None:
        self.root: Client[S] = Client("", None)
        self.weights: dict[str, Fraction] = {}
        #: Which client has or last had a bit, by the bit's length.
        self.leaves: dict[int, Client[S]] = {}

    def add(self, path: str, subject: S) -> Client[S]:
        """Add a client that takes no offers yet; raises ValueError when there is one at the path."""
        node = self.root
        for name in path.split("/"):
            if hasattr(node, "subject"):
                node = _open(node)
            if name not in node.children:
                node.children[name] = Client(name, node)
                node.scale = None
            node = node.children[name]
        if hasattr(node, "subject") or "." in node.children:
            raise ValueError(f"sorter: there is a client at {path!r} already")
        if node.children:
            node.scale = None
            node.children["."] = node = Client(".", node)
        node.subject = subject
        return node

    def remove(self, client: Client[S]) -> None:
        """Forget a client that holds nothing; raises ValueError when it does hold something."""
        if client.held or client.shared:
            raise ValueError(f"sorter: the client at {client.path!r} still holds resources")
        self.set_mask(client, 0)
        node = client
        while (parent := node.parent) is not None:
            parent.allocations -= client.allocations
            if not node.children:
                del parent.children[node.name]
            elif node.children.keys() == {"."}:
                _close(node, parent)
            node = parent

    def set_mask(self, client: Client[S], mask: int) -> None:
        """Say which takers of offers stand behind a client; without any it is not in the order."""
        gone, client.mask = client.mask, mask
        changed = gone ^ mask
        while changed:
            bit = changed & -changed
            changed ^= bit
            self.leaves[bit.bit_length()] = client
        node = client
        while (parent := node.parent) is not None:
            parent.mask = parent.mask & ~gone | mask
            parent.scale = None
            node = parent

    def set_weight(self, path: str, weight: Fraction) -> None:
        """Weigh whatever is or will be at the path; 1 unless set."""
        self.weights[path] = weight
        if weight == 1:
            del self.weights[path]

    @property
    def mask(self) -> int:
        """The bits of all clients."""
        return self.root.mask

    @property
    def held(self) -> int:
        """All scalars that clients hold, packed."""
        return sum(child.held for child in self.root.children.values())

    def allocated(self, client: Client[S], portion: Portion, agent_id: str) -> None:
        """Note what a client was given of an agent."""
        for node in _way_up(client):
            node.allocations += 1
            _give(node, portion, agent_id)

    def released(self, client: Client[S], portion: Portion, agent_id: str) -> None:
        """Note what a client has no more."""
        for node in _way_up(client):
            _take(node, portion, agent_id)

    def exchanged(self, client: Client[S], old: Portion, new: Portion, agent_id: str) -> None:
        """Note that what a client holds of an agent was made into something else."""
        for node in _way_up(client):
            _give(node, new, agent_id)
            _take(node, old, agent_id)


def _way_up(client: Client[S]) -> Iterator[Client[S]]:
    """The client and the nodes above it, without the root."""
    node = client
    while (parent := node.parent) is not None:
        yield node
        node = parent


def _give(node: Client[S], portion: Portion, agent_id: str) -> None:
    node.held += portion.packed
    for identity, packed, copies in portion.shared:
        before = node.shared.get((agent_id, identity), 0)
        node.shared[agent_id, identity] = before + copies
        node.held += 0 if before else packed


def _take(node: Client[S], portion: Portion, agent_id: str) -> None:
    node.held -= portion.packed
    for identity, packed, copies in portion.shared:
        after = node.shared.pop((agent_id, identity)) - copies
        if after:
            node.shared[agent_id, identity] = after
        else:
            node.held -= packed


def _open(leaf: Client[S]) -> Client[S]:
    """Put an inner node in the place of a leaf, and the leaf below it; returns the inner node."""
    parent = leaf.parent
    if parent is None:
        raise ValueError("sorter: the root is no client")
    inner: Client[S] = Client(leaf.name, parent)
    inner.held, inner.shared = leaf.held, leaf.shared.copy()
    inner.allocations, inner.mask = leaf.allocations, leaf.mask
    inner.children["."] = leaf
    parent.children[inner.name] = inner
    parent.scale = None
    leaf.name, leaf.parent, leaf.path, leaf.has_moved = ".", inner, f"{inner.path}/.", False
    return inner


def _close(inner: Client[S], parent: Client[S]) -> None:
    """Put the only leaf of an inner node back in its place."""
    leaf = inner.children["."]
    leaf.name, leaf.parent, leaf.path, leaf.has_moved = inner.name, parent, inner.path, False
    parent.children[leaf.name] = leaf
    parent.scale = None
