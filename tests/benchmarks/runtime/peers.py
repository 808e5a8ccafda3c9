"""A thousand nodes connected to one, each saying something every second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from tests.benchmarks.child import child
from tests.benchmarks.figure import Figure, Size, alone, at_least, at_most, percentile_of
from tests.benchmarks.runtime.messages import Note
from transport.pid import Address, Pid

PEERS = 1_000
PROCESSES = 2
MEASURED_SECONDS = 10.0
CONNECT_SECONDS = 60.0
#: Peers do not listen; their addresses only tell them apart.
FIRST_PORT = 20_000
MOST_PER_PROCESS = 5_000


class Listener(Process):
    """Counts notes by sender, and notes how late each was handled while `measuring`."""

    def __init__(self) -> None:
        self.heard: dict[Pid, int] = {}
        self.late_seconds: list[float] = []
        self.measuring = False

    @handles(Note)
    def note(self, sender: Pid, message: Note) -> None:
        self.heard[sender] = self.heard.get(sender, 0) + 1
        if self.measuring:
            self.late_seconds.append(time.monotonic() - message.sent)


def figures(size: Size) -> Iterator[Figure]:
    peers = size.of(PEERS, least=PROCESSES)
    seconds = MEASURED_SECONDS * min(1.0, max(0.1, size.scale))
    listener = Listener()
    system = PykkaSystem(bind=Address("127.0.0.1", 0))
    system.start()
    pid = system.spawn(lambda: listener, "listener")
    with ExitStack() as children:
        for number in range(PROCESSES):
            share = peers // PROCESSES + (number < peers % PROCESSES)
            first = FIRST_PORT + number * MOST_PER_PROCESS
            children.enter_context(child("tests.benchmarks.runtime.light_peers", pid.whoever(), share, first))
        deadline = time.monotonic() + CONNECT_SECONDS
        while len(listener.heard) < peers:
            assert time.monotonic() < deadline, f"only {len(listener.heard)} of {peers} peers were heard"
            time.sleep(0.1)
        heard = sum(listener.heard.values())
        listener.measuring = True
        cpu, started = time.process_time(), time.perf_counter()
        time.sleep(seconds)
        elapsed = time.perf_counter() - started
        cores = (time.process_time() - cpu) / elapsed
        listener.measuring = False
        rate = (sum(listener.heard.values()) - heard) / elapsed
        late = [late_seconds * 1e3 for late_seconds in listener.late_seconds]
        connected = len(system.peers())
    system.stop()
    name = f"{peers:,} peers, a message a second each"
    yield alone(f"{name}: connected", "peers", [connected], at_least(peers))
    yield alone(f"{name}: handled", "messages/s", [rate])
    yield alone(f"{name}: the node's use", "cores", [cores], at_most(0.35))
    yield alone(f"{name}: p99", "ms from sent to handled", [percentile_of(late, 99)])
    yield alone(f"{name}: slowest", "ms from sent to handled", [max(late)], at_most(100))
