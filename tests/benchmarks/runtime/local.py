"""Telling between two actors of one node, against the same with bare pykka."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pykka

from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from actors.trace.tracer import Tracer
from tests.benchmarks.figure import Figure, Size, at_least, compared, in_turns
from tests.benchmarks.runtime.messages import OFFER, Begin, SampleOffer
from transport.pid import Pid

#: Below the bound of a mailbox: both senders may run ahead of their receivers.
MESSAGES = 50_000
DEADLINE_SECONDS = 60.0


class Counter(Process):
    """Sets `done` when `expected` offers have come."""

    def __init__(self, expected: int, done: threading.Event) -> None:
        self._left = expected
        self._done = done

    @handles(SampleOffer)
    def offer(self, sender: Pid, message: SampleOffer) -> None:
        self._left -= 1
        if not self._left:
            self._done.set()


class Teller(Process):
    """Sends what it is told to in one turn."""

    @handles(Begin)
    def begin(self, sender: Pid, message: Begin) -> None:
        for _ in range(message.count):
            self.send(message.to, OFFER)


class BareCounter(pykka.ThreadingActor):
    def __init__(self, expected: int, done: threading.Event) -> None:
        super().__init__()
        self._left = expected
        self._done = done

    def on_receive(self, message: SampleOffer) -> None:
        self._left -= 1
        if not self._left:
            self._done.set()


class BareTeller(pykka.ThreadingActor):
    def on_receive(self, message: tuple[pykka.ActorRef[BareCounter], int]) -> None:
        to, count = message
        for _ in range(count):
            to.tell(OFFER)


def pion_rate(count: int, *, traced: bool) -> float:
    """Messages a second from the first one sent to the last one handled."""
    done = threading.Event()
    tracer = Tracer("benchmark", now=time.monotonic, wall=time.time) if traced else None
    system = PykkaSystem(tracer=tracer)
    system.start()
    try:
        counter = system.spawn(lambda: Counter(count, done), "counter")
        teller = system.spawn(Teller, "teller")
        started = time.perf_counter()
        system.send(teller, teller, Begin(counter, count))
        assert done.wait(DEADLINE_SECONDS), "messages were lost"
        return count / (time.perf_counter() - started)
    finally:
        system.stop()


def pykka_rate(count: int) -> float:
    """The same with nothing but pykka."""
    done = threading.Event()
    counter = BareCounter.start(count, done)
    teller = BareTeller.start()
    try:
        started = time.perf_counter()
        teller.tell((counter, count))
        assert done.wait(DEADLINE_SECONDS), "messages were lost"
        return count / (time.perf_counter() - started)
    finally:
        teller.stop()
        counter.stop()


def figures(size: Size) -> Iterator[Figure]:
    count = size.of(MESSAGES)
    rounds = 2 * size.rounds + 1  # they are short, and two threads at one interpreter lock vary much
    yield compared(
        "local tell",
        "messages/s",
        "bare pykka",
        in_turns(lambda: pion_rate(count, traced=False), lambda: pykka_rate(count), rounds),
        at_least(0.6),
    )
    yield compared(
        "local tell, traced",
        "messages/s",
        "untraced",
        in_turns(lambda: pion_rate(count, traced=True), lambda: pion_rate(count, traced=False), rounds),
        at_least(0.75),
    )
