from __future__ import annotations

from pathlib import Path
from queue import SimpleQueue

from actors.executor.fetcher import FETCHER, Delay, Fetcher, Fetches
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from actors.simulation import Probe, SimulatedNode, Simulation
from actors.system import Restart
from containerizers.fetcher.fake import FakeFetches, FetchCourse
from containerizers.fetcher.order import Order, Wanted
from containerizers.fetcher.pool import FetchPool
from containerizers.fetcher.settings import FetchSettings
from transport.messages.container_spec import WantedFile
from transport.messages.fetching import (
    FetcherMeasured,
    FetchFiles,
    FilesFetched,
    MeasureFetcher,
    StopFetching,
)
from transport.pid import Pid

WANTED = WantedFile(uri="http://host/a", executable=True, extract=False, cache=True, output_file="b")


class Bench:
    """A fetcher in a simulation, whose orders come to what `courses` say, one after the other."""

    def __init__(self, *courses: FetchCourse) -> None:
        self.sim = Simulation(1)
        self.orders: list[Order] = []
        self._courses = list(courses)
        self.made: list[FakeFetches] = []
        self.node: SimulatedNode = self.sim.node("executors")
        self.node.spawn(lambda: Fetcher(self._make), FETCHER, restart=Restart())
        self.pid = self.node.pid_of(FETCHER)

    def _make(self, delay: Delay) -> Fetches:
        self.made.append(FakeFetches(delay, self._course))
        return self.made[-1]

    def _course(self, order: Order) -> FetchCourse:
        self.orders.append(order)
        return self._courses.pop(0) if self._courses else FetchCourse()

    def ask(self, asker: Probe, container_id: str = "one") -> None:
        asker.send(self.pid, FetchFiles(container_id, "/box", (WANTED,), "me", "/box/stdout", "/box/stderr"))

    @property
    def fetcher(self) -> Fetcher:
        return self.node.process(FETCHER, Fetcher)


def test_files_are_fetched_and_that_is_told() -> None:
    bench = Bench(FetchCourse(seconds=1.0), FetchCourse(seconds=2.0, error="no such file"))
    asker = bench.node.probe("asker")
    bench.ask(asker, "one")
    bench.ask(asker, "two")
    bench.sim.run(0.5)
    assert asker.received == []
    bench.sim.run(3.0)
    assert asker.received == [FilesFetched("one"), FilesFetched("two", "no such file")]
    wanted = Wanted(uri="http://host/a", executable=True, extract=False, cache=True, output_file="b")
    assert bench.orders[0] == Order(
        directory="/box", files=(wanted,), user="me", log="/box/stdout", errors="/box/stderr"
    )
    asker.send(bench.pid, MeasureFetcher())
    bench.sim.run(0.1)
    assert asker.received[-1] == FetcherMeasured(0, 0, 1, 1)


def test_who_asks_twice_is_answered_once() -> None:
    bench = Bench()
    asker = bench.node.probe("asker")
    bench.ask(asker)
    bench.ask(asker)
    bench.sim.run(1.0)
    assert asker.received == [FilesFetched("one")]
    assert len(bench.orders) == 1
    bench.ask(asker)
    bench.sim.run(1.0)
    assert len(bench.orders) == 2


def test_what_is_stopped_is_not_answered_and_may_begin_anew() -> None:
    bench = Bench(FetchCourse(seconds=1.0, error="the first"))
    asker = bench.node.probe("asker")
    bench.ask(asker)
    asker.send(bench.pid, StopFetching("one"))
    asker.send(bench.pid, StopFetching("one"))
    asker.send(bench.pid, StopFetching("never there"))
    bench.ask(asker)
    bench.sim.run(2.0)
    assert asker.received == [FilesFetched("one")]


def test_another_who_asks_for_the_same_takes_its_place() -> None:
    bench = Bench(FetchCourse(seconds=1.0, error="the first"))
    old, new = bench.node.probe("old"), bench.node.probe("new")
    bench.ask(old)
    bench.sim.run(0.1)
    bench.ask(new)
    bench.sim.run(2.0)
    assert (old.received, new.received) == ([], [FilesFetched("one")])


class Asker(Process):
    """Asks for two, and is no more when it is told so."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def initialize(self) -> None:
        for container_id in ("one", "two"):
            self.send(self._bench.pid, FetchFiles(container_id, "/box", (WANTED,)))


def test_nobody_fetches_for_one_who_is_gone() -> None:
    bench = Bench(FetchCourse(seconds=None), FetchCourse(seconds=None))
    asker = bench.node.spawn(lambda: Asker(bench), "asker")
    bench.sim.run(1.0)
    assert len(bench.orders) == 2
    assert len(bench.fetcher._numbered) == 2
    bench.node.terminate(asker)
    bench.sim.run(1.0)
    assert bench.fetcher._numbered == {}
    assert bench.fetcher._asked == {}


def test_a_successor_begins_with_nothing_and_who_asks_again_is_answered() -> None:
    bench = Bench(FetchCourse(seconds=5.0, error="the first"))
    asker = bench.node.probe("asker")
    asker.link(bench.pid)
    bench.ask(asker)
    bench.sim.run(1.0)
    bench.node.kill(FETCHER)
    bench.sim.run(1.0)
    bench.pid = bench.node.pid_of(FETCHER)
    bench.ask(asker)
    bench.sim.run(10.0)
    assert [message for message in asker.received if isinstance(message, FilesFetched)] == [
        FilesFetched("one")
    ]
    assert len(bench.made) == 2


class Customer(Process):
    """Asks a fetcher, and hands on what it is answered."""

    def __init__(self, fetcher: Pid, wanted: FetchFiles, answers: SimpleQueue[FilesFetched]) -> None:
        self._fetcher = fetcher
        self._wanted = wanted
        self._answers = answers

    def initialize(self) -> None:
        self.send(self._fetcher, self._wanted)

    @handles(FilesFetched)
    def fetched(self, sender: Pid, message: FilesFetched) -> None:
        self._answers.put(message)


def test_files_are_fetched_for_real(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "box").mkdir()
    pool = FetchPool(FetchSettings(cache_dir=str(tmp_path / "cache")))
    system = PykkaSystem()
    answers = SimpleQueue[FilesFetched]()
    try:
        fetcher = system.spawn(lambda: Fetcher(lambda _delay: pool), FETCHER, restart=Restart(), vital=True)
        wanted = FetchFiles("one", str(tmp_path / "box"), (WantedFile(uri=f"{tmp_path}/file"),))
        system.spawn(lambda: Customer(fetcher, wanted, answers), "customer")
        assert answers.get(timeout=60.0) == FilesFetched("one")
        assert (tmp_path / "box" / "file").read_bytes() == b"content"
    finally:
        system.stop()
    # The actor closed it.
    pool.fetch(Order(directory="/", files=()), lambda error: answers.put(FilesFetched("two", error)))
    assert answers.get(timeout=60.0).error == "the fetcher does not work any more"
