"""A thousand subscribed schedulers, to whom a thousand events a second go in all, and one that reads nothing.

An event is the answer to an explicit reconciliation: it names the moment at which it was asked for.
"""

from __future__ import annotations

import re
import resource
import selectors
import socket
import threading
import time
from collections.abc import Iterator

from tests.benchmarks.api.calls import PATH, SUBSCRIBE
from tests.benchmarks.api.client import DEADLINE_SECONDS, Address, Subscriber, post
from tests.benchmarks.figure import Figure, Size, alone, at_most, percentile_of
from tests.benchmarks.launch.cluster import cluster, resident_megabytes, settle

STREAMS = 1_000
EVENTS_A_SECOND = 1_000
#: Connections that calls are made on.
CALLERS = 8
_ASKED = re.compile(rb'"task_id":\{"value":"asked-(\d+)"')
#: Longer than the part of an event in which the pattern may be cut.
_TAIL_BYTES = 512


class Scheduler:
    """A subscribed framework that reconciles a task nobody knows."""

    def __init__(self, master: Address) -> None:
        self.stream = Subscriber(master, post(PATH, SUBSCRIBE))
        subscribed = self.stream.record()
        self._id = subscribed["subscribed"]["framework_id"]  # type: ignore[index]

    def reconcile(self, tasks: int = 1) -> bytes:
        """A call that is answered by so many events."""
        asked = [{"task_id": {"value": f"asked-{time.perf_counter_ns()}"}} for _ in range(tasks)]
        call = {"type": "RECONCILE", "framework_id": self._id, "reconcile": {"tasks": asked}}
        return post(PATH, call, f"Mesos-Stream-Id: {self.stream.headers['mesos-stream-id']}")


class Listener:
    """Reads all streams, and notes how long each event took."""

    def __init__(self, schedulers: list[Scheduler]) -> None:
        self.seconds: list[float] = []
        self._selector = selectors.DefaultSelector()
        for scheduler in schedulers:
            self._selector.register(scheduler.stream.socket, selectors.EVENT_READ, bytearray())
        self._ended = False
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def wait(self, count: int) -> None:
        """Until so many events have come."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while len(self.seconds) < count:
            assert time.monotonic() < deadline, f"{len(self.seconds)} of {count} events have come"
            time.sleep(0.05)
        self._ended = True
        self._thread.join()

    def _listen(self) -> None:
        while not self._ended:
            for key, _events in self._selector.select(0.1):
                assert isinstance(key.fileobj, socket.socket)
                self._read(key.fileobj, key.data)

    def _read(self, connection: socket.socket, waiting: bytearray) -> None:
        waiting += connection.recv(65_536)
        now, end = time.perf_counter_ns(), 0
        for found in _ASKED.finditer(waiting):
            self.seconds.append((now - int(found[1])) / 1e9)
            end = found.end()
        del waiting[: max(end, len(waiting) - _TAIL_BYTES)]


def figures(size: Size) -> Iterator[Figure]:
    streams, seconds = size.of(STREAMS, least=20), size.of(10, least=1)
    _more_files(2 * streams)
    with cluster(agents=False) as running:
        master = Address.parse(running.address)
        settle()
        before = resident_megabytes(running.master.process.pid)
        schedulers = [Scheduler(master) for _ in range(streams)]
        settle()
        kilobytes = (resident_megabytes(running.master.process.pid) - before) * 1024 / streams
        yield alone(
            "api.streams.memory", "kB each, of 1,000 subscribed schedulers", [kilobytes], at_most(100)
        )
        took = _deliveries(master, schedulers, seconds)
        yield alone(
            "api.streams.delivery.p50", "ms, at 1,000 events/s in all", [percentile_of(took, 50) * 1000]
        )
        yield alone(
            "api.streams.delivery.p99",
            "ms, at 1,000 events/s in all",
            [percentile_of(took, 99) * 1000],
            at_most(1_000),
        )
        yield alone(
            "api.streams.slow_reader",
            "MB more in the master before it is closed",
            [_slow_reader(master, schedulers[0], running.master.process.pid)],
            at_most(32),
        )
        for scheduler in schedulers:
            scheduler.stream.close()


def _deliveries(master: Address, schedulers: list[Scheduler], seconds: int) -> list[float]:
    """How many seconds each of the events took from the call to the client."""
    listener = Listener(schedulers)
    callers = [socket.create_connection(master, timeout=DEADLINE_SECONDS) for _ in range(CALLERS)]
    count, started = seconds * EVENTS_A_SECOND, time.perf_counter()
    for number in range(count):
        caller = callers[number % CALLERS]
        if number >= CALLERS:
            answer = caller.recv(4_096)
            assert answer.startswith(b"HTTP/1.1 202"), answer
        caller.sendall(schedulers[number % len(schedulers)].reconcile())
        time.sleep(max(0.0, started + number / EVENTS_A_SECOND - time.perf_counter()))
    listener.wait(count)
    for caller in callers:
        caller.close()
    return listener.seconds


def _slow_reader(master: Address, scheduler: Scheduler, process: int) -> float:
    """Megabytes that the master has more, at most, for a client that reads nothing, until it is closed."""
    before = most = resident_megabytes(process)
    deadline = time.monotonic() + DEADLINE_SECONDS
    with socket.create_connection(master, timeout=DEADLINE_SECONDS) as caller:
        while True:
            caller.sendall(scheduler.reconcile(tasks=500))
            answer = caller.recv(4_096)
            most = max(most, resident_megabytes(process))
            if not answer.startswith(b"HTTP/1.1 202"):  # it has no stream any more
                return most - before
            assert time.monotonic() < deadline, "a client that reads nothing is kept"


def _more_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + 100:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count + 100, hard), hard))
