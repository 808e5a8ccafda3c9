"""The yardstick of the wire: what ZeroMQ and msgpack do with nothing above them."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgpack
import zmq

from actors.node.garbage import collect_seldom
from tests.benchmarks.child import child, ready
from tests.benchmarks.figure import median_of
from tests.benchmarks.runtime.messages import OFFER_AS_DICT

Socket = zmq.Socket[bytes]

LOOPBACK = "tcp://127.0.0.1"
#: As long as a bare header and a small body; what is echoed is not looked at.
NOTE = bytes(64)
RECEIVE_MILLISECONDS = 60_000


@contextmanager
def puller() -> Iterator[tuple[Socket, Socket]]:
    """A socket to push offers into, and one on which their receiver reports."""
    context = zmq.Context()
    try:
        push, back = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        back.rcvtimeo = RECEIVE_MILLISECONDS
        port = back.bind_to_random_port(LOOPBACK)
        with child("tests.benchmarks.runtime.bare", "pull", port) as address:
            push.connect(address)
            yield push, back
    finally:
        context.destroy(linger=0)


@contextmanager
def router() -> Iterator[Socket]:
    """A DEALER whose messages are echoed by a ROUTER."""
    context = zmq.Context()
    try:
        dealer = context.socket(zmq.DEALER)
        dealer.rcvtimeo = RECEIVE_MILLISECONDS
        with child("tests.benchmarks.runtime.bare", "route") as address:
            dealer.connect(address)
            yield dealer
    finally:
        context.destroy(linger=0)


def push_rate(sockets: tuple[Socket, Socket], count: int) -> float:
    """Offers a second, packed and sent here, received, unpacked and counted there."""
    push, back = sockets
    packb, send = msgpack.packb, push.send
    started = time.perf_counter()
    send(packb(count))
    for _ in range(count):
        send(packb(OFFER_AS_DICT))
    back.recv()
    return count / (time.perf_counter() - started)


def round_trip(dealer: Socket, trips: int) -> float:
    """Median microseconds."""
    seconds = []
    for _ in range(trips):
        started = time.perf_counter()
        dealer.send(NOTE)
        dealer.recv()
        seconds.append(time.perf_counter() - started)
    return median_of(seconds) * 1e6


class Handler:
    """Counts, as the receiving actor does."""

    def __init__(self) -> None:
        self.count = 0

    def offer(self, message: dict[str, object]) -> None:
        self.count += 1


def pull(socket: Socket, back: Socket) -> None:
    """Receive as many offers as announced, report, and again."""
    unpackb, recv = msgpack.unpackb, socket.recv
    while True:
        expected = unpackb(recv())
        handler = Handler()
        while handler.count < expected:
            handler.offer(unpackb(recv()))
        back.send(b"done")


def route(socket: Socket) -> None:
    """Send every message back."""
    while True:
        socket.send_multipart(socket.recv_multipart())


def main(what: str, port: str = "") -> None:
    collect_seldom()  # as Pion's nodes do, lest that be the difference
    context = zmq.Context()
    socket = context.socket(zmq.PULL if what == "pull" else zmq.ROUTER)
    address = f"{LOOPBACK}:{socket.bind_to_random_port(LOOPBACK)}"
    if what == "pull":
        back = context.socket(zmq.PUSH)
        back.connect(f"{LOOPBACK}:{port}")
        work = threading.Thread(target=pull, args=(socket, back), daemon=True)
    else:
        work = threading.Thread(target=route, args=(socket,), daemon=True)
    work.start()
    ready(address)
    os._exit(0)  # the sockets are another thread's, which waits for ever


if __name__ == "__main__":
    main(*sys.argv[1:])
