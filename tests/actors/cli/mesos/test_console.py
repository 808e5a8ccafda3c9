"""`mesos task exec` and `attach`, against an agent that answers as a test wants it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.cli.mesos.command import main
from tests.actors.cli.mesos.daemons import LIMIT, daemons, task
from tests.actors.gateway.fronts import served
from transport import json_v1
from transport.http.exchange import Outlet, Request, Response, Streaming, refusal
from transport.http.recordio import RecordReader, frame
from transport.http.routes import Route
from transport.records.agent_call import Call
from transport.records.agent_response import Response as CallResponse
from transport.records.ids import ContainerID
from transport.records.process_io import ProcessIO
from transport.records.task_status import TaskState

CONTAINER = ContainerID(value="c1")
_Data = ProcessIO.Data
_Wait = CallResponse.WaitNestedContainer


def data(kind: _Data.Type, text: bytes) -> ProcessIO:
    return ProcessIO(type=ProcessIO.Type.DATA, data=_Data(type=kind, data=text))


@dataclasses.dataclass
class Agent:
    """What it answers, and what it was sent."""

    output: bytes = b""
    #: What it refuses each type of call with.
    refusals: dict[str, int] = dataclasses.field(default_factory=dict)
    waited: _Wait = dataclasses.field(default_factory=lambda: _Wait(exit_status=0))
    launched: Any = None
    #: Streams of output; those of sessions end when their input does.
    outlets: list[Outlet] = dataclasses.field(default_factory=list)
    #: What was sent to be read.
    typed: list[Call.AttachContainerInput] = dataclasses.field(default_factory=list)

    def says(self, *pieces: ProcessIO) -> None:
        self.output = b"".join(frame(json_v1.encode(piece)) for piece in pieces)

    async def handle(self, request: Request) -> Response | Streaming:
        if request.headers["content-type"] == "application/recordio":
            calls = [json_v1.decode(record, Call) for record in RecordReader().feed(request.body)]
            self.typed = [call.attach_container_input for call in calls if call.attach_container_input]
            self._check("ATTACH_CONTAINER_INPUT")
            for outlet in self.outlets:
                outlet.end()
            return Response()
        call = json_v1.decode(request.body, Call)
        assert call.type is not None
        self._check(call.type.value)
        if call.type is Call.Type.WAIT_NESTED_CONTAINER:
            kind = CallResponse.Type.WAIT_NESTED_CONTAINER
            return Response(200, json_v1.encode(CallResponse(type=kind, wait_nested_container=self.waited)))
        self.launched = call.launch_nested_container_session

        def begin(outlet: Outlet) -> None:
            outlet.write(self.output)
            if call.type is Call.Type.ATTACH_CONTAINER_OUTPUT:
                outlet.end()
            self.outlets.append(outlet)

        return Streaming(content_type="application/recordio", begin=begin, ended=lambda _reason: None)

    def _check(self, kind: str) -> None:
        if kind in self.refusals:
            raise refusal(self.refusals[kind], f"no {kind}")


@contextlib.contextmanager
def cluster(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    agent = Agent()
    route = Route("/api/v1", agent.handle, ("POST",), LIMIT)
    with daemons(folder) as known, served([route]) as known.agent:
        monkeypatch.setenv("MESOS_MASTER", str(known.master))
        known.tasks = (task("web", container=CONTAINER), task("young"))
        known.completed_tasks = (task("old", state=TaskState.TASK_FINISHED),)
        yield agent


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    with cluster(tmp_path, monkeypatch) as one:
        yield one


@pytest.fixture
def typed() -> Iterator[int]:
    """What is written there is standard input."""
    reader, writer = os.pipe()
    before = os.dup(0)
    os.dup2(reader, 0)
    os.close(reader)
    try:
        yield writer
    finally:
        os.dup2(before, 0)
        os.close(before)


EXEC = ["task", "exec", "--timeout=60", "web", "ls", "-l"]


def test_a_command_is_launched_and_its_output_and_end_are_passed_on(
    agent: Agent, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    agent.says(data(_Data.Type.STDOUT, b"\xffout"), data(_Data.Type.STDERR, b"err"), ProcessIO())
    agent.waited = _Wait(exit_status=3 << 8)
    assert main(EXEC) == 3
    assert capsysbinary.readouterr() == (b"\xffout", b"err")
    assert agent.launched.container_id.parent == CONTAINER
    command = agent.launched.command
    assert (command.shell, command.value, command.arguments) == (False, "ls", ("ls", "-l"))
    agent.waited = _Wait(exit_status=9)
    assert main(EXEC) == 137


def test_a_command_finds_its_input_at_an_end_or_what_is_typed(agent: Agent, typed: int) -> None:
    assert main(EXEC) == 0
    first, *rest = agent.typed
    assert first.container_id is not None
    assert first.container_id.parent == CONTAINER
    end = data(_Data.Type.STDIN, b"")
    assert [one.process_io for one in rest] == [end]
    os.write(typed, b"\xff\n")
    os.close(typed)
    agent.outlets.clear()
    assert main([*EXEC[:2], "-i", *EXEC[2:]]) == 0
    assert [one.process_io for one in agent.typed[1:]] == [data(_Data.Type.STDIN, b"\xff\n"), end]


def test_input_that_the_agent_refuses_ends_the_command(
    agent: Agent, capsys: pytest.CaptureFixture[str]
) -> None:
    agent.refusals = {"ATTACH_CONTAINER_INPUT": 409}
    assert main(EXEC) == 1
    assert capsys.readouterr().err.endswith(" answers 409: no ATTACH_CONTAINER_INPUT\n")


@pytest.mark.parametrize(
    ("refusals", "output", "waited", "error"),
    [
        (
            {"LAUNCH_NESTED_CONTAINER_SESSION": 400},
            b"",
            _Wait(),
            "the agent at {} answers 400: no LAUNCH_NESTED_CONTAINER_SESSION",
        ),
        (
            {"WAIT_NESTED_CONTAINER": 404},
            b"",
            _Wait(),
            "how the command ended is not known: the agent at {} answers 404: no WAIT_NESTED_CONTAINER",
        ),
        ({}, b"", _Wait(message="it is gone"), "how the command ended is not known: it is gone"),
        ({}, b"", _Wait(), "how the command ended is not known: the agent does not tell"),
        ({}, b"x", _Wait(exit_status=0), "the output breaks off: stream: must have the length"),
        ({}, b"2\n{}", _Wait(exit_status=0), ""),
        ({}, b"1\n{", _Wait(exit_status=0), "the output breaks off: Input data was truncated"),
    ],
)
def test_what_goes_wrong_is_told_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    refusals: dict[str, int],
    output: bytes,
    waited: _Wait,
    error: str,
) -> None:
    with cluster(tmp_path, monkeypatch) as agent:
        agent.refusals, agent.output, agent.waited = refusals, output, waited
        assert main(EXEC) == int(bool(error))
    told = capsys.readouterr().err
    before, _, after = error.partition("{}")
    assert told.startswith(f"mesos: {before}" if error else "")
    assert after in told
    assert told.count("\n") == int(bool(error))


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["exec", "old", "ls"], "task 'old': is over (TASK_FINISHED)"),
        (["attach", "old"], "task 'old': is over (TASK_FINISHED)"),
        (["attach", "young"], "task 'young': its container is not known yet"),
        (["exec", "wb", "ls"], "no task 'wb'; did you mean web?"),
    ],
)
@pytest.mark.usefixtures("agent")
def test_a_task_without_a_container_is_told_of(
    words: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["task", *words]) == 1
    assert capsys.readouterr().err == f"mesos: {error}\n"


def test_a_task_is_attached_to_without_a_word_to_its_input(
    agent: Agent, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    agent.says(data(_Data.Type.STDOUT, b"out"))
    assert main(["task", "attach", "--no-stdin", "--timeout=60", "web"]) == 0
    assert capsysbinary.readouterr().out == b"out"
    assert agent.typed == []
