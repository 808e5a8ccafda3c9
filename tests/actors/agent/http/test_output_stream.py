from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from actors.agent.http.output_stream import OutputStream
from actors.agent.http.porter import PORTER, Porter
from actors.simulation import Simulation
from transport.http.exchange import HttpError, Streaming
from transport.http.media_type import Encoding, MediaType
from transport.http.recordio import RecordReader
from transport.messages.attaching import (
    Attached,
    AttachOutput,
    ConsoleOutput,
    Detach,
    Detached,
    OutputTaken,
)
from transport.records.process_io import ProcessIO

HEARTBEAT_SECONDS = 30.0
STDOUT = ProcessIO.Data.Type.STDOUT


class Outlet:
    """A client that reads as much as the test says."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.unread_bytes = 0
        self.over = ""

    def write(self, piece: bytes) -> None:
        self.written.append(piece)

    def end(self) -> None:
        self.over = "ended"

    def abort(self) -> None:
        self.over = "aborted"

    def data(self) -> bytes:
        records = RecordReader().feed(b"".join(self.written))
        found = [Encoding.JSON.decode(one, ProcessIO).data for one in records]
        return b"".join(one.data or b"" for one in found if one is not None)


class Scene:
    """One stream between a client and the consoles of an executor node, both the test's."""

    def __init__(self) -> None:
        self.sim = Simulation(1)
        self.porter = Porter()
        agent = self.sim.node("agent")
        agent.spawn(lambda: self.porter, PORTER)
        self.node = self.sim.node("executors", restart_seconds=None)
        self.consoles = self.node.probe("consoles")
        self.sim.run(0.1)
        self.stream = OutputStream(self.porter, MediaType(Encoding.JSON, is_stream=True), HEARTBEAT_SECONDS)
        self.outlet = Outlet()
        self.number = 0

    async def attach(self, *answers: Callable[[int], object]) -> None:
        attaching = asyncio.ensure_future(self.stream.attach(self.consoles.pid, "c"))
        await asyncio.sleep(0)
        self.sim.run(0.1)
        (asked,) = self.heard()
        assert isinstance(asked, AttachOutput)
        self.number = asked.attachment
        self.say(*(answer(self.number) for answer in answers))
        await attaching

    def response(self) -> Streaming:
        return self.stream.response()

    def say(self, *messages: object) -> None:
        for message in messages:
            self.consoles.send(self.porter.pid, message)
        self.sim.run(0.1)

    def heard(self) -> list[object]:
        found = list(self.consoles.received)
        self.consoles.received.clear()
        return found


def run(scenario: Callable[[Scene], Awaitable[None]]) -> None:
    async def inner() -> None:
        await scenario(Scene())

    asyncio.run(inner())


def test_what_comes_before_the_response_has_begun_is_in_it() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.attach(Attached, lambda number: ConsoleOutput(number, b"early "))
        response = scene.response()
        assert scene.outlet.written == []
        response.begin(scene.outlet)
        scene.say(ConsoleOutput(scene.number, b"late"), Detached(scene.number))
        assert scene.outlet.data() == b"early late"
        assert scene.outlet.over == "ended"

    run(scenario)


def test_more_is_asked_for_as_the_client_reads() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.attach(Attached)
        scene.response().begin(scene.outlet)
        scene.say(ConsoleOutput(scene.number, b"12345"))
        assert scene.heard() == [OutputTaken(scene.number, 5)]
        scene.outlet.unread_bytes = 10**6
        scene.say(ConsoleOutput(scene.number, b"123"), ConsoleOutput(scene.number, b"4567"))
        scene.sim.run(5.0)
        assert scene.heard() == []
        scene.outlet.unread_bytes = 0
        scene.sim.run(0.1)
        assert scene.heard() == [OutputTaken(scene.number, 7)]

    run(scenario)


@pytest.mark.parametrize("how", ["too slow", "the node is gone"])
def test_what_is_not_complete_is_broken_off(how: str) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.attach(Attached)
        scene.response().begin(scene.outlet)
        if how == "too slow":
            scene.say(Detached(scene.number, 408, how))
        else:
            scene.node.crash()
            scene.sim.run(30.0)
        assert scene.outlet.over == "aborted"

    run(scenario)


def test_a_refusal_comes_before_the_response() -> None:
    async def scenario(scene: Scene) -> None:
        with pytest.raises(HttpError, match="no such container") as refused:
            await scene.attach(lambda number: Detached(number, 404, "no such container"))
        assert refused.value.response.status == 404

    run(scenario)


def test_a_client_that_leaves_is_detached_and_hears_no_more() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.attach(Attached)
        response = scene.response()
        response.begin(scene.outlet)
        response.ended("the client is gone")
        scene.sim.run(0.1)
        assert scene.heard() == [Detach(scene.number)]
        scene.say(ConsoleOutput(scene.number, b"late"))
        scene.sim.run(3 * HEARTBEAT_SECONDS)
        assert scene.outlet.written == []

    run(scenario)


def test_heartbeats_come_in_time() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.attach(Attached)
        scene.response().begin(scene.outlet)
        scene.sim.run(3 * HEARTBEAT_SECONDS + 1)
        assert len(scene.outlet.written) == 3
        (record,) = RecordReader().feed(scene.outlet.written[0])
        control = Encoding.JSON.decode(record, ProcessIO).control
        assert control is not None and control.heartbeat is not None

    run(scenario)
