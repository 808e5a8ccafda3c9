from __future__ import annotations

from functools import partial

from actors.process import Process, handles
from actors.simulation.simulation import Simulation
from actors.trace.recorder import FOLLOWERS, RECORDS_AT_ONCE, WINDOW, Recorder
from actors.trace.tracer import RECORDER, Tracer
from tests.actors.trace.samples import Greet
from transport.message import Message
from transport.messages.tracing import (
    FollowTrace,
    ReadTrace,
    TraceAnswer,
    TraceBatch,
    TraceFilter,
    TraceReceived,
    TraceRefusal,
    UnfollowTrace,
)
from transport.pid import Pid


class Talk(Message):
    type_name = "recorder.Talk"
    count: int


class Echo(Process):
    """Greets itself as often as it is told."""

    @handles(Talk)
    def talk(self, sender: Pid, message: Talk) -> None:
        for number in range(message.count):
            self.send(self.pid, Greet(str(number)))

    @handles(Greet)
    def greet(self, sender: Pid, message: Greet) -> None:
        pass


class Watcher(Process):
    """Asks a recorder and keeps what it says; acknowledges batches unless it is slow."""

    def __init__(self, *requests: Message, slow: bool = False) -> None:
        self._requests = requests
        self.slow = slow
        self.answers: list[TraceAnswer] = []
        self.batches: list[TraceBatch] = []
        self.refusals: list[TraceRefusal] = []

    def initialize(self) -> None:
        for request in self._requests:
            self.ask(request)

    def ask(self, request: Message) -> None:
        self.send(Pid(RECORDER, "a", 5050), request)

    @handles(TraceAnswer)
    def answer(self, sender: Pid, message: TraceAnswer) -> None:
        self.answers.append(message)
        if not message.complete:
            self.ask(ReadTrace(message.cursor))

    @handles(TraceBatch)
    def batch(self, sender: Pid, message: TraceBatch) -> None:
        self.batches.append(message)
        if not self.slow:
            self.send(sender, TraceReceived(message.number))

    @handles(TraceRefusal)
    def refusal(self, sender: Pid, message: TraceRefusal) -> None:
        self.refusals.append(message)

    @property
    def names(self) -> list[object]:
        return [record.fields.get("name") for batch in self.batches for record in batch.records]

    @property
    def missed(self) -> int:
        return sum(batch.missed for batch in self.batches)


class Cluster:
    """A node `a` with a recorder and an echo, and a node `b` with watchers."""

    def __init__(self, *watchers: Watcher) -> None:
        self.simulation = Simulation(1, trace=True)
        self.a = self.simulation.node("a")
        tracer = Tracer(str(self.a.address), now=self.a.now, wall=self.a.wall, span_base=1)
        self.a.tracer = tracer
        self.a.spawn(lambda: Recorder(tracer), RECORDER)
        self.echo = self.a.spawn(Echo, "echo")
        self.talk(5)
        self.b = self.simulation.node("b")
        for number, watcher in enumerate(watchers):
            self.b.spawn(partial(_given, watcher), f"watcher-{number}")
        self.simulation.run(1.0)

    def talk(self, count: int) -> None:
        self.a.send(self.echo, self.echo, Talk(count))
        self.simulation.run(1.0)


def _given(watcher: Watcher) -> Watcher:
    return watcher


def test_a_reader_gets_what_the_ring_holds() -> None:
    watcher = Watcher(ReadTrace())
    Cluster(watcher)
    (answer,) = watcher.answers
    assert [record.fields["name"] for record in answer.records if record.type == "samples.Greet"] == list(
        "01234"
    )
    assert answer.complete
    assert answer.missed == 0


def test_a_reader_gets_a_large_ring_page_by_page() -> None:
    watcher = Watcher()
    cluster = Cluster(watcher)
    cluster.talk(3 * RECORDS_AT_ONCE)
    watcher.ask(ReadTrace(filter=TraceFilter(types=("samples.Greet",))))
    cluster.simulation.run(1.0)
    assert len(watcher.answers) == 4
    assert [answer.complete for answer in watcher.answers] == [False, False, False, True]
    assert max(len(answer.records) for answer in watcher.answers) <= RECORDS_AT_ONCE


def test_a_reader_may_ask_for_one_trace_or_one_mention() -> None:
    watcher = Watcher(ReadTrace(filter=TraceFilter(mention="3")))
    cluster = Cluster(watcher)
    (found,) = watcher.answers[0].records
    assert found.fields == {"name": "3"}
    watcher.ask(ReadTrace(filter=TraceFilter(traces=(found.trace,))))
    cluster.simulation.run(1.0)
    assert [record.type for record in watcher.answers[1].records] == ["recorder.Talk"] + ["samples.Greet"] * 5


def test_a_follower_is_told_what_happens_from_now_on_and_nothing_of_the_telling() -> None:
    watcher = Watcher(FollowTrace())
    cluster = Cluster(watcher)
    cluster.simulation.run(5.0)
    before = len(watcher.batches)
    cluster.simulation.run(60.0)
    assert len(watcher.batches) == before  # nothing happens, and being followed is nothing
    cluster.talk(3)
    assert watcher.names[-4:] == [None, "0", "1", "2"]
    assert not any(
        RECORDER in (record.sender, record.to) for batch in watcher.batches for record in batch.records
    )


def test_a_follower_may_change_its_mind_and_leave() -> None:
    watcher = Watcher(FollowTrace(TraceFilter(types=("nothing",))))
    cluster = Cluster(watcher)
    cluster.talk(3)
    assert watcher.batches == []
    watcher.ask(FollowTrace(TraceFilter(mention="1")))
    cluster.talk(3)
    assert watcher.names == ["1"]
    watcher.ask(UnfollowTrace())
    cluster.talk(3)
    assert watcher.names == ["1"]


def test_a_slow_follower_is_sent_a_few_batches_and_then_told_how_much_it_missed() -> None:
    watcher = Watcher(FollowTrace(TraceFilter(types=("samples.Greet",))), slow=True)
    cluster = Cluster(watcher)
    talks = 4 * WINDOW
    for _ in range(talks):
        cluster.talk(RECORDS_AT_ONCE)
    assert len(watcher.batches) == WINDOW
    told = len(watcher.names)
    watcher.slow = False
    watcher.ask(TraceReceived(WINDOW))
    cluster.simulation.run(5.0)
    assert len(watcher.names) > told
    assert watcher.missed > 0
    # Among the missed there are some that would not have been wanted: the talks themselves.
    greets = talks * RECORDS_AT_ONCE
    assert greets <= len(watcher.names) + watcher.missed <= greets + talks


def test_a_receipt_that_comes_late_does_not_take_back_a_newer_one() -> None:
    watcher = Watcher(FollowTrace())
    cluster = Cluster(watcher)
    for _ in range(WINDOW + 1):
        cluster.talk(1)
    watcher.ask(TraceReceived(0))
    told = len(watcher.batches)
    cluster.talk(1)
    assert len(watcher.batches) == told + 1


def test_a_follower_that_dies_is_forgotten() -> None:
    watchers = [Watcher(FollowTrace()) for _ in range(FOLLOWERS)]
    cluster = Cluster(*watchers)
    late = Watcher(FollowTrace())
    _join(cluster, late, "late")
    assert len(late.refusals) == 1
    cluster.b.terminate(watchers[0].pid)
    cluster.simulation.run(1.0)
    later = Watcher(FollowTrace())
    _join(cluster, later, "later")
    assert later.refusals == []
    cluster.talk(1)
    assert later.names[-1] == "0"


def test_a_whole_node_of_followers_that_dies_is_forgotten() -> None:
    cluster = Cluster(*(Watcher(FollowTrace()) for _ in range(FOLLOWERS)))
    cluster.b.crash()
    cluster.simulation.run(60.0)
    c = cluster.simulation.node("c")
    watcher = Watcher(FollowTrace())
    c.spawn(partial(_given, watcher), "watcher")
    cluster.simulation.run(1.0)
    assert watcher.refusals == []


def _join(cluster: Cluster, watcher: Watcher, name: str) -> None:
    cluster.b.spawn(partial(_given, watcher), name)
    cluster.simulation.run(1.0)
