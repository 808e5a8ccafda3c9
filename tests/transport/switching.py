"""Switchboards wired to each other in memory, one thread and a clock that stands still until it is moved."""

from __future__ import annotations

import random
from collections import deque

from transport import frame
from transport.codec import encode
from transport.envelope import Envelope
from transport.limits import Limits
from transport.message import Message
from transport.peer import Outgoing, Peer
from transport.pid import Address, Pid
from transport.switchboard import Switchboard
from transport.wire import Outcome


class Note(Message):
    number: int = 0
    text: str = ""


class Cable:
    """One connection: its two ends, each a node (or None) and its channel, and what is under way."""

    def __init__(self, ends: tuple[tuple[Node | None, bytes], tuple[Node | None, bytes]]) -> None:
        self.ends = ends
        self.under_way: deque[tuple[int, bytes, bytes]] = deque()
        #: What reached an end where nobody is.
        self.seen: list[frame.Frame] = []
        self.broken = False


class Net:
    """Connects nodes by address; frames move when `run` is called."""

    def __init__(self) -> None:
        self.now = 0.0
        self.nodes: dict[Address, Node] = {}
        self.cables: list[Cable] = []
        #: Addresses that cannot be dialed.
        self.walls: set[Address] = set()
        self.strangers = 0

    def node(self, port: int, *, incarnation: int = 1, limits: Limits | None = None, host: str = "h") -> Node:
        node = Node(self, Address(host, port), incarnation, limits or Limits())
        self.nodes[node.address] = node
        return node

    def stranger(self, node: Node) -> Stranger:
        """A connection to `node` by somebody who may say anything."""
        return Stranger(self, node)

    def run(self) -> None:
        """Move all frames until nothing is under way, and let everybody send."""
        moved = True
        while moved:
            moved = False
            for node in list(self.nodes.values()):
                node.work()
            for cable in self.cables:
                while cable.under_way and not cable.broken:
                    moved = True
                    self.step(cable)

    def step(self, cable: Cable) -> None:
        """Deliver the oldest frame of one connection."""
        side, header, body = cable.under_way.popleft()
        node, channel = cable.ends[side]
        if node is None:
            cable.seen.append(frame.read(header))
        elif not node.stopped:
            node.board.received(channel, header, body, self.now)

    def cut(self, cable: Cable) -> None:
        """Lose a connection and what is under way on it; both sides notice."""
        if not cable.broken:
            cable.broken = True
            for node, channel in cable.ends:
                if node is not None and not node.stopped:
                    node.board.lost(channel, "cut", self.now)

    def pass_time(self, seconds: float) -> None:
        """Let time pass in steps, as a router does."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + 0.25, end)
            for node in list(self.nodes.values()):
                if not node.stopped:
                    node.board.tick(self.now)
            self.run()


class Node:
    """A switchboard with its wire and its host; remembers all that it is told."""

    def __init__(self, net: Net, address: Address, incarnation: int, limits: Limits) -> None:
        self.net = net
        self.address = address
        self.received: list[Envelope] = []
        self.breaks: list[tuple[Address, str]] = []
        self.opens: list[Address] = []
        self.refusals: list[str] = []
        self.drops: list[tuple[object, str]] = []
        self.grants: deque[Peer] = deque()
        #: Whether what was received counts as dealt with at once.
        self.spends = True
        self.full = False
        #: Addresses for which libzmq would refuse even to try.
        self.undialable: set[Address] = set()
        self.stopped = False
        self._cables: dict[bytes, Cable] = {}
        self._dials = 0
        self.board = Switchboard(
            address,
            incarnation,
            wire=self,
            host=self,
            limits=limits,
            rng=random.Random(address.port * 1_000 + incarnation),
            wants_grant=self.grants.append,
        )

    def send(self, to: Node | Address, message: object, *, name: str = "b", epoch: int = 0) -> None:
        address = to.address if isinstance(to, Node) else to
        envelope = Envelope(Pid("a", *self.address, 7), Pid(name, *address), message, 1, 2, 3)
        type_name, payload = encode(message)
        route = frame.route(envelope.sender, envelope.to, type_name)
        self.board.submit(Outgoing(envelope, route, payload), self.net.now)

    @property
    def messages(self) -> list[object]:
        return [envelope.message for envelope in self.received]

    def peer(self, other: Node) -> Peer:
        peer = self.board.peers.find(*other.address)
        assert peer is not None
        return peer

    def work(self) -> None:
        if not self.stopped:
            while self.grants:
                self.board.grant(self.grants.popleft(), self.net.now)
            self.board.pump(self.net.now)

    # The wire.

    def dial(self, address: Address) -> bytes:
        self._dials += 1
        channel = b"%d" % self._dials
        if address in self.undialable:
            return channel
        other = None if address in self.net.walls else self.net.nodes.get(address)
        cable = Cable(((self, channel), (other, b"\0%d" % len(self.net.cables))))
        if other is not None:
            self.net.cables.append(cable)
            other.attach(cable, 1)
        self.attach(cable, 0)
        return channel

    def attach(self, cable: Cable, side: int) -> None:
        self._cables[cable.ends[side][1]] = cable

    def transmit(self, channel: bytes, header: bytes, body: bytes) -> Outcome:
        cable = self._cables.get(channel)
        if cable is None or cable.broken:
            return Outcome.GONE
        if self.full:
            return Outcome.FULL
        side = 0 if cable.ends[0] == (self, channel) else 1
        cable.under_way.append((1 - side, header, body))
        return Outcome.SENT

    def close(self, channel: bytes, *, abruptly: bool) -> None:
        """End a connection as TCP does: what is under way still arrives unless `abruptly`."""
        cable = self._cables.pop(channel, None)
        if cable is None or cable.broken:
            return
        while cable.under_way and not abruptly:
            self.net.step(cable)
        if not cable.broken:
            cable.broken = True
            for node, other in cable.ends:
                if node is not None and other != channel and not node.stopped:
                    node.board.lost(other, "closed", self.net.now)

    # The host.

    def receive(self, envelope: Envelope) -> None:
        self.received.append(envelope)
        if self.spends and envelope.credit is not None:
            envelope.credit.spend()

    def opened(self, address: Address) -> None:
        self.opens.append(address)

    def broken(self, address: Address, reason: str) -> None:
        self.breaks.append((address, reason))

    def refused(self, reason: str) -> None:
        self.refusals.append(reason)

    def dropped(self, envelope: Envelope, reason: str) -> None:
        self.drops.append((envelope.message, reason))


class Stranger:
    """Says anything to a node, and sees what it is answered."""

    def __init__(self, net: Net, node: Node) -> None:
        self._net = net
        self._node = node
        net.strangers += 1
        self._channel = b"\0s%d" % net.strangers
        self.cable = Cable(((None, b"stranger"), (node, self._channel)))
        net.cables.append(self.cable)
        node.attach(self.cable, 1)

    def say(self, header: bytes, body: bytes = b"") -> None:
        if not self.cable.broken:
            self.cable.under_way.append((1, header, body))
        self._net.run()

    def hello(self, *, session: int = 5, port: int = 999, incarnation: int = 1, window: int = 2_048) -> None:
        self.say(frame.hello(session, Address("x", port), incarnation, window, self._node.address))

    def batch(
        self, sequence: int, payloads: list[bytes], *, session: int = 5, type_name: str = Note.type_name
    ) -> None:
        route = frame.route(Pid("a", "x", 1), Pid("b", "h", 1), type_name)
        sizes = [len(payload) for payload in payloads]
        self.say(frame.batch(session, sequence, 0, [route], sizes, [0] * len(sizes), []), b"".join(payloads))

    @property
    def seen(self) -> list[frame.Frame]:
        return self.cable.seen

    @property
    def farewell(self) -> str:
        """The reason of the Bye that it was told last."""
        last = self.seen[-1]
        assert isinstance(last, frame.Bye)
        return last.reason
