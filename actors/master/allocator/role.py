"""Roles as a tree: a/b lies below a, and what a/b consumes a consumes too."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from actors.master.allocator.quota import NO_QUOTA, Quota
from transport.records.names import role_path

if TYPE_CHECKING:
    from actors.master.allocator.framework import Subscription


class Role:
    """One role; it is there as long as it has anything to tell."""

    def __init__(self, path: str, parent: Role | None) -> None:
        self.path = path
        self.children: dict[str, Role] = {}
        #: The role and those above it, from the role to the top.
        self.lineage: tuple[Role, ...] = (self, *(parent.lineage if parent is not None else ()))
        self.top = self.lineage[-1]
        self.weight = Fraction(1)
        self.quota: Quota = NO_QUOTA
        #: By framework id: frameworks that are subscribed to the role, or hold resources in it.
        self.subscriptions: dict[str, Subscription] = {}
        #: The bits of all subscriptions to this role and to those below.
        self.bits = 0
        #: Packed scalars reserved for this role or one below, allocated or not.
        self.reserved = 0
        #: Packed: `reserved`, and what is allocated here or below without reservation and not revocable.
        self.consumed = 0
        # What `headroom.Headroom` keeps of a role, see there.
        self.limited: tuple[Role, ...] = ()
        self.guarantors = 0
        self.own_credit: dict[str, int] = {}
        self.required: dict[str, int] = {}
        self.required_below: dict[str, int] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be lost if the role were forgotten."""
        return (
            not self.children
            and not self.subscriptions
            and not self.reserved
            and self.weight == 1
            and self.quota == NO_QUOTA
        )

    def credit(self, name: str) -> int:
        """What the role may be given of a name without regard to others (`headroom`)."""
        return sum(node.own_credit.get(name, 0) for node in self.lineage)

    def subtree(self) -> Iterator[Role]:
        """The role and all below it, each before its children."""
        yield self
        for child in self.children.values():
            yield from child.subtree()


class RoleTree:
    """All roles that have anything to tell."""

    def __init__(self) -> None:
        self._roles: dict[str, Role] = {}

    def find(self, path: str) -> Role | None:
        """The role at `path`, if it is there."""
        return self._roles.get(path)

    def get(self, path: str) -> Role:
        """The role at `path`, made along with those above it where they are missing."""
        role = self._roles.get(path)
        if role is not None:
            return role
        parent: Role | None = None
        for step in role_path(path):
            role = self._roles.get(step)
            if role is None:
                role = self._roles[step] = Role(step, parent)
                if parent is not None:
                    parent.children[step] = role
                    role.limited = parent.limited
            parent = role
        return self._roles[path]

    def prune(self, role: Role) -> None:
        """Forget a role, and then those above it, as far as they are empty."""
        for node in role.lineage:
            if not node.is_empty:
                return
            del self._roles[node.path]
            if node is not node.top:
                del node.lineage[1].children[node.path]

    def __iter__(self) -> Iterator[Role]:
        return iter(self._roles.values())
