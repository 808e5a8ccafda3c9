"""Floods a node with messages as fast as it can, ignoring its credit.

Started as `python -m tests.integration.flooder PORT`. Speaks the protocol over a plain socket, so that
nothing slows it down. Connects again whenever it is cut off, and ends when its input does.
"""

from __future__ import annotations

import os
import sys
import threading

from tests.transport.routers import Parcel, zmtp_connection, zmtp_frame
from transport import frame
from transport.pid import Address, Pid

MESSAGES = 400
PAYLOAD = b"\x81\xa4data\xc5\x03\xe8" + bytes(1_000)


def flood(to: Address) -> None:
    """Connect, greet, and send until the other side has enough."""
    with zmtp_connection(to) as connection:
        connection.settimeout(0.5)  # a router that closes with bytes unread may leave it at that
        hello = frame.hello(1, Address("127.0.0.1", 1), 1, 2_048, to)
        connection.sendall(zmtp_frame(hello, more=True) + zmtp_frame(b"", more=False))
        route = frame.route(Pid("a", "x", 1), Pid("b", "x", 1), Parcel.type_name)
        sequence = 0
        while True:
            sizes = [len(PAYLOAD)] * MESSAGES
            header = frame.batch(1, sequence, 0, [route], sizes, [], [])
            connection.sendall(zmtp_frame(header, more=True) + zmtp_frame(PAYLOAD * MESSAGES, more=False))
            sequence += MESSAGES


def main() -> None:
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    while True:
        try:
            flood(Address("127.0.0.1", int(sys.argv[1])))
        except OSError:
            continue


if __name__ == "__main__":
    main()
