"""Nodes that are only as much of one as the wire can see: a switchboard each, hundreds to a process."""

from __future__ import annotations

import heapq
import math
import random
import sys
import threading
import time
from collections.abc import Callable

import zmq

from tests.benchmarks.child import quiet, ready
from tests.benchmarks.runtime.messages import Note
from transport.codec import encode
from transport.envelope import Envelope
from transport.frame import route
from transport.limits import Limits
from transport.peer import Outgoing
from transport.pid import Address, Pid
from transport.switchboard import Switchboard
from transport.wire import Outcome

PERIOD_SECONDS = 1.0
TICK_SECONDS = 0.25


class Trunk:
    """Moves the frames of many switchboards over one socket: a connection, and a channel, for each."""

    def __init__(self) -> None:
        self.socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self.switchboards: dict[bytes, Switchboard] = {}

    def wait(self, seconds: float) -> None:
        """Hand out what comes within that time, or came already."""
        while self.socket.poll(math.ceil(max(0.0, seconds) * 1e3)):
            channel, header, body = self.socket.recv_multipart()
            self.switchboards[channel].received(channel, header, body, time.monotonic())
            seconds = 0.0


class LightPeer:
    """One of the many: it speaks to one node, and takes every loss for a bug."""

    def __init__(self, number: int, trunk: Trunk, to: Pid) -> None:
        self._channel = f"peer-{number}".encode()
        self._trunk = trunk
        self._to = to
        self._pid = Pid("speaker", "127.0.0.1", number, 1)
        self._switchboard = trunk.switchboards[self._channel] = Switchboard(
            self._pid.address,
            1,
            wire=self,
            host=self,
            limits=Limits(),
            rng=random.Random(number),
            wants_grant=lambda _peer: None,
        )

    def speak(self) -> None:
        now = time.monotonic()
        envelope = Envelope(self._pid, self._to, Note(now))
        type_name, payload = encode(envelope.message)
        self._switchboard.submit(Outgoing(envelope, route(self._pid, self._to, type_name), payload), now)
        self._switchboard.pump(now)

    def tick(self) -> None:
        self._switchboard.tick(time.monotonic())

    # The wire of its switchboard.

    def dial(self, address: Address) -> bytes:
        self._trunk.socket.setsockopt(zmq.CONNECT_ROUTING_ID, self._channel)
        self._trunk.socket.connect(f"tcp://{address}")
        return self._channel

    def transmit(self, channel: bytes, header: bytes, body: bytes) -> Outcome:
        try:
            self._trunk.socket.send_multipart([channel, header, body], zmq.DONTWAIT)
        except zmq.Again:
            return Outcome.FULL
        return Outcome.SENT

    def close(self, channel: bytes, *, abruptly: bool) -> None: ...

    # Whom its switchboard serves.

    def receive(self, envelope: Envelope) -> None: ...

    def opened(self, address: Address) -> None:
        self._switchboard.pump(time.monotonic())

    def broken(self, address: Address, reason: str) -> None:
        raise AssertionError(f"{self._pid} lost {address}: {reason}")

    def refused(self, reason: str) -> None:
        raise AssertionError(f"{self._pid} was refused: {reason}")

    def dropped(self, envelope: Envelope, reason: str) -> None:
        raise AssertionError(f"{self._pid} dropped a message: {reason}")


def speak_in_turn(trunk: Trunk, peers: list[LightPeer]) -> None:
    """Let each speak once in a period, all of them evenly spread over it."""
    start = time.monotonic()
    agenda: list[tuple[float, int, Callable[[], None], float]] = []
    for number, peer in enumerate(peers):
        due = start + number / len(peers) * PERIOD_SECONDS
        agenda.append((due, len(agenda), peer.speak, PERIOD_SECONDS))
        agenda.append((due, len(agenda), peer.tick, TICK_SECONDS))
    heapq.heapify(agenda)
    while True:
        due, order, act, period_seconds = agenda[0]
        trunk.wait(due - time.monotonic())
        if due <= time.monotonic():
            heapq.heapreplace(agenda, (due + period_seconds, order, act, period_seconds))
            act()


def main(to: str, count: str, first_port: str) -> None:
    quiet()
    trunk = Trunk()
    peers = [LightPeer(int(first_port) + number, trunk, Pid.parse(to)) for number in range(int(count))]
    threading.Thread(target=speak_in_turn, args=(trunk, peers), daemon=True).start()
    ready("speaking")


if __name__ == "__main__":
    main(*sys.argv[1:])
