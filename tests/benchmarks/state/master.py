"""A master as a user starts it, with its turns timed; `python -m tests.benchmarks.state.master PORT`."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from actors.cli.client import Client
from actors.cli.pion import main
from actors.master import court
from actors.master.master import Master
from actors.node.ports import ACTOR_PORT_OFFSET
from actors.process import handles
from tests.benchmarks.api.client import Address
from tests.benchmarks.child import child
from tests.benchmarks.launch.cluster import free_port
from transport.envelope import Envelope
from transport.message import Message
from transport.pid import Address as NodeAddress
from transport.pid import Pid

_TIMEOUT_SECONDS = 30.0


class TakeLongest(Message):
    """How long was the longest turn since this was asked last?"""


class Longest(Message):
    """So long."""

    seconds: float


class TimedMaster(Master):
    """Notes how long its turns take by the clock on the wall, waits for other threads included."""

    _longest = 0.0

    def receive(self, envelope: Envelope) -> None:
        begin = time.perf_counter()
        super().receive(envelope)
        self._longest = max(self._longest, time.perf_counter() - begin)

    @handles(TakeLongest)
    def take_longest(self, sender: Pid, message: TakeLongest) -> None:
        self.send(sender, Longest(self._longest))
        self._longest = 0.0


class Running(NamedTuple):
    """A timed master in another process."""

    web: Address
    pid: Pid
    client: Client

    def longest_turn_milliseconds(self) -> float:
        """Since it was asked last."""
        return self.client.ask_actor(self.pid, TakeLongest(), Longest).seconds * 1000


@contextmanager
def timed_master() -> Iterator[Running]:
    port = free_port()
    with child(__name__, port) as line:
        assert line.endswith(str(port + ACTOR_PORT_OFFSET)), line
        node = NodeAddress("127.0.0.1", port + ACTOR_PORT_OFFSET)
        with Client(node, None, _TIMEOUT_SECONDS) as client:
            yield Running(Address("127.0.0.1", port), Pid("master", *node), client)


def serve(port: str) -> None:
    # The name by which the court makes its masters.
    vars(court)["Master"] = TimedMaster
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    flags = [f"--port={port}", "--ip=127.0.0.1", "--registry=in_memory", "--logging_level=ERROR"]
    sys.exit(main(["master", *flags]))


def _end_with_standard_input() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    serve(sys.argv[1])
