"""A thousand nodes connected to one, each saying something every second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from tests.benchmarks.child import child
from tests.benchmarks.figure import Figure, Size, alone, at_least, at_most, percentile_of
from tests.benchmarks.runtime.messages import Note
from transport.pid import Address, Pid

PEERS = 1_000
PROCESSES = 2
MEASURED_SECONDS = 5.0
CONNECT_SECONDS = 60.0
#: Peers do not listen; their addresses only tell them apart.
FIRST_PORT = 20_000
MOST_PER_PROCESS = 5_000


class Listener(Process):
    """Notes who said something, and how late each note was handled."""

    def __init__(self) -> None:
        self.senders: dict[Pid, None] = {}
        self.late_seconds: list[float] = []

    @handles(Note)
    def note(self, sender: Pid, message: Note) -> None:
        self.senders[sender] = None
        self.late_seconds.append(time.monotonic() - message.sent)


class Measured(NamedTuple):
    """What became of one stretch of time."""

    messages_per_second: float
    cores: float
    p99_ms: float
    slowest_ms: float


def figures(size: Size) -> Iterator[Figure]:
    peers = size.of(PEERS, least=PROCESSES)
    seconds = MEASURED_SECONDS * min(1.0, max(0.2, size.scale))
    with connected(peers) as (system, listener):
        runs = [measure(listener, seconds) for _ in range(min(3, size.rounds))]
        count = len(system.peers())
    name = f"{peers:,} peers, a message a second each"
    yield alone(f"{name}: connected", "peers", [count], at_least(peers))
    yield alone(f"{name}: handled", "messages/s", [run.messages_per_second for run in runs])
    yield alone(f"{name}: the node's use", "cores", [run.cores for run in runs], at_most(0.35))
    yield alone(f"{name}: p99", "ms from sent to handled", [run.p99_ms for run in runs])
    yield alone(f"{name}: slowest", "ms from sent to handled", [run.slowest_ms for run in runs], at_most(100))


@contextmanager
def connected(peers: int) -> Iterator[tuple[PykkaSystem, Listener]]:
    """A node here, and so many light peers in other processes, each of which has been heard."""
    listener = Listener()
    system = PykkaSystem(bind=Address("127.0.0.1", 0))
    system.start()
    try:
        pid = system.spawn(lambda: listener, "listener").whoever()
        with ExitStack() as children:
            for number in range(PROCESSES):
                share = peers // PROCESSES + (number < peers % PROCESSES)
                first_port = FIRST_PORT + number * MOST_PER_PROCESS
                children.enter_context(child("tests.benchmarks.runtime.light_peers", pid, share, first_port))
            deadline = time.monotonic() + CONNECT_SECONDS
            while len(listener.senders) < peers:
                assert time.monotonic() < deadline, (
                    f"only {len(listener.senders)} of {peers} peers were heard"
                )
                time.sleep(0.1)
            yield system, listener
    finally:
        system.stop()


def measure(listener: Listener, seconds: float) -> Measured:
    """Let so much time go by."""
    first = len(listener.late_seconds)
    cpu, started = time.process_time(), time.perf_counter()
    time.sleep(seconds)
    elapsed = time.perf_counter() - started
    late_ms = [late * 1e3 for late in listener.late_seconds[first:]]
    cores = (time.process_time() - cpu) / elapsed
    return Measured(len(late_ms) / elapsed, cores, percentile_of(late_ms, 99), max(late_ms))
