"""The nodes that one node knows: by which names, in which life, and since when it should leave them alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from transport.backoff import Backoff
from transport.frame import FrameError, Hello, KnownAsError
from transport.limits import Limits
from transport.peer import Peer
from transport.pid import Address

if TYPE_CHECKING:
    import random


class Roster:
    """All peers of the node at `address`, each under one or more names."""

    def __init__(
        self, address: Address, limits: Limits, rng: random.Random, wants_grant: Callable[[Peer], None]
    ) -> None:
        self._address = address
        self._limits = limits
        self._rng = rng
        self._wants_grant = wants_grant
        #: Later sessions of one incarnation have greater numbers, so the older of two is known.
        self._sessions = itertools.count(rng.getrandbits(62))
        self._peers: dict[tuple[str, int], Peer] = {}
        self._backoffs: dict[Address, Backoff] = {}

    def __iter__(self) -> Iterator[Peer]:
        return (peer for name, peer in list(self._peers.items()) if name == peer.address)

    def find(self, host: str, port: int) -> Peer | None:
        """The peer of that name."""
        return self._peers.get((host, port))

    def add(self, address: Address) -> Peer:
        """A new life of the pair with the node at `address`."""
        session = next(self._sessions)
        peer = self._peers[address] = Peer(address, self._address, session, self._limits, self._wants_grant)
        return peer

    def name(self, peer: Peer, name: Address) -> None:
        """Know a peer by another name too, unless somebody else bears it."""
        if self._peers.setdefault(name, peer) is peer and name not in peer.names:
            peer.names.append(name)

    def remove(self, peer: Peer) -> None:
        """Forget a peer by all its names."""
        for name in peer.names:
            if self._peers.get(name) is peer:
                del self._peers[name]

    def admit(self, hello: Hello, now: float) -> tuple[Peer | None, str]:
        """Which peer a new connection belongs to, if any, and why that one has to end first, if it has to.

        Raises FrameError when the connection is refused.
        """
        if hello.address == self._address:
            raise FrameError("self", f"{hello.address} is this node's own address")
        refused_seconds = self.backoff(hello.address).refused_until - now
        if refused_seconds > 0:
            raise FrameError("penalty", f"refused for another {refused_seconds:.1f} s")
        peer = self._peers.get(hello.address)
        if peer is None or peer.hello is None:
            return peer, ""
        if peer.hello.incarnation != hello.incarnation:
            return peer, "a new incarnation of the node took its place"
        if peer.hello.session == hello.session:
            if len(peer.links) > 1:
                raise FrameError("session", "a third connection of one session")
            return peer, ""
        if hello.to != self._address:
            raise KnownAsError(self._address)
        if hello.session < peer.hello.session:
            raise FrameError("session", "a connection of an older session")
        return peer, "the node connected anew"

    def backoff(self, address: Address) -> Backoff:
        """How long to leave that address alone."""
        backoff = self._backoffs.get(address)
        if backoff is None:
            backoff = self._backoffs[address] = Backoff(self._limits, self._rng)
        return backoff

    def tidy(self, now: float) -> None:
        """Forget the failures of long ago."""
        for address in [address for address, backoff in self._backoffs.items() if backoff.over(now)]:
            del self._backoffs[address]
