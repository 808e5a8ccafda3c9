"""The framework of the benchmarks: launches what it is told, and notes when it hears what."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from msgspec.structs import replace

from actors.election.address import parse_master
from actors.election.standalone import StandaloneDetector
from actors.process import handles
from actors.pykka_system import PykkaSystem
from frameworks.scheduler import Scheduler
from transport.message import Message
from transport.pid import Address, Pid
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.master import MasterInfo
from transport.records.offer import Filters, Offer
from transport.records.task import TaskInfo
from transport.records.task_status import TERMINAL, TaskState, TaskStatus

DEADLINE_SECONDS = 120.0
_CAPABILITIES = (FrameworkInfo.Capability(type=FrameworkInfo.Capability.Type.PARTITION_AWARE),)
_FRAMEWORK = FrameworkInfo(user="root", name="benchmark", capabilities=_CAPABILITIES)
#: Makes the tasks of a run from an offer; None gives it back.
Make = Callable[[Offer], Sequence[TaskInfo]]


class Run(Message):
    """Launch what `make` gives for the next offer."""

    make: Make


class DeclineAgain(Message):
    """Decline the next offer with a refusal of 0 s, and note when the one after it comes."""


class Bench(Scheduler):
    """Holds what it is offered, all of one agent, until there is something to do with it."""

    def __init__(self, detector: Pid, *, checkpoint: bool = False) -> None:
        super().__init__(replace(_FRAMEWORK, checkpoint=checkpoint), detector)
        self.connected = threading.Event()
        self.offered = threading.Event()
        self.done = threading.Event()
        self.declined_once = threading.Event()
        self.accepted = 0.0
        #: By task id, when each state was heard first, in monotonic seconds.
        self.heard: dict[str, dict[TaskState, float]] = {}
        self.last: dict[str, TaskStatus] = {}
        self.declined = 0.0
        self.pauses: list[float] = []
        self._open: set[str] = set()
        self._offers: list[Offer] = []
        self._make: Make | None = None

    def subscribed(self, framework_id: str, master: MasterInfo) -> None:
        self.connected.set()

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        if self.declined:
            self.pauses.append(time.perf_counter() - self.declined)
            self.declined = 0.0
        self._offers += offers
        self._launch()
        if self._offers:
            self.offered.set()

    def rescinded(self, offer_id: str) -> None:
        self._offers = [offer for offer in self._offers if offer.id.value != offer_id]

    @handles(Run)
    def run(self, sender: Pid, message: Run) -> None:
        self.declined_once.clear()
        self._make = message.make
        self._launch()

    @handles(DeclineAgain)
    def decline_again(self, sender: Pid, message: DeclineAgain) -> None:
        self.offered.clear()
        offers, self._offers = self._offers, []
        self.declined = time.perf_counter()
        self.decline(offers, 0.0)
        self.declined_once.set()

    def update(self, status: TaskStatus) -> None:
        task_id = status.task_id.value
        self.heard.setdefault(task_id, {}).setdefault(status.state, time.perf_counter())
        self.last[task_id] = status
        if status.state in TERMINAL:
            self._open.discard(task_id)
            if not self._open:
                self.done.set()

    def _launch(self) -> None:
        if self._make is None or not self._offers:
            return
        # All of them: what was freed last is an offer of its own.
        offers, self._offers = self._offers, []
        self.offered.clear()
        tasks = self._make(offers[0])
        self._make = None
        self._open = {task.task_id.value for task in tasks}
        self.done.clear()
        self.accepted = time.perf_counter()
        self.launch(offers, tasks, Filters(refuse_seconds=0.0))


class Driver:
    """Runs a `Bench` in this process, against a master elsewhere."""

    def __init__(self, master: str, *, checkpoint: bool = False) -> None:
        self.system = PykkaSystem(bind=Address("127.0.0.1", 0))
        self.system.start()
        detector = self.system.spawn(lambda: StandaloneDetector(parse_master(master)), "detector")
        self.bench = Bench(detector, checkpoint=checkpoint)
        self.pid = self.system.spawn(lambda: self.bench, "scheduler")
        assert self.bench.connected.wait(DEADLINE_SECONDS), "the master did not answer"
        assert self.bench.offered.wait(DEADLINE_SECONDS), "no offer came"

    def run(self, make: Make) -> float:
        """Launch, and wait until all tasks are over; returns the seconds that took from the launch on."""
        self.bench.done.clear()
        self.tell(Run(make))
        assert self.bench.done.wait(DEADLINE_SECONDS), f"not over: {self.bench.last}"
        return time.perf_counter() - self.bench.accepted

    def begin(self, make: Make) -> None:
        """Launch, and wait for nothing."""
        self.tell(Run(make))

    def wait_for(self, state: TaskState, tasks: int, seconds: float) -> None:
        """Wait until so many tasks are last heard of in that state."""
        deadline = time.monotonic() + seconds
        while sum(status.state is state for status in list(self.bench.last.values())) < tasks:
            assert time.monotonic() < deadline, self.bench.last
            time.sleep(0.05)

    def tell(self, message: Message) -> None:
        self.system.send(self.pid, self.pid, message)

    def close(self) -> None:
        self.system.stop(2.0)


@contextmanager
def driver(master: str, *, checkpoint: bool = False) -> Iterator[Driver]:
    """`checkpoint`: its tasks outlive their agent."""
    one = Driver(master, checkpoint=checkpoint)
    try:
        yield one
    finally:
        one.close()


def executor_of(offer: Offer, info: ExecutorInfo) -> ExecutorInfo:
    """The executor, of the framework that was offered."""
    return ExecutorInfo(
        type=ExecutorInfo.Type.CUSTOM,
        executor_id=info.executor_id,
        framework_id=offer.framework_id,
        command=info.command,
        resources=info.resources,
    )
