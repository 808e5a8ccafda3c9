"""Another node: what waits for it, what it said last, and how much more each side may send.

A `Peer` lives from the first need of a connection until the pair of nodes breaks. Its session is one
unbroken series of messages in each direction; a successor has a new session and knows nothing of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from transport import frame
from transport.codec import DecodeError, decode, may_be_infinite
from transport.envelope import Credit, Envelope, HeavyCredit
from transport.frame import Batch, FrameError, Grant, Hello, Route
from transport.limits import UNIT_BYTES, Limits, units
from transport.link import Link
from transport.pid import Address, Pid

#: So many routes from a peer's actors to our own are remembered, to share their Pids.
_KNOWN_ROUTES = 4_096


class Outgoing(msgspec.Struct, gc=False):
    """A message ready to travel; `route` was made by `frame.route`."""

    envelope: Envelope
    route: bytes
    payload: bytes


class PeerStatus(msgspec.Struct, frozen=True):
    """What a person may want to know of a peer."""

    address: Address
    state: str
    incarnation: int
    queued_messages: int
    queued_bytes: int
    sent: int
    received: int


class Peer:
    """One life of the pair of this node and another."""

    def __init__(
        self,
        address: Address,
        own: Address,
        session: int,
        limits: Limits,
        wants_grant: Callable[[Peer], None],
    ) -> None:
        #: The names that it is known by; the first is the one that it was first dialed or came with.
        self.names = [address]
        self.session = session
        #: What it said of itself; None until one of its connections opened.
        self.hello: Hello | None = None
        self.links: list[Link] = []
        #: The connection that carries all that goes to it, so that order holds.
        self.carrier: Link | None = None
        #: When to dial it, while that waits for a pause to end.
        self.dial_at: float | None = None
        self.opened_at = 0.0
        self.credit = Credit(limits.grant_step, lambda: wants_grant(self))
        self._own = own
        self._limits = limits
        self._queue: deque[Outgoing] = deque()
        self._queued_bytes = 0
        self._sent = 0
        self._sent_units = 0
        self._may_send_units = 0
        self._received = 0
        self._received_units = 0
        self._granted_units = 0
        self._routes: dict[Route, tuple[Pid, Pid, str]] = {}

    @property
    def address(self) -> Address:
        """The first of its names."""
        return self.names[0]

    def opened(self, link: Link, hello: Hello, now: float) -> bool:
        """Take a connection that said HELLO; true for the first one of the pair.

        Raises FrameError when it is of another life of the peer.
        """
        first = self.hello is None
        if self.hello is None:
            self.hello = hello
            self.opened_at = now
            self._may_send_units = hello.window
        elif (hello.incarnation, hello.session) != (self.hello.incarnation, self.hello.session):
            raise FrameError("session", "the peer answers in another life than on its other connection")
        if self.carrier is None:
            self.carrier = link
        return first

    # What goes to it.

    @property
    def waiting(self) -> bool:
        """True while something waits to be sent."""
        return bool(self._queue)

    def push(self, outgoing: Outgoing) -> bool:
        """Let a message wait for its turn; true when more wait now than may."""
        self._queue.append(outgoing)
        self._queued_bytes += len(outgoing.payload)
        return self.overflows()

    def overflows(self) -> bool:
        """Whether more waits than may."""
        return self._queued_bytes > self._limits.queue_bytes or len(self._queue) > self._limits.queue_messages

    def next_batch(self, epoch: int) -> tuple[bytes, bytes] | None:
        """Header and body of the next messages that its credit allows to send; None if there are none."""
        queue, limits = self._queue, self._limits
        taken: list[Outgoing] = []
        size, credit = 0, self._may_send_units - self._sent_units
        while queue and len(taken) < limits.batch_messages:
            length = len(queue[0].payload)
            cost = 1 if length < UNIT_BYTES else units(length)
            if cost > credit or (taken and size + length > limits.batch_bytes):
                break
            taken.append(queue.popleft())
            size += length
            credit -= cost
        if not taken:
            return None
        self._queued_bytes -= size
        self._sent_units = self._may_send_units - credit
        sequence = self._sent
        self._sent += len(taken)
        return _batch(self.session, sequence, epoch, taken)

    def granted(self, grant: Grant) -> None:
        """It dealt with more of what was sent; raises FrameError for a count that cannot be."""
        if self.hello is None or not 0 <= grant.units <= self._sent_units:
            raise FrameError("credit", f"{grant.units} units granted back of {self._sent_units} sent")
        self._may_send_units = max(self._may_send_units, self.hello.window + grant.units)

    def drain(self) -> list[Outgoing]:
        """Take back all that waits."""
        waiting = list(self._queue)
        self._queue.clear()
        self._queued_bytes = 0
        return waiting

    # What comes from it.

    def accept(self, batch: Batch, body: bytes) -> None:
        """Note a batch as received; raises FrameError for a gap, a replay, wrong sizes or a flood."""
        if self.hello is None or batch.session != self.hello.session:
            raise FrameError("session", "messages of another session")
        if batch.sequence != self._received:
            raise FrameError("sequence", f"message {batch.sequence} where {self._received} is next")
        batch.check(len(body))
        self._received += len(batch.sizes)
        self._received_units += len(batch.sizes) if len(body) < UNIT_BYTES else sum(map(units, batch.sizes))
        if self._received_units - self._granted_units > self._limits.window:
            raise FrameError("flood", f"sent beyond its window of {self._limits.window} units")

    def envelopes(self, batch: Batch, body: bytes, refused: Callable[[DecodeError], None]) -> list[Envelope]:
        """The messages of an accepted batch; `refused` gets the error of each that cannot be read."""
        routes = [self._routes.get(route) or self._new_route(route) for route in batch.routes]
        places, spans = batch.places, batch.spans
        suspicious = may_be_infinite(body)
        sender, to, type_name = routes[0]
        trace = span = parent = end = 0
        envelopes = []
        for number, size in enumerate(batch.sizes):
            if places:
                sender, to, type_name = routes[places[number]]
            if spans:
                trace, span, parent = spans[3 * number : 3 * number + 3]
            start, end = end, end + size
            credit = self.credit if size < UNIT_BYTES else HeavyCredit(self.credit, units(size))
            try:
                message = decode(type_name, body[start:end], suspicious=suspicious)
            except DecodeError as error:
                credit.spend()
                refused(error)
                continue
            envelopes.append(Envelope(sender, to, message, trace, span, parent, 0.0, credit, batch.epoch))
        return envelopes

    def grant(self) -> bytes | None:
        """The header that gives back the credit of what was dealt with; None when it has it already."""
        if self.credit.returned <= self._granted_units:
            return None
        self._granted_units = self.credit.returned
        return frame.grant(self.session, self._granted_units)

    def status(self) -> PeerStatus:
        """A snapshot for people."""
        return PeerStatus(
            address=self.address,
            state="waiting" if self.hello is None else "open",
            incarnation=0 if self.hello is None else self.hello.incarnation,
            queued_messages=len(self._queue),
            queued_bytes=self._queued_bytes,
            sent=self._sent,
            received=self._received,
        )

    def _new_route(self, route: Route) -> tuple[Pid, Pid, str]:
        if len(self._routes) >= _KNOWN_ROUTES:
            self._routes.clear()
        address = self.address if self.hello is None else self.hello.address
        sender = Pid(route.sender, *address, route.sender_incarnation)
        to = Pid(route.to, *self._own, route.to_incarnation)
        known = self._routes[route] = sender, to, route.type_name
        return known


def _batch(session: int, sequence: int, epoch: int, taken: list[Outgoing]) -> tuple[bytes, bytes]:
    """Header and body of messages, column by column."""
    if len(taken) == 1:
        outgoing = taken[0]
        envelope, payload = outgoing.envelope, outgoing.payload
        span = (envelope.trace, envelope.span, envelope.parent) if envelope.span else ()
        return frame.batch(session, sequence, epoch, (outgoing.route,), (len(payload),), (), span), payload
    payloads = [outgoing.payload for outgoing in taken]
    routes: dict[bytes, int] = {}
    places = [routes.setdefault(outgoing.route, len(routes)) for outgoing in taken]
    envelopes = [outgoing.envelope for outgoing in taken]
    spans: list[int] = []
    if any(envelope.span for envelope in envelopes):
        for envelope in envelopes:
            spans += (envelope.trace, envelope.span, envelope.parent)
    header = frame.batch(session, sequence, epoch, routes, list(map(len, payloads)), places, spans)
    return header, b"".join(payloads)
