"""What only the threaded system can get wrong; what both systems promise is in test_system_contract.py."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import ClassVar

import pytest

from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from actors.system import NEVER, Restart
from actors.trace.tracer import Tracer
from transport.envelope import Envelope
from transport.message import Message
from transport.messages.supervision import ActorCrashed
from transport.pid import Address, Pid
from transport.sockets import Sockets

DEADLINE_SECONDS = 20


class Do(Message):
    """Run `action` in a turn of the actor; only within one node, so that a test can reach inside."""

    action: Callable[[Process], None]


class Number(Message):
    number: int


class Question(Message):
    text: str


class Answer(Message):
    text: str


class Worker(Process):
    """Does what it is told, and reports what happens to it."""

    def __init__(self, reports: SimpleQueue[object] | None = None) -> None:
        self._reports = reports or SimpleQueue()

    def initialize(self) -> None:
        self._reports.put(("initialize", self.pid.incarnation))

    def finalize(self) -> None:
        self._reports.put(("finalize", self.pid.name))

    def exited(self, pid: Pid) -> None:
        self._reports.put(("exited", pid))

    @handles(Do)
    def do(self, sender: Pid, message: Do) -> None:
        message.action(self)

    @handles(Number)
    def number(self, sender: Pid, message: Number) -> None:
        self._reports.put(message.number)

    @handles(Question)
    def answer(self, sender: Pid, message: Question) -> None:
        self.send(sender, Answer(message.text.upper()))


class Logbook:
    """Keeps what is logged, so that a crash on purpose does not look like a failing test."""

    entries: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, pid: Pid) -> None:
        self._name = pid.name

    def debug(self, event: str, **values: object) -> None: ...

    def info(self, event: str, **values: object) -> None: ...

    def warning(self, event: str, **values: object) -> None:
        self.entries.append((self._name, event))

    def error(self, event: str, **values: object) -> None:
        self.entries.append((self._name, event))


@contextmanager
def running(mailbox_bound: int = 1000) -> Iterator[PykkaSystem]:
    Logbook.entries.clear()
    system = PykkaSystem(logger=Logbook, mailbox_bound=mailbox_bound)
    system.start()
    try:
        yield system
    finally:
        assert system.stop(DEADLINE_SECONDS) == ()


def report(reports: SimpleQueue[object]) -> object:
    return reports.get(timeout=DEADLINE_SECONDS)


def incarnation_of(event: object) -> int:
    match event:
        case ("initialize", int(incarnation)):
            return incarnation
    raise AssertionError(event)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def raising(error: BaseException) -> Do:
    def action(_process: Process) -> None:
        raise error

    return Do(action)


def linking(pid: Pid) -> Do:
    return Do(lambda process: process.link(pid))


@pytest.mark.parametrize("error", [ValueError("bug"), SystemExit(3), KeyboardInterrupt()], ids=repr)
def test_whatever_a_turn_raises_ends_that_actor_alone_and_its_successor_takes_the_name(
    error: BaseException,
) -> None:
    reports: SimpleQueue[object] = SimpleQueue()
    with running() as system:
        bystander = system.spawn(Worker, "bystander")
        pid = system.spawn(lambda: Worker(reports), "worker", restart=Restart())
        assert report(reports) == ("initialize", pid.incarnation)
        system.send(bystander, pid, raising(error))
        assert incarnation_of(report(reports)) > pid.incarnation
        system.send(bystander, pid.whoever(), Number(1))
        assert report(reports) == 1
        assert isinstance(system.ask(bystander, Question("well?"), DEADLINE_SECONDS), Answer)
        assert [status.crashes for status in system.actors() if status.pid.name == "worker"] == [1]
    assert ("worker", "actor crashed") in Logbook.entries


def test_a_crash_in_initialize_is_a_crash_like_any_other() -> None:
    class Stillborn(Process):
        def initialize(self) -> None:
            raise ValueError("no")

    reports: SimpleQueue[object] = SimpleQueue()
    with running() as system:
        watcher = system.spawn(lambda: Worker(reports), "watcher")
        assert report(reports) == ("initialize", watcher.incarnation)
        made: list[Pid] = []

        def spawn_and_link(process: Process) -> None:
            made.append(process.spawn(Stillborn, "stillborn"))
            process.link(made[0])

        system.send(watcher, watcher, Do(spawn_and_link))
        assert report(reports) == ("exited", made[0])
        assert [status.pid.name for status in system.actors()] == ["supervisor", "watcher"]


def test_a_crash_in_finalize_is_logged_and_still_ends_the_actor() -> None:
    class Sore(Process):
        def finalize(self) -> None:
            raise ValueError("no")

    reports: SimpleQueue[object] = SimpleQueue()
    with running() as system:
        watcher = system.spawn(lambda: Worker(reports), "watcher")
        pid = system.spawn(Sore, "sore")
        assert report(reports) == ("initialize", watcher.incarnation)

        def link_then_end(process: Process) -> None:
            process.link(pid)
            process.terminate(pid)

        system.send(watcher, watcher, Do(link_then_end))
        assert report(reports) == ("exited", pid)
    assert ("sore", "actor crashed in finalize") in Logbook.entries


def test_what_was_meant_for_a_crashed_incarnation_never_reaches_its_successor() -> None:
    reports: SimpleQueue[object] = SimpleQueue()
    blocked, go = threading.Event(), threading.Event()

    def block_then_crash(_process: Process) -> None:
        blocked.set()
        assert go.wait(DEADLINE_SECONDS)
        raise ValueError("bug")

    with running() as system:
        pid = system.spawn(lambda: Worker(reports), "worker", restart=Restart())
        assert report(reports) == ("initialize", pid.incarnation)
        system.send(pid, pid, Do(block_then_crash))
        assert blocked.wait(DEADLINE_SECONDS)
        system.send(pid, pid, Number(1))  # queued behind the turn that crashes
        go.set()
        assert incarnation_of(report(reports)) > pid.incarnation
        system.send(pid, pid, Number(2))  # sent to the dead incarnation
        system.send(pid, pid.whoever(), Number(3))
        assert report(reports) == 3


def test_one_actor_restarts_two_hundred_times() -> None:
    reports: SimpleQueue[object] = SimpleQueue()
    threads = threading.active_count()
    with running() as system:
        pid = system.spawn(
            lambda: Worker(reports), "worker", restart=Restart(intensity=1000, backoff_seconds=0)
        )
        incarnations = [report(reports)]
        for _ in range(200):
            system.send(pid, pid.whoever(), raising(ValueError("bug")))
            incarnations.append(report(reports))
        assert len(set(incarnations)) == 201
        assert next(status for status in system.actors() if status.pid.name == "worker").crashes == 200
        # Their threads end too, though a little later than their turns.
        wait_until(lambda: threading.active_count() <= threads + 3)


def test_a_vital_actor_that_may_not_be_restarted_aborts_the_node() -> None:
    with running() as system:
        pid = system.spawn(Worker, "vital", restart=NEVER, vital=True)
        system.send(pid, pid, raising(ValueError("bug")))
        assert system.wait() == f"vital actor {pid} crashed and may not be restarted: ValueError: bug"


def test_the_report_of_a_crash_belongs_to_the_trace_of_the_message_that_caused_it() -> None:
    with running() as system:
        tracer = system.tracer = Tracer("node", now=system.now, wall=system.wall)
        pid = system.spawn(Worker, "vital", vital=True)
        system.send(pid, pid, raising(ValueError("bug")))
        assert system.wait() is not None

        def noted(kind: type) -> list[Envelope]:
            return [entry.envelope for entry in tracer.read().entries if type(entry.envelope.message) is kind]

        wait_until(lambda: bool(noted(ActorCrashed)))
        (cause,), (report,) = noted(Do), noted(ActorCrashed)
        assert (report.trace, report.parent) == (cause.trace, cause.span)


def test_a_message_that_cannot_be_encoded_is_refused_and_not_noted_as_sent() -> None:
    system = PykkaSystem(logger=Logbook, bind=Address("127.0.0.1", 0))
    tracer = system.tracer = Tracer("node", now=system.now, wall=system.wall)
    system.start()
    try:
        far = Pid("far", "127.0.0.1", 1)
        with pytest.raises(TypeError, match="object cannot be sent"):
            system.send(system.pid_of("here"), far, object())
        system.send(system.pid_of("here"), far, Number(1))
        assert [e.envelope.message for e in tracer.read().entries if e.kind == "sent"] == [Number(1)]
    finally:
        system.stop(DEADLINE_SECONDS)


def test_a_process_that_cannot_be_made_again_uses_up_its_restarts() -> None:
    makes = []

    def make() -> Worker:
        makes.append(1)
        if len(makes) > 1:
            raise OSError("no room")
        return Worker()

    with running() as system:
        pid = system.spawn(make, "worker", restart=Restart(intensity=3, backoff_seconds=0), vital=True)
        system.send(pid, pid, raising(ValueError("bug")))
        reason = system.wait()
    assert reason is not None
    assert reason.endswith("may not be restarted: OSError: no room")
    assert len(makes) == 4


def test_a_full_mailbox_refuses_is_counted_and_tells_the_sender_who_linked_it() -> None:
    reports: SimpleQueue[object] = SimpleQueue()
    blocked, go = threading.Event(), threading.Event()

    def block(_process: Process) -> None:
        blocked.set()
        assert go.wait(DEADLINE_SECONDS)

    with running(mailbox_bound=10) as system:
        sender = system.spawn(lambda: Worker(reports), "sender")
        slow = system.spawn(Worker, "slow")
        assert report(reports) == ("initialize", sender.incarnation)

        def link_and_say_so(process: Process) -> None:
            process.link(slow)
            reports.put("linked")

        system.send(sender, sender, Do(link_and_say_so))
        assert report(reports) == "linked"
        system.send(sender, slow, Do(block))
        assert blocked.wait(DEADLINE_SECONDS)
        for number in range(12):
            system.send(sender, slow, Number(number))
        assert report(reports) == ("exited", slow)
        status = next(status for status in system.actors() if status.pid == slow)
        assert (status.depth, status.overflows) == (10, 2)
        go.set()
        wait_until(lambda: next(status for status in system.actors() if status.pid == slow).depth == 0)
        assert system.ask(slow, Question("alive?"), DEADLINE_SECONDS) == Answer("ALIVE?")
    assert [event for name, event in Logbook.entries if event == "mailbox full"] == ["mailbox full"] * 2


def test_asking_ends_at_its_time_out_and_at_once_when_there_is_no_such_actor() -> None:
    with running() as system:
        pid = system.spawn(Process, "mute")
        with pytest.raises(TimeoutError, match=r"mute@localhost:1 did not answer within 0\.05 s"):
            system.ask(pid, Question("?"), 0.05)
        with pytest.raises(ConnectionError, match=r"nobody@localhost:1: no such actor"):
            system.ask(system.pid_of("nobody"), Question("?"), DEADLINE_SECONDS)


def test_an_answer_that_is_not_waited_for_completes_a_future() -> None:
    with running() as system:
        mute = system.spawn(Process, "mute")
        echo = system.spawn(Worker, "echo")
        assert system.asks.begin(echo, Question("later?")).result(DEADLINE_SECONDS) == Answer("LATER?")
        with pytest.raises(ConnectionError, match=r"nobody@localhost:1: no such actor"):
            system.asks.begin(system.pid_of("nobody"), Question("?")).result(DEADLINE_SECONDS)
        cancelled, waiting = (system.asks.begin(mute, Question("?")) for _ in range(2))
        assert cancelled.cancel()
        system.terminate(mute)
        with pytest.raises(ConnectionError, match=r"mute@localhost:1: no such actor"):
            waiting.result(DEADLINE_SECONDS)
        assert cancelled.cancelled()


def test_a_timer_of_a_dead_actor_fires_nowhere() -> None:
    reports: SimpleQueue[object] = SimpleQueue()
    with running() as system:
        pid = system.spawn(lambda: Worker(reports), "worker")
        assert report(reports) == ("initialize", pid.incarnation)

        def set_and_end(process: Process) -> None:
            process.delay(0.01, reports.put, "fired")
            process.terminate()

        system.send(pid, pid, Do(set_and_end))
        assert report(reports) == ("finalize", "worker")
        survivor = system.spawn(lambda: Worker(reports), "survivor")
        assert report(reports) == ("initialize", survivor.incarnation)

        def set_later(process: Process) -> None:
            process.delay(0.05, reports.put, "later")

        system.send(pid, survivor, Do(set_later))
        assert report(reports) == "later"


def test_a_timer_cancelled_after_it_was_queued_does_not_fire() -> None:
    reports: SimpleQueue[object] = SimpleQueue()
    with running() as system:
        pid = system.spawn(lambda: Worker(reports), "worker")
        assert report(reports) == ("initialize", pid.incarnation)

        def set_wait_and_cancel(process: Process) -> None:
            timer = process.delay(0, reports.put, "fired")
            wait_until(lambda: next(status for status in system.actors() if status.pid == pid).depth == 1)
            timer.cancel()

        system.send(pid, pid, Do(set_wait_and_cancel))
        system.send(pid, pid, Number(1))
        assert report(reports) == 1


def test_stopping_finalizes_the_youngest_first_and_leaves_a_stuck_actor_behind() -> None:
    reports: SimpleQueue[object] = SimpleQueue()
    blocked, go = threading.Event(), threading.Event()

    def block(_process: Process) -> None:
        blocked.set()
        assert go.wait(DEADLINE_SECONDS)

    system = PykkaSystem(logger=Logbook)
    system.start()
    system.spawn(lambda: Worker(reports), "elder")
    stuck = system.spawn(Worker, "stuck")
    system.spawn(lambda: Worker(reports), "younger")
    system.send(stuck, stuck, Do(block))
    assert blocked.wait(DEADLINE_SECONDS)
    assert {report(reports), report(reports)}  # both initialized
    assert system.stop(timeout_seconds=0.3) == ("stuck",)
    assert report(reports) == ("finalize", "younger")
    assert report(reports) == ("finalize", "elder")
    with pytest.raises(ValueError, match="this node is stopping"):
        system.spawn(Worker, "late")
    go.set()


def test_who_spawns_while_the_node_stops_ends_and_is_no_bug() -> None:
    blocked, go = threading.Event(), threading.Event()

    def spawn_too_late(_process: Process) -> None:
        blocked.set()
        assert go.wait(DEADLINE_SECONDS)
        system.spawn(Worker, "late")

    Logbook.entries.clear()
    system = PykkaSystem(logger=Logbook)
    system.start()
    busy = system.spawn(Worker, "busy")
    system.send(busy, busy, Do(spawn_too_late))
    assert blocked.wait(DEADLINE_SECONDS)
    assert "busy" in system.stop(timeout_seconds=0.1)
    Logbook.entries.clear()  # somebody was left behind, as told
    go.set()
    wait_until(lambda: not system.actors())
    assert Logbook.entries == []


def test_a_name_that_is_taken_or_malformed_is_refused() -> None:
    with running() as system:
        system.spawn(Worker, "worker")
        with pytest.raises(ValueError, match="actor worker: the name is taken on this node"):
            system.spawn(Worker, "worker")
        with pytest.raises(ValueError, match="actor name 'a b': must be"):
            system.spawn(Worker, "a b")


def test_a_node_without_a_work_directory_says_so_when_its_disk_is_asked_for() -> None:
    with pytest.raises(RuntimeError, match="--work_dir"):
        _ = PykkaSystem().disk


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_end_of_the_networks_thread_by_a_bug_ends_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    system = PykkaSystem(bind=Address("127.0.0.1", 0), logger=Logbook)
    system.start()
    monkeypatch.setattr(Sockets, "poll", None)
    assert "network" in (system.wait() or "")
    system.stop()


def test_an_actor_for_which_the_machine_has_no_thread_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with running() as system:
        with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="thread"):
            patch.setattr(threading.Thread, "start", start)
            system.spawn(Worker, "worker")
        assert [actor.pid.name for actor in system.actors()] == ["supervisor"]
        system.spawn(Worker, "worker")


def test_an_actor_is_linked_and_heard_of_by_any_name_of_its_node() -> None:
    reports: SimpleQueue[object] = SimpleQueue()
    local = Address("127.0.0.1", 0)
    there, here = PykkaSystem(bind=local, logger=Logbook), PykkaSystem(bind=local, logger=Logbook)
    there.start()
    here.start()
    try:
        pid = there.spawn(Worker, "worker")
        alias = Pid("worker", "localhost", pid.port)
        watcher = here.spawn(lambda: Worker(reports), "watcher")
        assert report(reports) == ("initialize", watcher.incarnation)
        here.send(watcher, watcher, Do(lambda me: me.link(alias)))
        assert here.ask(alias, Question("there?"), DEADLINE_SECONDS) == Answer("THERE?")
        there.terminate(pid)
        assert report(reports) == ("exited", alias)
    finally:
        here.stop()
        there.stop()
