"""All connections of a node, without I/O: who is connected to whom, over what, and what to do when it breaks.

One connection of a pair of nodes is used in both directions, so a node that can dial but not be dialed is a
peer like any other. When two nodes dial each other at once both connections live: each side sends all that it
has to say over one of them, and listens to both. When one of them breaks, the pair is broken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from transport import frame
from transport.codec import DecodeError
from transport.frame import Batch, Bye, Frame, FrameError, Grant, Hello, KnownAsError, Ping
from transport.limits import FRAME_OVERHEAD_BYTES, Limits
from transport.link import Due, Link, State
from transport.peer import Outgoing, Peer
from transport.pid import Address
from transport.roster import Roster
from transport.wire import Host, Outcome, Wire

if TYPE_CHECKING:
    import random

#: Frames besides messages that may wait for room on one connection; a peer that reads nothing gets no more.
_MAX_UNSENT = 64
#: So many connections are remembered that were closed here while their last frames were still under way.
_MAX_CLOSED = 1_024
#: What a peer is not spoken to for a while after, and gets no last word for.
_PUNISHED = frozenset(("endless", "flood", "frames", "offences"))


class Switchboard:
    """Decides for every connection of one node; `now` is always seconds of the same steady clock."""

    def __init__(
        self,
        address: Address,
        incarnation: int,
        *,
        wire: Wire,
        host: Host,
        limits: Limits,
        rng: random.Random,
        wants_grant: Callable[[Peer], None],
    ) -> None:
        self.links: dict[bytes, Link] = {}
        self.peers = Roster(address, limits, rng, wants_grant)
        #: The newest leader's epoch; told to every peer with every message.
        self.epoch = 0
        #: What happened, by a fixed word each.
        self.counts: Counter[str] = Counter()
        self.address = address
        self._incarnation = incarnation
        self._wire = wire
        self._host = host
        self._limits = limits
        #: Peers that may have something to send, in the order in which they came by it.
        self._ready: dict[Peer, None] = {}
        self._closed: dict[bytes, None] = {}

    # What this node wants.

    def connect(self, address: Address, now: float) -> Peer:
        """Make sure that there is a pair with the node at `address`, or that it will be reported broken.

        It is dialed by the next `pump`, or by a later `tick` when a pause after a failure still lasts.
        """
        peer = self.peers.find(*address)
        if peer is None:
            peer = self.peers.add(address)
            peer.dial_at = self.peers.backoff(address).dial_at(now)
            self._ready[peer] = None
        return peer

    def submit(self, outgoing: Outgoing, now: float) -> None:
        """Send a message when its turn comes."""
        to = outgoing.envelope.to
        peer = self.peers.find(to.host, to.port) or self.connect(to.address, now)
        self._ready[peer] = None
        if peer.push(outgoing):
            self._pump(peer, now)
            if peer.overflows():
                self.counts["overflow"] += 1
                self._break(peer, f"too many messages waited for {peer.address}", now)

    def grant(self, peer: Peer, now: float) -> None:
        """Give a peer its credit back; for one that asked by `wants_grant`."""
        header = peer.grant()
        if header is not None and peer.carrier is not None:
            self._say(peer.carrier, header, now)

    def pump(self, now: float) -> bool:
        """Send what can be sent; false when a connection had no room and should be tried again soon."""
        if not self._ready:
            return True
        for peer in list(self._ready):
            if self._pump(peer, now):
                self._ready.pop(peer, None)
        return not self._ready

    def farewell(self, reason: str) -> None:
        """Say goodbye to all peers, and report what still waits for them as dropped."""
        for link in list(self.links.values()):
            if link.opened:
                self._wire.transmit(link.channel, frame.bye(0, reason), b"")
            else:
                self._close(link, abruptly=True)
        for peer in self.peers:
            self._drop(peer, reason)

    # What the world reports.

    def received(self, channel: bytes, header: bytes, body: bytes, now: float) -> None:
        """Take a frame from a connection, which is a new one when its channel is unknown."""
        link = self.links.get(channel) or self._new_link(channel, now)
        if link is None:
            return
        link.carried += len(header) + len(body) + 2 * FRAME_OVERHEAD_BYTES
        try:
            heard = frame.read(header)
            link.hear(heard, now)
            self._obey(link, heard, body, now)
        except FrameError as error:
            self._offended(link, error, now)

    def was_closed(self, channel: bytes) -> bool:
        """Whether the connection was closed here, so that nothing that it still brings matters."""
        return channel in self._closed

    def refuse(self, channel: bytes, reason: str, detail: str, now: float) -> None:
        """A connection brought something that is no frame at all."""
        link = self.links.get(channel) or self._new_link(channel, now)
        if link is not None:
            self._offended(link, FrameError(reason, detail), now)

    def lost(self, channel: bytes, reason: str, now: float) -> None:
        """A connection is no more."""
        link = self.links.get(channel)
        if link is not None:
            link.close()
            self._lose(link, reason, now)

    def tick(self, now: float) -> None:
        """Do what has become due; to be called a few times a second."""
        for link in list(self.links.values()):
            due = link.due(now)
            if due is Due.PING and link.peer is not None:
                self._say(link, frame.ping(link.peer.session), now)
            elif due is Due.LOST:
                reason, words = ("silent", "silent") if link.opened else ("no_hello", "no HELLO")
                self.counts[reason] += 1
                self._lose(link, f"{words} for {now - link.heard:.1f} s", now)
        for peer in list(self.peers):
            if peer.dial_at is not None and peer.dial_at <= now:
                self._dial(peer, now)
        self.peers.tidy(now)

    # What the other side says.

    def _obey(self, link: Link, heard: Frame, body: bytes, now: float) -> None:
        peer = link.peer
        if isinstance(heard, Hello):
            if peer is None:
                self._greeted(link, heard, now)
            else:
                self._answered(link, peer, heard, now)
        elif peer is None:
            raise FrameError("order", "a connection begins with HELLO")
        elif isinstance(heard, Batch):
            self._deliver(link, peer, heard, body, now)
        elif isinstance(heard, Grant):
            peer.granted(heard)
            self._ready[peer] = None
        elif isinstance(heard, Ping):
            self._say(link, frame.pong(peer.session), now)
        elif isinstance(heard, Bye):
            self._dismissed(link, peer, heard, now)

    def _greeted(self, link: Link, hello: Hello, now: float) -> None:
        """Another node dialed."""
        peer, outdated = self.peers.admit(hello, now)
        if peer is not None and outdated:
            self._break(peer, outdated, now)
            peer = None
        peer = peer or self.peers.add(hello.address)
        peer.dial_at = None
        peer.links.append(link)
        link.peer = peer
        self._open(link, peer, hello, now)
        self._say(link, self._hello(peer, hello.address), now)

    def _answered(self, link: Link, peer: Peer, hello: Hello, now: float) -> None:
        """The node that was dialed answered; perhaps it goes by another name."""
        if hello.address == self.address:
            raise FrameError("self", f"{peer.address} is this node itself")
        self._open(link, peer, hello, now)
        self.peers.name(peer, hello.address)

    def _open(self, link: Link, peer: Peer, hello: Hello, now: float) -> None:
        if peer.opened(link, hello, now):
            self.counts["opened"] += 1
            self._host.opened(peer.address)
        self._ready[peer] = None

    def _deliver(self, link: Link, peer: Peer, batch: Batch, body: bytes, now: float) -> None:
        peer.accept(batch, body)
        errors: list[DecodeError] = []
        for envelope in peer.envelopes(batch, body, errors.append):
            self._host.receive(envelope)
        for error in errors:
            self.counts[error.reason] += 1
            if link.offend(now):
                raise FrameError("offences", f"too many messages that cannot be read, the last: {error}")

    def _dismissed(self, link: Link, peer: Peer, bye: Bye, now: float) -> None:
        """The other side ends the connection."""
        known = self.peers.find(bye.host, bye.port)
        if known is None or known is peer or link.opened:
            self._lose(link, f"the peer said: {bye.reason}", now)
            return
        # We dialed a second name of a node that we are connected to: the two become one.
        self.peers.remove(peer)
        self._hang_up(peer)
        for name in peer.names:
            self.peers.name(known, name)
        for outgoing in peer.drain():
            self.submit(outgoing, now)

    def _offended(self, link: Link, error: FrameError, now: float) -> None:
        """The other side broke a rule: say which, and end the connection."""
        self.counts[error.reason] += 1
        peer = link.peer
        if peer is None:
            known_as = error.address if isinstance(error, KnownAsError) else None
            self._wire.transmit(link.channel, frame.bye(0, str(error), known_as), b"")
            self._host.refused(str(error))
            self._close(link, abruptly=False)
            return
        if error.reason in _PUNISHED:
            for name in peer.names:
                self.peers.backoff(name).punish(now)
        self._break(peer, str(error), now, abruptly=error.reason in _PUNISHED)

    # What this side does.

    def _dial(self, peer: Peer, now: float) -> None:
        peer.dial_at = None
        channel = self._wire.dial(peer.address)
        link = self.links[channel] = Link(channel, peer, self._limits, now)
        peer.links.append(link)
        self._say(link, self._hello(peer, peer.address), now)

    def _hello(self, peer: Peer, to: Address) -> bytes:
        return frame.hello(peer.session, self.address, self._incarnation, self._limits.window, to)

    def _say(self, link: Link, header: bytes, now: float) -> None:
        """Send a frame that is no message."""
        link.unsent.append((header, b""))
        if len(link.unsent) > _MAX_UNSENT:
            self.counts["deaf"] += 1
            self._lose(link, "it does not read what it is sent", now)
        elif not self._flush(link, now) and link.peer is not None:
            self._ready[link.peer] = None

    def _pump(self, peer: Peer, now: float) -> bool:
        """Send what waits for a peer; false when its connection had no room."""
        if peer.dial_at is not None and peer.dial_at <= now:
            self._dial(peer, now)
        for link in tuple(peer.links):
            if link.unsent and not self._flush(link, now):
                return False
        while (carrier := peer.carrier) is not None:
            batch = peer.next_batch(self.epoch)
            if batch is None:
                return True
            carrier.unsent.append(batch)
            if not self._flush(carrier, now):
                return False
        return True

    def _flush(self, link: Link, now: float) -> bool:
        """Send what a connection had no room for; false when it still has none."""
        while link.unsent:
            outcome = self._wire.transmit(link.channel, *link.unsent[0])
            if outcome is Outcome.FULL:
                return False
            if outcome is Outcome.GONE:
                self.lost(link.channel, "the connection broke", now)
                return True
            del link.unsent[0]
        return True

    def _lose(self, link: Link, reason: str, now: float) -> None:
        """Give a connection up, and with it the pair, unless our dial failed and theirs did not."""
        peer = link.peer
        if peer is None:
            self._close(link, abruptly=True)
        elif link.opened or peer.carrier is None:
            self._break(peer, reason, now)
        else:
            peer.links.remove(link)
            self._close(link, abruptly=True)

    def _break(self, peer: Peer, reason: str, now: float, *, abruptly: bool = False) -> None:
        """End a pair, and tell everyone concerned."""
        self.counts["broken"] += 1
        for link in peer.links:
            if link.state is not State.CLOSED:
                self._wire.transmit(link.channel, frame.bye(peer.session, reason), b"")
        self.peers.remove(peer)
        self._hang_up(peer, abruptly=abruptly)
        stood_seconds = now - peer.opened_at if peer.hello is not None else 0.0
        for name in peer.names:
            self.peers.backoff(name).failed(now, stood_seconds=stood_seconds)
            self._host.broken(name, reason)
        self._drop(peer, reason)

    def _drop(self, peer: Peer, reason: str) -> None:
        for outgoing in peer.drain():
            self._host.dropped(outgoing.envelope, reason)

    def _hang_up(self, peer: Peer, *, abruptly: bool = False) -> None:
        self._ready.pop(peer, None)
        peer.carrier = None
        peer.dial_at = None
        for link in peer.links:
            self._close(link, abruptly=abruptly or link.state is not State.OPEN)
        peer.links.clear()

    def _close(self, link: Link, *, abruptly: bool) -> None:
        link.close()
        self.links.pop(link.channel, None)
        self._closed[link.channel] = None
        if len(self._closed) > _MAX_CLOSED:
            del self._closed[next(iter(self._closed))]
        self._wire.close(link.channel, abruptly=abruptly)

    def _new_link(self, channel: bytes, now: float) -> Link | None:
        """A connection that was accepted; None for one that was closed here already."""
        if channel in self._closed:
            return None
        link = self.links[channel] = Link(channel, None, self._limits, now)
        return link
