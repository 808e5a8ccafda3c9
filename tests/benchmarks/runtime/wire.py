"""Two operating-system processes on loopback, handler to handler, against bare ZeroMQ with msgpack."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from actors.node.garbage import collect_seldom
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from tests.benchmarks.child import child, quiet, ready
from tests.benchmarks.figure import Figure, Size, at_least, at_most, compared, in_turns, median_of
from tests.benchmarks.runtime import bare, others
from tests.benchmarks.runtime.messages import OFFER, Begin, Note, Received, SampleOffer
from transport.pid import Address, Pid

OFFERS = 100_000
ROUND_TRIPS = 3_000
#: A sender runs at most so far ahead of what the receiver has acknowledged.
WINDOW = 8_192
ACKNOWLEDGE_EACH = 1_024
DEADLINE_SECONDS = 120.0


class Receiver(Process):
    """Counts offers and says how far it is; answers a note at once."""

    def initialize(self) -> None:
        self._count = 0

    @handles(SampleOffer)
    def offer(self, sender: Pid, message: SampleOffer) -> None:
        self._count += 1
        if not self._count % ACKNOWLEDGE_EACH:
            self.send(sender, Received(self._count))

    @handles(Begin)
    def begin(self, sender: Pid, message: Begin) -> None:
        """Say how many came, whatever their number, and count anew."""
        self.send(sender, Received(self._count))
        self._count = 0

    @handles(Note)
    def note(self, sender: Pid, message: Note) -> None:
        self.send(sender, message)


class Sender(Process):
    """Sends `Begin.count` offers, at most a window ahead, and sets `done` when all are handled."""

    def __init__(self, done: threading.Event) -> None:
        self._done = done

    @handles(Begin)
    def begin(self, sender: Pid, message: Begin) -> None:
        self._to = message.to
        self._count = message.count
        self._sent = 0
        self.link(message.to)
        self._received(0)

    @handles(Received)
    def received(self, sender: Pid, message: Received) -> None:
        self._received(message.count)

    def exited(self, pid: Pid) -> None:
        raise AssertionError(f"{pid} is gone: only {self._sent} of {self._count} offers were sent")

    def _received(self, count: int) -> None:
        if count == self._count:
            self._done.set()
            return
        allowed = min(self._count, count + WINDOW)
        while self._sent < allowed:
            self.send(self._to, OFFER)
            self._sent += 1
            if self._sent == self._count:
                self.send(self._to, Begin(self.pid, 0))


class Caller(Process):
    """Sends a note again and again, as soon as it is back."""

    def __init__(self, trips: int, done: threading.Event) -> None:
        self._trips = trips
        self._done = done
        self.seconds: list[float] = []

    @handles(Begin)
    def begin(self, sender: Pid, message: Begin) -> None:
        self.send(message.to, Note(time.perf_counter()))

    @handles(Note)
    def note(self, sender: Pid, message: Note) -> None:
        now = time.perf_counter()
        self.seconds.append(now - message.sent)
        if len(self.seconds) < self._trips:
            self.send(sender, Note(now))
        else:
            self._done.set()


@contextmanager
def two_nodes() -> Iterator[tuple[PykkaSystem, Pid]]:
    """A node here, and a receiver on one in another process; both collect garbage as daemons do."""
    threshold = gc.get_threshold()
    collect_seldom()
    with child("tests.benchmarks.runtime.wire") as far:
        system = PykkaSystem(bind=Address("127.0.0.1", 0))
        system.start()
        try:
            yield system, Pid.parse(far)
        finally:
            system.stop()
            gc.unfreeze()
            gc.set_threshold(*threshold)


def pion_rate(system: PykkaSystem, receiver: Pid, count: int) -> float:
    """Offers a second from the first one sent to the last one known to be handled."""
    done = threading.Event()
    sender = system.spawn(lambda: Sender(done), "sender")
    started = time.perf_counter()
    system.send(sender, sender, Begin(receiver, count))
    assert done.wait(DEADLINE_SECONDS), "offers were lost"
    rate = count / (time.perf_counter() - started)
    end(system, sender)
    return rate


def pion_round_trip(system: PykkaSystem, receiver: Pid, trips: int) -> float:
    """Median microseconds from a note's sending to the handling of its answer."""
    done = threading.Event()
    caller = Caller(trips, done)
    pid = system.spawn(lambda: caller, "caller")
    system.send(pid, pid, Begin(receiver, 0))
    assert done.wait(DEADLINE_SECONDS), "a note was lost"
    end(system, pid)
    return median_of(caller.seconds) * 1e6


def end(system: PykkaSystem, pid: Pid) -> None:
    """Terminate an actor, and wait until its name is free."""
    system.terminate(pid)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while any(status.pid == pid for status in system.actors()):
        assert time.monotonic() < deadline, f"{pid} did not end"
        time.sleep(0.001)


def figures(size: Size) -> Iterator[Figure]:
    count, trips = size.of(OFFERS), size.of(ROUND_TRIPS)
    with two_nodes() as (system, receiver), bare.puller() as push, bare.router() as dealer:

        def ours() -> float:
            return pion_rate(system, receiver, count)

        yield compared(
            "one way between processes, typed 500-byte offer",
            "messages/s",
            "bare pyzmq PUSH/PULL with msgpack",
            in_turns(ours, lambda: bare.push_rate(push, count), size.rounds),
            at_least(0.8),
        )
        yield from others.figures(size, ours)
        yield compared(
            "round trip between processes, p50",
            "us",
            "bare pyzmq DEALER/ROUTER",
            in_turns(
                lambda: pion_round_trip(system, receiver, trips),
                lambda: bare.round_trip(dealer, trips),
                size.rounds,
            ),
            at_most(4),
        )


def main() -> None:
    quiet()
    collect_seldom()
    system = PykkaSystem(bind=Address("127.0.0.1", 0))
    system.start()
    system.spawn(Receiver, "receiver")
    ready(str(system.pid_of("receiver")))
    system.stop()


if __name__ == "__main__":
    main()
