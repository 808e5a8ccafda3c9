from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from time import monotonic, time

import pytest

from actors.cli.client import Client
from actors.cli.trace_live import LiveLine, Printer, TextLine, follow, json_line
from actors.process import Process
from actors.pykka_system import PykkaSystem
from actors.trace.recorder import Recorder
from actors.trace.tracer import RECORDER, Tracer
from tests.actors.trace.samples import CLIENT, GREETER, STORE, Greet, record
from transport.messages.tracing import TraceFilter
from transport.pid import Address, Pid

HERE, THERE = Address("10.0.0.1", 5051), Address("10.0.0.2", 5051)


class Deaf(Process):
    def unhandled(self, sender: Pid, message: object) -> None:
        pass


class Paper(io.StringIO):
    """Output whose reader leaves after some lines."""

    def __init__(self, lines: int) -> None:
        super().__init__()
        self._left = lines

    def flush(self) -> None:
        if self.getvalue().count("\n") >= self._left:
            raise BrokenPipeError


def test_a_line_tells_time_route_and_message() -> None:
    line = TextLine([HERE], None)
    told = record("handled", 1, sent=1.0, started=1.25, name="bob", ended=1.3)
    assert (
        line(told)
        == f"22:13:21.250  {'client -> greeter':<40}  Greet(name=bob)  250 ms on the way  took 50 ms"
    )
    timer = record("handled", 1, sender=GREETER, sent=1.0, started=1.0, what="Fired", timer="_expire")
    assert line(timer) == f"22:13:21.000  {'greeter':<40}  timer _expire"
    dropped = record("dropped", 1, sent=1.0, started=1.0, reason="mailbox full")
    assert line(dropped) == f"22:13:21.000  {'client -->x greeter':<40}  Greet  dropped: mailbox full"


def test_a_line_fits_the_terminal_and_keeps_what_is_remarkable() -> None:
    told = record("crashed", 1, sent=1.0, started=1.0, reason="KeyError: x", text="y" * 500)
    text = TextLine([HERE], 100)(told)
    assert len(text) <= 100
    assert text.endswith("…)  !! KeyError: x")


def test_addresses_are_told_when_more_than_one_node_is_followed() -> None:
    told = record("handled", 1, sent=1.0, started=1.0)
    assert "client@10.0.0.1:5051 -> greeter@10.0.0.1:5051" in TextLine([HERE, THERE], None)(told)


def test_a_message_between_followed_nodes_is_told_once() -> None:
    sent = record("sent", 1, sender=CLIENT, to=STORE, sent=1.0)
    handled = record("handled", 1, node=str(THERE), sender=CLIENT, to=STORE, started=1.1)
    both, one = TextLine([HERE, THERE], None), TextLine([HERE], None)
    assert [bool(both(told)) for told in (sent, handled)] == [False, True]
    assert one(sent)


def test_what_cannot_be_shown_is_told_apart_from_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    printer = Printer(TextLine([HERE], None), out)
    recorder = Pid(RECORDER, *HERE, 7)
    printer.missed(recorder, 12)
    printer.lost(recorder)
    printer.refused(recorder, "enough followers")
    assert out.getvalue() == ""
    assert capsys.readouterr().err.splitlines() == [
        "pion trace: 12 more messages at 10.0.0.1:5051: too fast to be shown",
        "pion trace: 10.0.0.1:5051 cannot be reached; trying again",
        "pion trace: enough followers",
    ]


@pytest.fixture
def node() -> Iterator[PykkaSystem]:
    tracer = Tracer("", now=monotonic, wall=time)
    system = PykkaSystem(bind=Address("127.0.0.1", 0), tracer=tracer)
    system.start()
    tracer.node = str(system.address)
    system.spawn(lambda: Recorder(tracer), RECORDER)
    yield system
    system.stop()


def test_a_node_is_followed_until_the_reader_leaves(node: PykkaSystem) -> None:
    paper = Paper(3)
    wanted = TraceFilter(types=("samples.Greet",))
    line: LiveLine = json_line
    deaf = node.spawn(Deaf, "deaf")
    over = threading.Event()

    def greet() -> None:
        number = 0
        while not over.wait(0.02):
            node.send(deaf, deaf, Greet(str(number)))
            number += 1

    greeter = threading.Thread(target=greet)
    greeter.start()
    try:
        with Client(node.address, None, 5.0) as asking, pytest.raises(BrokenPipeError):
            follow(asking, [node.address], wanted, line, paper)
    finally:
        over.set()
        greeter.join()
    records = [json.loads(text) for text in paper.getvalue().splitlines()]
    numbers = [int(told["fields"]["name"]) for told in records]
    assert len(numbers) >= 3
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
