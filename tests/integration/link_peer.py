"""A node in a process of its own, for tests: it echoes every message.

Started as `python -m tests.integration.link_peer PORT INCARNATION`. Prints its port when it listens, and
ends when its input does.
"""

from __future__ import annotations

import sys
import threading

from transport.envelope import Envelope
from transport.pid import Address
from transport.router import Router


def main() -> None:
    port, incarnation = map(int, sys.argv[1:])
    silent = threading.Event()

    def receive(envelope: Envelope) -> None:
        if envelope.message == {"be": "silent"}:
            silent.set()
        elif not silent.is_set():
            router.send(Envelope(envelope.to, envelope.sender, [incarnation, envelope.message]))
            assert envelope.credit is not None
            envelope.credit.spend()

    router = Router(Address("127.0.0.1", port), None, incarnation, receive, lambda _address, _reason: None)
    sys.stdout.write(f"{router.start().port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    router.stop(1.0)


if __name__ == "__main__":
    main()
