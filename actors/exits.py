"""Tells those who linked an actor that it is gone: the links of one node, and its talk with other nodes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from actors.links import Link, Links
from transport.envelope import Envelope
from transport.messages.links import Gone, Unwatch, Watch
from transport.pid import Address, Pid


class Exits:
    """Keeps the links of the node at `here`, for calls from any thread.

    `alive(pid)` tells whether an actor of this node lives; `deliver(link)` gives a watcher of this node
    its `exited`; `tell(address, sender, message)` sends to another node. Each is called without the lock
    held, in the order in which links were made.
    """

    def __init__(
        self,
        here: Address,
        *,
        alive: Callable[[Pid], bool],
        deliver: Callable[[Link], None],
        tell: Callable[[Address, Pid, Watch | Unwatch | Gone], None],
    ) -> None:
        self._here = here
        self._alive = alive
        self._deliver = deliver
        self._tell = tell
        self._lock = threading.Lock()
        self._links = Links(here)

    def link(self, watcher: Pid, to: Pid) -> None:
        """Make a link; one that leads to nobody ends at once."""
        link = Link(watcher, to)
        with self._lock:
            new = self._links.add(link)
        here = self._links.here(link)
        if here is None:
            if new:
                self._tell(to.address, watcher, Watch(to))
        elif not self._alive(here) and self._take([link]):
            self._report(link)

    def unlink(self, watcher: Pid, to: Pid) -> None:
        """Take a link back."""
        if self._take([Link(watcher, to)]) and to.address != self._here:
            self._tell(to.address, watcher, Unwatch(to))

    def ended(self, pid: Pid) -> None:
        """An actor of this node, which `alive` denies by now, had its last turn."""
        with self._lock:
            made = self._links.by(pid)
            ended = self._links.to(pid)
        for link in self._take(made):
            if link.to.address != self._here:
                self._tell(link.to.address, pid, Unwatch(link.to))
        for link in self._take(ended):
            self._report(link)

    def lost(self, sender: Pid, to: Pid) -> None:
        """A message between the two was dropped: if `sender` linked `to`, that link is at its end."""
        with self._lock:
            links = [link for link in self._links.to(to) if link.watcher == sender]
        for link in self._take(links):
            self._report(link)

    def broken(self, address: Address) -> int:
        """The connection with another node is lost: every link across it ends. Returns how many did."""
        with self._lock:
            links = self._links.across(address)
        taken = self._take(links)
        for link in taken:
            if link.watcher.address == self._here:
                self._deliver(link)
        return len(taken)

    def receive(self, envelope: Envelope) -> None:
        """Take what another node says about links."""
        sender = envelope.sender
        match envelope.message:
            case Watch(to):
                self.link(sender, to)
            case Unwatch(to):
                self._take([Link(sender, to)])
            # Not by address: that of `to` is what this node calls the other one, and may be an alias.
            case Gone(watcher, to) if to.name == sender.name:
                for link in self._take([Link(watcher, to)]):
                    self._deliver(link)

    def check_invariants(self) -> None:
        """The table agrees with itself."""
        self._links.check_invariants()

    def _take(self, links: list[Link]) -> list[Link]:
        """Remove links; returns those that nobody else had removed meanwhile, who now end just once."""
        with self._lock:
            return [link for link in links if self._links.remove(link)]

    def _report(self, link: Link) -> None:
        if link.watcher.address == self._here:
            self._deliver(link)
        else:
            sender = self._links.here(link) or link.to
            self._tell(link.watcher.address, sender, Gone(link.watcher, link.to))
