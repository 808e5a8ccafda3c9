"""Count primes on many nodes: a foreman hands out ranges, workers count, nothing is lost or counted twice.

The network may lose messages or deliver them twice, and workers may die. The foreman therefore asks again
until a range is counted, counts each range once whoever reports it, and when a worker is gone gives its
range to another. The same two classes run on threads and sockets, and in the simulation.
"""

from __future__ import annotations

import math
from collections import deque
from typing import ClassVar

from actors.node.control import NODE
from actors.process import Process, handles
from transport.message import Message
from transport.messages.node import StopNode
from transport.pid import Pid

#: How long the foreman waits for an answer before it asks again, and for a dead worker to come back.
RETRY_SECONDS = 1.0


class CountPrimes(Message):
    """Count the primes p with start <= p < stop."""

    start: int
    stop: int


class PrimesCounted(Message):
    """There are `primes` of them in the range that begins at `start`."""

    start: int
    primes: int


class AskProgress(Message):
    """Answered by `Progress`."""

    traced: ClassVar[bool] = False


class Progress(Message):
    """How far the foreman is."""

    traced: ClassVar[bool] = False
    ranges: int
    counted: int
    #: Primes found so far.
    primes: int
    seconds: float
    #: Ranges counted by each worker.
    shares: dict[str, int]


class Ledger:
    """Which range is counted, which is being counted by whom, and which waits (a decision: no world)."""

    def __init__(self, below: int, ranges: int) -> None:
        step = max(1, math.ceil(below / ranges))
        self._stops = {start: min(start + step, below) for start in range(0, below, step)}
        self._waiting = deque(self._stops)
        self._hired: dict[Pid, int] = {}
        self._counted: dict[int, int] = {}

    def hire(self, worker: Pid) -> CountPrimes | None:
        """Give an idle worker the next range; None when it has one, or none waits."""
        while self._waiting and self._waiting[0] in self._counted:
            self._waiting.popleft()
        if worker in self._hired or not self._waiting:
            return None
        self._hired[worker] = start = self._waiting.popleft()
        return CountPrimes(start, self._stops[start])

    def awaits(self, worker: Pid, wanted: CountPrimes) -> bool:
        """Whether that worker still owes that range."""
        return self._hired.get(worker) == wanted.start

    def counted(self, worker: Pid, result: PrimesCounted) -> bool:
        """Enter a result; False when it was known."""
        if self._hired.get(worker) == result.start:
            del self._hired[worker]
        if result.start in self._counted:
            return False
        self._counted[result.start] = result.primes
        return True

    def lose(self, worker: Pid) -> None:
        """What a dead worker had not finished waits again, before the rest."""
        start = self._hired.pop(worker, None)
        if start is not None and start not in self._counted:
            self._waiting.appendleft(start)

    @property
    def progress(self) -> tuple[int, int, int]:
        """Ranges, those counted, and primes found so far."""
        return len(self._stops), len(self._counted), sum(self._counted.values())

    @property
    def done(self) -> bool:
        """Whether every range is counted."""
        return len(self._counted) == len(self._stops)


class Foreman(Process):
    """Hands out the numbers below a bound, in so many ranges, and ends its node when all are counted.

    `workers` are the Pids to hire; with `end_node=false` the node stays.
    """

    def __init__(
        self, workers: tuple[Pid, ...], below: int = 1_000_000, ranges: int = 100, end_node: bool = True
    ) -> None:
        self._workers = workers
        self._below = below
        self._end_node = end_node
        self._ledger = Ledger(below, ranges)
        self._shares = {str(worker): 0 for worker in workers}

    def initialize(self) -> None:
        """Hire everybody."""
        self._started = self.system.now()
        self._seconds = 0.0
        for worker in self._workers:
            self._hire(worker)

    @handles(PrimesCounted)
    def counted(self, sender: Pid, message: PrimesCounted) -> None:
        """Enter the result, and keep the worker busy."""
        worker = sender.whoever()
        if self._ledger.counted(worker, message):
            self._shares[str(worker)] += 1
            self._seconds = self.system.now() - self._started
            if self._ledger.done:
                self._finish()
        self._employ(worker)

    @handles(AskProgress)
    def tell(self, sender: Pid, message: AskProgress) -> None:
        """Tell how far the work is."""
        ranges, counted, primes = self._ledger.progress
        self.send(sender, Progress(ranges, counted, primes, self._seconds, dict(self._shares)))

    def exited(self, pid: Pid) -> None:
        """A worker is gone: others take its range, and it is hired again should it come back."""
        self.log.info("worker gone", worker=str(pid))
        self._ledger.lose(pid)
        for worker in self._workers:
            if worker != pid:
                self._employ(worker)
        self.delay(RETRY_SECONDS, self._hire, pid)

    def _hire(self, worker: Pid) -> None:
        if not self._ledger.done:
            self.link(worker)
            self._employ(worker)

    def _employ(self, worker: Pid) -> None:
        wanted = self._ledger.hire(worker)
        if wanted is not None:
            self._ask(worker, wanted)

    def _ask(self, worker: Pid, wanted: CountPrimes) -> None:
        if self._ledger.awaits(worker, wanted):
            self.send(worker, wanted)
            self.delay(RETRY_SECONDS, self._ask, worker, wanted)

    def _finish(self) -> None:
        _, _, primes = self._ledger.progress
        self.log.info("primes counted", below=self._below, primes=primes, seconds=round(self._seconds, 3))
        if self._end_node:
            self.send(Pid(NODE, *self.pid.address), StopNode())


class Worker(Process):
    """Counts what it is asked to; remembers its last answer, for a foreman who asks twice."""

    _last = PrimesCounted(-1, 0)

    @handles(CountPrimes)
    def count(self, sender: Pid, message: CountPrimes) -> None:
        """Count, and tell."""
        if message.start != self._last.start:
            self._last = PrimesCounted(message.start, count_primes(message.start, message.stop))
        self.send(sender, self._last)


def count_primes(start: int, stop: int) -> int:
    """How many primes p there are with start <= p < stop: the sieve of Eratosthenes on one segment."""
    start = max(start, 2)
    if stop <= start:
        return 0
    prime = bytearray(b"\1") * (stop - start)
    for factor in range(2, math.isqrt(stop - 1) + 1):
        first = max(factor * factor, -(-start // factor) * factor)
        prime[first - start :: factor] = bytes(len(range(first, stop, factor)))
    return sum(prime)
