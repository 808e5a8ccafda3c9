"""One connection between two simulated nodes: two ends, each with its own view of it."""

from __future__ import annotations

import heapq
import random
from collections import deque
from typing import TYPE_CHECKING

from actors.simulation.agenda import Agenda
from actors.simulation.faults import Faults
from transport.envelope import Credit, Envelope
from transport.pid import Address

if TYPE_CHECKING:
    from actors.simulation.machine import Machine


class End(Credit):
    """What one node knows of the connection, and the messages that it sends on it.

    It stands for their credit too: no more than `window` are under way and not yet dealt with, the others
    wait here, as with the real router.
    """

    __slots__ = (
        "_agenda", "_arrives_until", "_faults", "_in_flight", "_in_order", "_last", "_latest",
        "_least_seconds", "_rng", "_spread_seconds", "_window", "address", "connection", "far", "flowing",
        "node", "open", "silence", "told", "waiting",
    )  # fmt: skip

    far: End
    connection: Connection

    def __init__(self, agenda: Agenda, rng: random.Random, address: Address, window: int) -> None:
        #: Where the node at this end listens; `node` is None as long as there was never one.
        self.address = address
        self.node: Machine | None = None
        #: Whether this node believes in the connection.
        self.open = False
        #: Whether the news that the connection is broken is on its way here.
        self.told = False
        #: Whether messages can leave on it.
        self.flowing = False
        #: Numbers the present silence of the far end, None while that is heard.
        self.silence: int | None = None
        #: Messages that cannot leave, oldest first.
        self.waiting: deque[Envelope] = deque()
        self._agenda = agenda
        self._rng = rng
        self._window = window
        self._in_flight = 0
        self.use(Faults())
        # When the newest of the messages that keep their order arrives, and when the newest of all.
        self._last = self._latest = 0.0
        # What is under way when the connection breaks arrives up to this moment.
        self._arrives_until = 0.0

    def use(self, faults: Faults) -> None:
        """Treat messages so from now on."""
        self._faults = faults
        self._in_order = faults.in_order
        self._least_seconds, most_seconds = faults.delay_seconds
        self._spread_seconds = most_seconds - self._least_seconds

    def send(self, envelope: Envelope) -> bool:
        """Send a message; False when it has to wait."""
        if not self.flowing or self._in_flight >= self._window:
            self.waiting.append(envelope)
            return False
        self._transmit(envelope)
        return True

    def flush(self) -> None:
        """Send what waits, as far as may be."""
        waiting = self.waiting
        while waiting and self.flowing and self._in_flight < self._window:
            self._transmit(waiting.popleft())

    def spend(self) -> None:
        """Note that a message was dealt with at the far end."""
        self._in_flight -= 1
        if self.waiting:
            self.flush()

    def _transmit(self, envelope: Envelope) -> None:
        agenda = self._agenda
        when = agenda.now + self._least_seconds + self._spread_seconds * self._rng.random()
        if not self._in_order:
            self._transmit_badly(envelope, when)
            return
        if when < self._latest:
            when = self._latest
        self._last = self._latest = when
        self._in_flight += 1
        heapq.heappush(agenda.heap, (when, agenda.next_order(), self._arrive, envelope))

    def _transmit_badly(self, envelope: Envelope, when: float) -> None:
        faults = self._faults
        chance = self._rng.random
        if not envelope.to.name:  # what nodes say about links: after all that went before
            self._last = max(when, self._latest)
            self._put(envelope, self._last)
            return
        if chance() < faults.loss:
            if self.node is not None:
                self.node.dropped(envelope, "lost by the network")
            return
        if chance() < faults.reorder:
            when += chance() * faults.reorder_seconds
        else:
            self._last = when = max(when, self._last)
        self._put(envelope, when)
        if chance() < faults.duplicate:
            self._put(envelope, when + chance() * faults.reorder_seconds)

    def _put(self, envelope: Envelope, when: float) -> None:
        self._latest = max(self._latest, when)
        self._in_flight += 1
        self._agenda.at(when, self._arrive, envelope)

    def cut_off(self) -> None:
        """Lose some of what is under way: all of it, or the newest, or nothing."""
        now = self._agenda.now
        self._arrives_until = now + 2.0 * self._rng.random() * max(0.0, self._latest - now)

    def _arrive(self, envelope: Envelope) -> None:
        """The message is there, unless it was lost when the connection broke."""
        node = self.far.node
        if node is None or (self.connection.broken and self._is_lost()):
            return
        if node.paused:
            node.defer(node.receive, envelope)
        else:
            node.receive(envelope)

    def _is_lost(self) -> bool:
        return not self.far.open or self._agenda.now > self._arrives_until


class Connection:
    """Two ends; `broken` once either has given up, after which nothing more is sent."""

    def __init__(self, dialer: End, acceptor: End) -> None:
        self.ends = (dialer, acceptor)
        self.established = False
        #: The handshake is under way.
        self.opening = False
        self.broken = False
        dialer.far, acceptor.far = acceptor, dialer
        dialer.connection = acceptor.connection = self

    def break_off(self) -> None:
        """Let nothing more be sent on it."""
        if not self.broken:
            self.broken = True
            for end in self.ends:
                end.cut_off()

    @property
    def is_new(self) -> bool:
        """Whether the handshake may begin."""
        return not (self.established or self.opening or self.broken)
