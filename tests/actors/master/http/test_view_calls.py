"""The calls of operators that show the cluster, at the port of a real master."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any, Self

import msgspec
import pytest

from tests.actors.gateway.browser import DEADLINE_SECONDS
from tests.actors.master.http.leader import Leader, Returning, leader
from transport.http.media_type import Encoding
from transport.http.recordio import RecordReader
from transport.json_defaults import completed
from transport.records.master_call import Call
from transport.records.master_event import Event
from transport.records.master_response import Response

_Type = Call.Type
_READS = (
    _Type.GET_STATE,
    _Type.GET_AGENTS,
    _Type.GET_FRAMEWORKS,
    _Type.GET_EXECUTORS,
    _Type.GET_OPERATIONS,
    _Type.GET_TASKS,
    _Type.GET_ROLES,
    _Type.GET_MASTER,
)


@pytest.fixture(scope="module")
def master() -> Iterator[Leader]:
    with leader(max_operator_event_stream_subscribers=2) as found:
        found.spawn(lambda: Returning("old-S0", "t1", "t2"), "agent")
        found.until(lambda: found.shown("/tasks")["tasks"])
        yield found


@pytest.mark.parametrize("kind", _READS)
def test_both_forms_say_the_same(master: Leader, kind: Call.Type) -> None:
    answers = {encoding: master.call(kind, encoding) for encoding in Encoding}
    read = {encoding: encoding.decode(answer.body, Response) for encoding, answer in answers.items()}
    # JSON has defaults, too.
    assert read[Encoding.JSON] == completed(read[Encoding.PROTOBUF])
    assert read[Encoding.JSON].type is Response.Type[kind.value]
    assert [answer.headers["content-type"] for answer in answers.values()] == [one.value for one in Encoding]


def test_the_state_has_what_runs(master: Leader) -> None:
    state = msgspec.json.decode(master.call(_Type.GET_STATE).body)["get_state"]
    assert [task["task_id"]["value"] for task in state["get_tasks"]["tasks"]] == ["t1", "t2"]
    (agent,) = state["get_agents"]["agents"]
    assert (agent["active"], agent["pid"]) == (True, "slave(1)@127.0.0.1:5051")
    (framework,) = state["get_frameworks"]["frameworks"]
    assert (framework["recovered"], framework["connected"]) == (True, False)
    assert state["get_executors"] == {}


class Stream:
    """A stream of events, as an operator reads it."""

    def __init__(self, master: Leader, encoding: Encoding = Encoding.JSON) -> None:
        self._socket = socket.create_connection(master.web, timeout=DEADLINE_SECONDS)
        self._records = RecordReader()
        self._waiting: list[bytes] = []
        self._rest = b""
        self._encoding = encoding
        body = encoding.encode(Call(type=_Type.SUBSCRIBE))
        head = (
            f"POST /api/v1 HTTP/1.1\r\nHost: here\r\nContent-Type: {encoding.value}\r\n"
            f"Accept: {encoding.value}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + body)
        while b"\r\n\r\n" not in self._rest:
            self._receive()
        self.head, _, self._rest = self._rest.partition(b"\r\n\r\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def event(self) -> Event:
        """The next one; raises EOFError at the end of the response."""
        while not self._waiting:
            self._waiting = self._records.feed(self._chunk())
        return self._encoding.decode(self._waiting.pop(0), Event)

    def events(self, count: int) -> list[str]:
        """The types of the next ones."""
        return [event.type.value for event in (self.event() for _ in range(count)) if event.type is not None]

    def _chunk(self) -> bytes:
        while b"\r\n" not in self._rest:
            self._receive()
        size, _, self._rest = self._rest.partition(b"\r\n")
        length = int(size, 16)
        while len(self._rest) < length + 2:
            self._receive()
        if not length:
            raise EOFError
        chunk, self._rest = self._rest[:length], self._rest[length + 2 :]
        return chunk

    def _receive(self) -> None:
        data = self._socket.recv(65_536)
        if not data:
            raise EOFError
        self._rest += data


@pytest.mark.parametrize("encoding", Encoding)
def test_who_subscribes_sees_the_cluster_and_a_heartbeat_at_once(master: Leader, encoding: Encoding) -> None:
    with Stream(master, encoding) as stream:
        assert f"Content-Type: {encoding.value}".encode() in stream.head
        subscribed = stream.event().subscribed
        assert subscribed is not None
        assert subscribed.heartbeat_interval_seconds == 15.0
        assert subscribed.get_state is not None
        assert subscribed.get_state.get_tasks is not None
        assert len(subscribed.get_state.get_tasks.tasks) == 2
        assert stream.event().type is Event.Type.HEARTBEAT


def test_who_subscribes_sees_what_happens_then_in_its_order(master: Leader) -> None:
    with Stream(master) as stream:
        assert stream.events(2) == ["SUBSCRIBED", "HEARTBEAT"]
        master.spawn(lambda: Returning("old-S1", "t3"), "another")
        assert stream.events(2) == ["AGENT_ADDED", "TASK_ADDED"]


def test_with_one_subscriber_too_many_the_oldest_ends(master: Leader) -> None:
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(Stream(master)) for _ in range(2)]
        for stream in streams:
            assert stream.events(2) == ["SUBSCRIBED", "HEARTBEAT"]
        third = stack.enter_context(Stream(master))
        assert third.events(2) == ["SUBSCRIBED", "HEARTBEAT"]
        with pytest.raises(EOFError):
            streams[0].event()


def test_streams_end_with_their_clients(master: Leader) -> None:
    def streams() -> list[Any]:
        return [one for one in master.system.actors() if one.pid.name.startswith("operator-stream-")]

    with Stream(master) as stream:
        stream.event()
        assert streams()
    master.until(lambda: not streams())
