"""Whose turn it is: those who take offers, in a tree of roles, and what may put them in order."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Generic, Protocol, TypeAlias, TypeVar

from actors.master.allocator.portion import Portion
from actors.master.allocator.totals import Scale
from transport.records.names import role_path

S = TypeVar("S")


class Client(Generic[S]):
    """A node in a sorter's tree: a role, or (a leaf) somebody who takes offers in one.

    An inner node aggregates the leaves below it. A role that has takers as well as roles below it keeps its
    takers in a node of their own, named "." (mesos-protocol.md §10).
    """

    __slots__ = (
        "allocations",
        "children",
        "entry",
        "factor",
        "has_moved",
        "has_takers",
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
        "skipped",
        "skipped_mask",
        "subject",
    )

    #: Whom a leaf stands for; a role stands for nobody.
    subject: S

    def __init__(self, name: str, path: str, parent: Client[S] | None) -> None:
        self.name = name
        #: What decides among siblings that are equal otherwise.
        self.path = path
        self.parent = parent
        self.children: dict[str, Client[S]] = {}
        #: Whether the children are leaves.
        self.has_takers = False
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
        self.skipped = 0
        self.skipped_mask = 0


#: A node's rank among its siblings: its share, its allocations, its path, and itself.
Entry: TypeAlias = tuple[int, int, str, Client[S]]


class Sorter(Protocol[S]):
    """Puts those who take offers in the order in which they get them: role by role.

    Implemented by `drf_sorter.DrfSorter` and `random_sorter.RandomSorter`. Both let `turn` name the
    occasion for which they are asked: where chance decides, the same turn gives the same order.
    """

    def add(self, role: str, name: str, subject: S) -> Client[S]:
        """Add somebody to a role, who takes no offers yet; raises ValueError when the name is there."""
        ...

    def remove(self, client: Client[S]) -> None:
        """Forget somebody who holds nothing; raises ValueError when he does hold something."""
        ...

    def set_mask(self, client: Client[S], mask: int) -> None:
        """Give somebody the bit that stands for taking offers, or (0) leave him out of the order."""
        ...

    def set_weight(self, role: str, weight: Fraction) -> None:
        """Weigh a role, whether or not it is there; 1 unless set."""
        ...

    def allocated(self, client: Client[S], portion: Portion, agent_id: str) -> None:
        """Note what somebody was given of an agent."""
        ...

    def released(self, client: Client[S], portion: Portion, agent_id: str) -> None:
        """Note what somebody has no more."""
        ...

    def exchanged(self, client: Client[S], old: Portion, new: Portion, agent_id: str) -> None:
        """Note that what somebody holds of an agent was made into something else."""
        ...

    @property
    def mask(self) -> int:
        """The bits of all who take offers."""
        ...

    @property
    def held(self) -> int:
        """All scalars that anybody holds, packed."""
        ...

    def first(self, mask: int, turn: str) -> Client[S] | None:
        """The next one among those of `mask`."""
        ...

    def order(self, mask: int, turn: str) -> Iterator[Client[S]]:
        """All of `mask`, the next one first, those of a role together.

        The iterator is void once anything is allocated, released or changed.
        """
        ...


class ClientTree(Generic[S]):
    """What every sorter knows, without an order."""

    def __init__(self) -> None:
        self.root: Client[S] = Client("", "", None)
        self.weights: dict[str, Fraction] = {}
        #: Who has or last had a bit, by the bit's length.
        self.leaves: dict[int, Client[S]] = {}

    def add(self, role: str, name: str, subject: S) -> Client[S]:
        """Add somebody to a role, who takes no offers yet; raises ValueError when the name is there."""
        node = self.root
        for path in role_path(role):
            if node.has_takers:
                node = _open(node)
            node = _child(node, path.rpartition("/")[2], path)
        if node.children and not node.has_takers:
            node = _child(node, ".", f"{node.path}/.")
        node.has_takers = True
        if name in node.children:
            raise ValueError(f"sorter: {name!r} is in role {role!r} already")
        client = _child(node, name, name)
        client.subject = subject
        return client

    def remove(self, client: Client[S]) -> None:
        """Forget somebody who holds nothing; raises ValueError when he does hold something."""
        if client.held or client.shared:
            raise ValueError(f"sorter: {client.name!r} still holds resources")
        self.set_mask(client, 0)
        role = client.parent
        if role is None:
            return
        del role.children[client.name]
        node = role
        while not role.children and (parent := node.parent) is not None:
            parent.allocations -= role.allocations
            if not node.children:
                del parent.children[node.name]
            elif node.children.keys() == {"."}:
                _close(node, parent)
            node = parent

    def set_mask(self, client: Client[S], mask: int) -> None:
        """Give somebody the bit that stands for taking offers, or (0) leave him out of the order."""
        gone, client.mask = client.mask, mask
        self.leaves[mask.bit_length()] = client
        node = client
        while (parent := node.parent) is not None:
            parent.mask = parent.mask & ~gone | mask
            parent.scale = None
            node = parent

    def set_weight(self, role: str, weight: Fraction) -> None:
        """Weigh a role, whether or not it is there; 1 unless set."""
        self.weights[role] = weight
        if weight == 1:
            del self.weights[role]

    @property
    def mask(self) -> int:
        """The bits of all who take offers."""
        return self.root.mask

    @property
    def held(self) -> int:
        """All scalars that anybody holds, packed."""
        return sum(child.held for child in self.root.children.values())

    def allocated(self, client: Client[S], portion: Portion, agent_id: str) -> None:
        """Note what somebody was given of an agent."""
        for node in _way_up(client):
            node.allocations += 1
            _give(node, portion, agent_id)

    def released(self, client: Client[S], portion: Portion, agent_id: str) -> None:
        """Note what somebody has no more."""
        for node in _way_up(client):
            _take(node, portion, agent_id)

    def exchanged(self, client: Client[S], old: Portion, new: Portion, agent_id: str) -> None:
        """Note that what somebody holds of an agent was made into something else."""
        for node in _way_up(client):
            _give(node, new, agent_id)
            _take(node, old, agent_id)


def _child(node: Client[S], name: str, path: str) -> Client[S]:
    child = node.children.get(name)
    if child is None:
        child = node.children[name] = Client(name, path, node)
        node.scale = None
    return child


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


def _open(role: Client[S]) -> Client[S]:
    """Make room for roles below a role that has takers; returns the node that takes its place."""
    inner: Client[S] = Client(role.name, role.path, role.parent)
    inner.held, inner.shared = role.held, role.shared.copy()
    inner.allocations, inner.mask = role.allocations, role.mask
    inner.children["."] = role
    _put(inner)
    role.name, role.path, role.parent, role.has_moved = ".", f"{role.path}/.", inner, False
    return inner


def _close(inner: Client[S], parent: Client[S]) -> None:
    """Put the takers of a role back in its place, when there are no roles below it any more."""
    role = inner.children["."]
    role.name, role.path, role.parent, role.has_moved = inner.name, inner.path, parent, False
    _put(role)


def _put(node: Client[S]) -> None:
    if node.parent is not None:
        node.parent.children[node.name] = node
        node.parent.scale = None
