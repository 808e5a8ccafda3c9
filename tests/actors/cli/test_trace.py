from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, time
from typing import Any

import pytest

from actors.cli.pion import main
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from actors.trace.files import TraceFiles
from actors.trace.recorder import Recorder
from actors.trace.tracer import RECORDER, Tracer
from tests.actors.trace.samples import CLIENT, GREETER, STORE, record
from transport.message import Message
from transport.pid import Address, Pid

ONE, TWO = "10.0.0.1:5051", "10.0.0.2:5051"


class Order(Message):
    type_name = "test_trace.Order"
    task_id: str
    to: Pid | None = None


class Waiter(Process):
    """Passes an order on to where it is meant to go."""

    @handles(Order)
    def order(self, sender: Pid, message: Order) -> None:
        if message.to is not None:
            self.send(message.to, Order(message.task_id))


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    """Files of two nodes: a launch of web.1 that store lost an answer to, and a launch of web.2."""
    one, two = TraceFiles(tmp_path / "traces", ONE), TraceFiles(tmp_path / "traces", TWO)
    launch: dict[str, Any] = {"parent": 1, "sender": GREETER, "to": STORE, "what": "Launch", "task": "web.1"}
    one.append(
        [
            record("handled", 1, sent=1.0, started=1.0, what="Accept", tasks=["web.1"]),
            record("sent", 2, sent=1.1, **launch),
            record("handled", 4, trace=4, sent=2.0, started=2.0, what="Accept", tasks=["web.2"]),
            record("handled", 5, trace=5, sender=CLIENT, to=CLIENT, sent=3.0, started=3.0, what="Fired"),
        ]
    )
    two.append(
        [
            record("handled", 2, node=TWO, started=1.2, **launch),
            record("sent", 3, parent=2, node=TWO, sender=STORE, to=GREETER, sent=1.3, what="Launched"),
        ]
    )
    one.close()
    two.close()
    return tmp_path / "traces"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """`pion trace` with these words: its exit status, output and errors."""
    status = main(["trace", *map(str, words)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_trace_is_shown_as_a_diagram(traces: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "show", "0000000000000001", "--trace_dir", traces, "--width", 80)
    assert status == 0
    assert out.splitlines()[0] == "trace 0000000000000001"
    assert "├─ Launch ───>│   100 ms on the way · task=web.1" in out
    assert "not handled: lost, or still waiting" in out
    assert "\x1b" not in out


def test_a_diagram_can_be_drawn_in_ascii_and_cut(traces: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("show", "0000000000000001", "--trace_dir", traces, "--ascii", "--limit", 2)
    status, out, _ = run(capsys, *words)
    assert (status, out.isascii()) == (0, True)
    assert "1 more messages are not drawn" in out


def test_without_an_id_the_latest_traces_are_listed_but_for_what_actors_do_alone(
    traces: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(capsys, "show", "--trace_dir", traces)
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == ["TRACE", "0000000000000001", "0000000000000004"]
    assert out.splitlines()[1].endswith("3  Accept to greeter")


def test_the_story_of_an_id_is_told_across_nodes(traces: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "story", "web.1", "--trace_dir", traces)
    assert status == 0
    assert out.startswith("story of web.1\n3 messages · 3 actors · 2 nodes")
    assert "web.2" not in out


def test_records_are_printed_as_json_one_on_a_line(traces: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "story", "web.2", "--trace_dir", traces, "--json")
    assert status == 0
    (told,) = map(json.loads, out.splitlines())
    assert (told["kind"], told["node"], told["fields"]) == ("handled", ONE, {"tasks": ["web.2"]})


@pytest.mark.parametrize(("words", "messages"), [(["web.1"], 3), (["0000000000000004"], 1), (["--all"], 5)])
def test_traces_are_exported_for_perfetto(
    traces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], messages: int
) -> None:
    target = tmp_path / "trace.json"
    status, out, _ = run(capsys, "export", *words, "-o", target, "--trace_dir", traces)
    assert (status, out.startswith(f"wrote {target}: {messages} messages")) == (0, True)
    assert {"M", "X"} <= {event["ph"] for event in json.loads(target.read_bytes())["traceEvents"]}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["show", "00000000000000ff"], "no record of trace 00000000000000ff"),
        (["show", "00000000000000ff", "--json"], "nothing is recorded"),
        (["story", "web.9"], "no message mentions web.9, and no actor or trace is called so"),
        (["export", "web.9", "-o", "never.json"], "no message mentions web.9"),
    ],
)
def test_nothing_found_is_status_1_and_a_reason(
    traces: Path, capsys: pytest.CaptureFixture[str], words: list[str], reason: str
) -> None:
    assert run(capsys, *words, "--trace_dir", traces) == (1, "", f"pion trace: {reason}\n")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["show", "web.1"],
        ["story"],
        ["export", "-o", "x"],
        ["export", "web.1", "--all", "-o", "x"],
        ["show", "--limit", "0"],
        ["follow", "--trace_dir", "x"],
        ["story", "web.1", "--node", "nowhere"],
    ],
)
def test_a_mistake_is_status_2_and_one_line(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    status, out, error = run(capsys, *words)
    assert (status, out, error.count("\n")) == (2, "", 1)


def test_a_folder_that_is_not_there_is_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, error = run(capsys, "show", "--trace_dir", tmp_path / "nowhere")
    assert status == 1
    assert error.startswith("pion trace: --trace_dir: [Errno 2]")


def test_damaged_files_are_told_and_the_rest_is_used(
    traces: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (traces / "10.0.0.3:5051.1.trace").write_bytes(b"\xc1 garbage")
    status, out, error = run(capsys, "story", "web.1", "--trace_dir", traces)
    assert (status, out.splitlines()[0]) == (0, "story of web.1")
    assert error.count("10.0.0.3:5051.1.trace: damaged from byte 0 on") == 1


class LiveNode:
    """A node of this process with a recorder and a waiter."""

    def __init__(self) -> None:
        tracer = Tracer("", now=monotonic, wall=time)
        self.system = PykkaSystem(bind=Address("127.0.0.1", 0), tracer=tracer)
        self.system.start()
        tracer.node = str(self.system.address)
        self.system.spawn(lambda: Recorder(tracer), RECORDER)
        self.waiter = self.system.spawn(Waiter, "waiter")


@pytest.fixture
def nodes() -> Iterator[tuple[LiveNode, LiveNode]]:
    one, two = LiveNode(), LiveNode()
    yield one, two
    for node in (one, two):
        node.system.stop()


def test_running_nodes_are_asked_for_what_they_remember(
    nodes: tuple[LiveNode, LiveNode], capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = nodes
    one.system.send(one.waiter, one.waiter, Order("web.1", two.waiter))
    words = ("story", "web.1", "--node", one.system.address, "--node", two.system.address)
    deadline = monotonic() + 20.0
    status, out, error = run(capsys, *words)
    while "2 messages · 2 actors · 2 nodes" not in out or "not handled" in out:
        assert monotonic() < deadline, (status, out, error)
        status, out, error = run(capsys, *words)
    assert (status, error) == (0, "")
    assert out.count("test_trace.Order") == 2
    _, alone, _ = run(capsys, "story", "web.1", "--node", one.system.address)
    assert "no record of its arrival" in alone
    assert "(--cluster asks them too)" in alone


def test_a_node_that_does_not_answer_is_told_and_the_others_are_enough(
    nodes: tuple[LiveNode, LiveNode], capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = nodes
    one.system.send(one.waiter, one.waiter, Order("web.1"))
    two.system.stop()
    words = ("story", "web.1", "--node", two.system.address)
    status, out, error = run(capsys, *words, "--node", one.system.address, "--timeout", "3secs")
    assert (status, out.splitlines()[0]) == (0, "story of web.1")
    assert f"pion trace: trace@{two.system.address}" in error
    assert run(capsys, *words, "--timeout", "50ms")[:2] == (1, "")
