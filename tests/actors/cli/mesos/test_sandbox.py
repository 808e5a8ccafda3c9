"""Files of tasks, read by portions and followed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.cli.mesos.conversation import Conversation, RefusedError, UnreachableError
from actors.cli.mesos.sandbox import (
    PORTION_BYTES,
    Sandbox,
    container_of,
    folders_of,
    follow,
    last_lines,
    whole,
)
from tests.actors.cli.mesos.daemons import daemons, task
from transport.http.client import HttpClient
from transport.record import Record
from transport.records.agent_call import Call
from transport.records.agent_response import Response
from transport.records.ids import ContainerID

DEADLINE_SECONDS = 60.0


class Agent(Conversation[Response]):
    """One whose only file is the bytes in `content`; None: it is away."""

    def __init__(self, content: bytes | None = b"") -> None:
        self.content = content
        self.reads = 0

    @property
    def name(self) -> str:
        return "the agent"

    def ask(self, call: Record) -> Response:
        assert isinstance(call, Call)
        assert call.read_file is not None
        if self.content is None:
            raise UnreachableError("the agent cannot be reached")
        self.reads += 1
        if call.read_file.path != "/box/file":
            raise RefusedError("no such file", 404)
        begin, length = call.read_file.offset, call.read_file.length
        assert length is not None
        data = self.content[begin : begin + min(length, PORTION_BYTES)]
        read = Response.ReadFile(size=len(self.content), data=data)
        return Response(type=Response.Type.READ_FILE, read_file=read)


def box(content: bytes | None, *folders: str) -> tuple[Agent, Sandbox]:
    agent = Agent(content)
    return agent, Sandbox(agent, folders or ("/box",))


def test_the_sandbox_of_a_task_is_that_of_its_executor_or_a_part_of_it() -> None:
    runs = "/frameworks/F0/executors/web/runs"
    assert folders_of(task("web")) == (f"{runs}/latest/tasks/web", f"{runs}/latest")
    alone = task("web", container=ContainerID(value="c1"))
    assert folders_of(alone) == (f"{runs}/c1", f"{runs}/latest")
    nested = ContainerID(value="n1", parent=ContainerID(value="c1"))
    one_of_a_group = task("web", executor="group", container=nested)
    group = "/frameworks/F0/executors/group/runs"
    assert folders_of(one_of_a_group) == (f"{group}/c1/containers/n1", f"{group}/latest/containers/n1")
    assert container_of(one_of_a_group) == nested
    assert container_of(task("web")) is None


def test_a_sandbox_is_looked_for_where_it_may_be_and_then_known() -> None:
    agent, sandbox = box(b"content", "/none", "/box")
    assert sandbox.read("file", 0).data == b"content"
    assert sandbox.read("file", 3).data == b"tent"
    assert agent.reads == 3
    with pytest.raises(RefusedError, match="other: the sandbox of the task has no such file"):
        sandbox.read("other", 0)


def test_a_file_is_read_to_its_end() -> None:
    content = bytes(range(256)) * 1_000
    _, sandbox = box(content)
    assert b"".join(whole(sandbox, "file")) == content
    assert b"".join(whole(sandbox, "file", 200_000)) == content[200_000:]


@pytest.mark.parametrize(
    ("content", "lines", "found"),
    [
        (b"", 10, b""),
        (b"a\nb\nc\n", 2, b"b\nc\n"),
        (b"a\nb\nc", 2, b"b\nc"),
        (b"a\nb\nc\n", 10, b"a\nb\nc\n"),
        (b"a\n\n\n", 2, b"\n\n"),
        (b"a\nb\n", 0, b""),
        (b"a\rb\r\nc\x85d\n", 1, b"c\x85d\n"),
        (b"x" * 200_000, 1, b"x" * 200_000),
        (b"a\n" + b"x" * 200_000 + b"\nb\n", 2, b"x" * 200_000 + b"\nb\n"),
        (b"a\n" * 100_000, 50_000, b"a\n" * 50_000),
    ],
)
def test_the_last_lines_are_found_from_the_end(content: bytes, lines: int, found: bytes) -> None:
    _, sandbox = box(content)
    assert last_lines(sandbox, "file", lines) == (found, len(content))


class Clock:
    """Sleeps by doing the next thing."""

    def __init__(self, *events: Callable[[], None]) -> None:
        self._events = list(events)

    def sleep(self, _seconds: float) -> None:
        if not self._events:
            raise StopIteration
        self._events.pop(0)()


def followed(sandbox: Sandbox, clock: Clock, warnings: list[str]) -> list[bytes]:
    found: list[bytes] = []
    try:
        for data in follow(sandbox, "file", 0, warn=warnings.append, sleep=clock.sleep):
            found.append(data)  # noqa: PERF402  what came before the end counts
    except RuntimeError:  # the clock stopped
        pass
    return found


def test_what_comes_to_a_file_is_followed_also_when_it_is_cut_off_or_the_agent_away() -> None:
    agent, sandbox = box(b"one ")
    contents = (b"one two ", None, None, b"one two three", b"new")

    def becomes(content: bytes | None) -> Callable[[], None]:
        return lambda: setattr(agent, "content", content)

    warnings: list[str] = []
    found = followed(sandbox, Clock(*map(becomes, contents)), warnings)
    assert found == [b"one ", b"two ", b"three", b"new"]
    assert warnings == ["file: is shorter than it was; it is read from its beginning"]


def test_an_agent_that_stays_away_is_given_up() -> None:
    _, sandbox = box(None)
    slept: list[float] = []
    with pytest.raises(UnreachableError):
        next(follow(sandbox, "file", 0, warn=print, sleep=slept.append))
    assert sum(slept) == pytest.approx(60.0)


def test_a_real_agent_is_followed_while_a_file_grows(tmp_path: Path) -> None:
    lines = [b"line %d\n" % number for number in range(3_000)]
    with daemons(tmp_path) as known:
        path = known.sandbox("web") / "stdout"
        path.touch()

        def write() -> None:
            with path.open("ab", buffering=0) as file:
                for line in lines:
                    file.write(line)

        client = HttpClient(known.agent, DEADLINE_SECONDS)
        sandbox = Sandbox(Conversation(client, Response, "agent"), folders_of(task("web")))
        writer = threading.Thread(target=write)
        writer.start()
        found = b""
        for data in follow(sandbox, "stdout", 0, warn=print, sleep=lambda _seconds: None):
            found += data
            if len(found) >= sum(map(len, lines)):
                break
        writer.join()
        client.close()
    assert found == b"".join(lines)
