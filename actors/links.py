"""Who is to be told when which actor ends: one node's table of links."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from transport.pid import Address, Pid

K = TypeVar("K")


class Link(NamedTuple):
    """`watcher` wants `exited(to)`; one of the two, or both, live on this node."""

    watcher: Pid
    to: Pid


class Links:
    """The links that have an end on the node at `here`, in the order in which they were made."""

    def __init__(self, here: Address) -> None:
        self._here = here
        # Dicts serve as ordered sets: the order of `exited` must not depend on hashes.
        self._of: dict[tuple[Address, str], dict[Link, None]] = {}
        self._by: dict[Pid, dict[Link, None]] = {}
        self._across: dict[Address, dict[Link, None]] = {}

    def here(self, link: Link) -> Pid | None:
        """The actor of this node that a link leads to; None when it lives elsewhere.

        Watchers on other nodes link actors of this one, by whatever address they know it.
        """
        if self._here not in (link.to.address, link.watcher.address):
            return Pid(link.to.name, *self._here, link.to.incarnation)
        return link.to if link.to.address == self._here else None

    def add(self, link: Link) -> bool:
        """Remember a link; False when it was there already."""
        of = self._of.setdefault(self._name(link), {})
        if link in of:
            return False
        of[link] = None
        self._by.setdefault(link.watcher, {})[link] = None
        for address in self._far_ends(link):
            self._across.setdefault(address, {})[link] = None
        return True

    def remove(self, link: Link) -> bool:
        """Forget a link; False when there was none."""
        name = self._name(link)
        if link not in self._of.get(name, {}):
            return False
        _discard(self._of, name, link)
        _discard(self._by, link.watcher, link)
        for address in self._far_ends(link):
            _discard(self._across, address, link)
        return True

    def to(self, pid: Pid) -> list[Link]:
        """The links to an actor, whether made to this incarnation or to whoever bears the name."""
        return [
            link
            for link in self._of.get((pid.address, pid.name), ())
            if link.to.incarnation in (0, pid.incarnation)
        ]

    def by(self, watcher: Pid) -> list[Link]:
        """The links that an actor made."""
        return list(self._by.get(watcher, ()))

    def across(self, address: Address) -> list[Link]:
        """The links between this node and the one at `address`, in either direction."""
        return list(self._across.get(address, ()))

    def check_invariants(self) -> None:
        """Every index holds the same links."""
        of = sorted(link for links in self._of.values() for link in links)
        by = sorted(link for links in self._by.values() for link in links)
        across = [link for links in self._across.values() for link in links]
        assert of == by, (of, by)
        assert sorted(across) == sorted(link for link in of for _ in self._far_ends(link))

    def _name(self, link: Link) -> tuple[Address, str]:
        to = self.here(link) or link.to
        return to.address, to.name

    def _far_ends(self, link: Link) -> list[Address]:
        addresses = (link.watcher.address, self._name(link)[0])
        return [address for address in dict.fromkeys(addresses) if address != self._here]


def _discard(index: dict[K, dict[Link, None]], key: K, link: Link) -> None:
    links = index[key]
    del links[link]
    if not links:
        del index[key]
