"""The log of requests, and their traces: from the client over the gateway to actors and back."""

from __future__ import annotations

import contextvars
import time

import pytest

from actors.gateway.front import Front
from actors.gateway.gateway import GATEWAY, Gateway, HttpHost
from actors.gateway.witness import RequestWitness, Seen
from actors.metrics import Registry
from actors.node.flags import DaemonFlags
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from actors.system import Log
from actors.trace.record import hexadecimal
from actors.trace.tracer import Entry, Tracer
from tests.actors.gateway.browser import DEADLINE_SECONDS, fetch
from transport.http.exchange import Request, Response, say
from transport.http.routes import Route, Routes
from transport.message import Message
from transport.pid import Address, Pid

CLIENT = Address("10.0.0.1", 4711)
GATE = Pid("gateway", "10.0.0.2", 6050)


class Lines:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def debug(self, event: str, **values: object) -> None:
        self.lines.append(("debug", {"event": event, **values}))

    def info(self, event: str, **values: object) -> None:
        self.lines.append(("info", {"event": event, **values}))

    def warning(self, event: str, **values: object) -> None:
        self.lines.append(("warning", {"event": event, **values}))

    def error(self, event: str, **values: object) -> None:
        self.lines.append(("error", {"event": event, **values}))


def witness(log: Log, tracer: Tracer | None = None) -> RequestWitness:
    times = iter(range(100))
    return RequestWitness(GATE, log, lambda: float(next(times)), tracer)


@pytest.mark.parametrize(
    ("method", "status", "call", "quiet", "level"),
    [
        ("GET", 200, "", False, "debug"),
        ("HEAD", 200, "", False, "debug"),
        ("POST", 200, "", False, "info"),
        ("POST", 202, "RESERVE_RESOURCES", False, "info"),
        ("POST", 200, "GET_STATE", False, "debug"),
        ("POST", 202, "", True, "debug"),
        ("POST", 400, "", False, "debug"),
        ("POST", 500, "GET_STATE", True, "warning"),
    ],
)
def test_what_changes_something_is_logged_and_the_rest_is_for_those_who_look_for_it(
    method: str, status: int, call: str, quiet: bool, level: str
) -> None:
    log = Lines()
    sees = witness(log)
    notes = {"type": call} if call else {}
    sees.ended(sees.began(method, "/path?a=b", CLIENT), status, notes, quiet=quiet)
    expected = {
        "event": "http request",
        "method": method,
        "target": "/path?a=b",
        **notes,
        "status": status,
        "milliseconds": 1000.0,
        "client": CLIENT,
    }
    assert log.lines == [(level, expected)]


def test_a_long_target_is_cut() -> None:
    log = Lines()
    sees = witness(log)
    sees.ended(sees.began("GET", "/" + "x" * 1_000, CLIENT), 200, {}, quiet=False)
    assert len(str(log.lines[0][1]["target"])) == 200


def test_a_request_is_the_first_span_of_its_trace_and_its_line_names_that() -> None:
    log, tracer = Lines(), Tracer("", now=lambda: 0.0, wall=lambda: 0.0, span_base=7)
    sees = witness(log, tracer)
    # The cause is this request's for the rest of its context.
    seen = contextvars.copy_context().run(sees.began, "GET", "/state", CLIENT)
    assert isinstance(seen, Seen)
    sees.ended(seen, 200, {}, quiet=False)
    (entry,) = tracer.read().entries
    envelope = entry.envelope
    assert (envelope.sender, envelope.to) == (Pid("client", *CLIENT), GATE)
    assert (envelope.trace, envelope.span, envelope.parent) == (7, 7, 0)
    assert log.lines[0][1]["trace"] == hexadecimal(7)


class Question(Message):
    pass


class Answer(Message):
    pass


class Note(Message):
    pass


class Oracle(Process):
    """Answers, and tells itself something in the same trace."""

    @handles(Question)
    def question(self, sender: Pid, message: Question) -> None:
        self.send(sender, Answer())

    @handles(Note)
    def note(self, sender: Pid, message: Note) -> None:
        """Nothing more."""


class Passing(Process):
    """Lives on the server's thread; a handler calls it."""

    def initialize(self) -> None:
        self.send(self.system_pid(), Note())

    def call(self) -> None:
        self.send(self.system_pid(), Note())

    def system_pid(self) -> Pid:
        return Pid("oracle", *self.pid.address)


def test_all_that_follows_a_request_is_of_its_trace() -> None:
    """What handlers ask and tell, what actors do in turn, and what actors on the server's thread send."""
    system = PykkaSystem()
    system.tracer = tracer = Tracer("", now=system.now, wall=system.wall)
    system.start()
    passing = Passing()

    def routes(front: Front) -> Routes:
        async def ask(_request: Request) -> Response:
            await front.ask("oracle", Question())
            front.tell(Pid("oracle", *front.here), Note())
            return say(200, "well")

        async def spawn(_request: Request) -> Response:
            front.spawn(lambda: passing, "passing")
            return say(200, "well")

        async def call(_request: Request) -> Response:
            passing.call()
            return say(200, "well")

        return Routes([Route("/ask", ask), Route("/spawn", spawn), Route("/call", call)])

    try:
        system.spawn(Oracle, "oracle")
        host = HttpHost(system, Registry(), routes)
        address = host.listen(DaemonFlags(port=0))
        system.spawn(lambda: Gateway(host.server), GATEWAY, vital=True)
        for path, expected in (
            ("/ask", ["HttpRequest", "Question", "Answer", "Note"]),
            ("/spawn", ["HttpRequest", "Initialize", "Note"]),
            ("/call", ["HttpRequest", "Note"]),
        ):
            before = tracer.newest()
            assert fetch(address, path).status == 200
            entries = trace_of(tracer, before, len(expected))
            types = {entry.envelope.span: type(entry.envelope.message).__name__ for entry in entries}
            assert [types[span] for span in sorted(types)] == expected
    finally:
        assert system.stop() == ()


def trace_of(tracer: Tracer, cursor: int, count: int) -> list[Entry]:
    """That many entries of the trace of the request after the cursor."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        entries = tracer.read(cursor).entries
        traces = [
            one.envelope.trace
            for one in entries
            if one.envelope.to.name == GATEWAY and not one.envelope.parent
        ]
        found = [entry for entry in entries if entry.envelope.trace in traces[-1:]]
        if len(found) >= count:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.01)
