"""The executor API over a real server, with a stand-in for the agent behind it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from actors.agent.http.executor_api import PATH, executor_routes
from actors.gateway.gateway import GATEWAY, Gateway, HttpHost
from actors.metrics import Registry
from actors.node.flags import DaemonFlags
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from tests.actors.agent.http.conversation import CALLS, EVENTS, STATUS, call
from tests.transport.http.serving import Client
from tests.transport.routers import wait
from transport.http.media_type import Encoding
from transport.http.recordio import RecordReader
from transport.http.routes import Routes
from transport.message import Message
from transport.messages import executing
from transport.pid import Address, Pid
from transport.records.executor_call import Call
from transport.records.executor_event import Event

_TYPE = Call.Type
SUBSCRIBE = call(_TYPE.SUBSCRIBE, subscribe=Call.Subscribe())
UPDATE = call(_TYPE.UPDATE, update=Call.Update(status=STATUS))


class StandIn(Process):
    """Knows every executor, and notes what it is told."""

    def __init__(self) -> None:
        self.executor: Pid | None = None
        self.told: list[object] = []
        self.gone: list[Pid] = []

    @handles(executing.FindExecutor)
    def find(self, sender: Pid, message: executing.FindExecutor) -> None:
        self.send(sender, executing.ExecutorFound(True, True, True, True, self.executor is not None))

    @handles(executing.SubscribeExecutor)
    def subscribe(self, sender: Pid, message: executing.SubscribeExecutor) -> None:
        self.executor = sender
        self.link(sender)
        self.told.append(message)

    def exited(self, pid: Pid) -> None:
        self.gone.append(pid)

    def unhandled(self, sender: Pid, message: object) -> None:
        self.told.append(message)


class Theatre:
    """A server, and an agent in the hand of the test."""

    def __init__(self, system: PykkaSystem) -> None:
        self.agent = StandIn()
        self._system = system
        self._pid = system.spawn(lambda: self.agent, "agent")
        host = HttpHost(
            system, Registry(), lambda front: Routes(executor_routes(front), prefixes=("slave(1)",))
        )
        self.address = host.listen(DaemonFlags(port=0))
        system.spawn(lambda: Gateway(host.server), GATEWAY)

    def say(self, *messages: Message) -> None:
        """The agent tells its executor something."""
        wait(lambda: self.agent.executor)
        assert self.agent.executor is not None
        for message in messages:
            self._system.send(self._pid, self.agent.executor, message)


@pytest.fixture
def theatre() -> Iterator[Theatre]:
    system = PykkaSystem()
    system.start()
    try:
        yield Theatre(system)
    finally:
        assert system.stop() == ()


def request(one: Call, encoding: Encoding = Encoding.JSON, path: str = PATH, **headers: str) -> bytes:
    body = encoding.encode(one)
    said = {"Content-Type": encoding.value, "Accept": encoding.value, "Content-Length": str(len(body))}
    lines = [f"POST {path} HTTP/1.1", "Host: here", *(f"{name}: {text}" for name, text in said.items())]
    lines += [f"{name}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextlib.contextmanager
def subscribed(
    address: Address, encoding: Encoding = Encoding.JSON, path: str = PATH, **headers: str
) -> Iterator[Client]:
    """A connection that has become a stream."""
    with Client(address) as client:
        client.send(request(SUBSCRIBE, encoding, path, **headers))
        status, said, _ = client.response()
        assert (status, said["content-type"]) == (200, encoding.value)
        assert said["transfer-encoding"] == "chunked"
        yield client


def event(client: Client, encoding: Encoding = Encoding.JSON) -> Event:
    """The next one, which is all of a chunk."""
    (record,) = RecordReader().feed(client.chunk())
    return encoding.decode(record, Event)


@pytest.mark.parametrize("encoding", Encoding)
def test_every_event_comes_as_a_chunk_in_the_form_that_the_client_takes(
    theatre: Theatre, encoding: Encoding
) -> None:
    with subscribed(theatre.address, encoding) as client:
        theatre.say(*(message for message, _ in EVENTS))
        for _, expected in EVENTS:
            assert event(client, encoding).type is expected.type
        assert client.chunk() == b""


@pytest.mark.parametrize("path", [f"/slave(1){PATH}", f"/slave%281%29{PATH}", f"/{PATH}/"])
def test_clients_find_it_by_the_agents_name_too(theatre: Theatre, path: str) -> None:
    with subscribed(theatre.address, path=path, Connection="close") as client:
        theatre.say(executing.ShutdownNow())
        assert event(client).type is Event.Type.SHUTDOWN


@pytest.mark.parametrize("encoding", Encoding)
def test_calls_may_be_sent_without_waiting_and_are_dealt_with_in_order(
    theatre: Theatre, encoding: Encoding
) -> None:
    later = [(one, message) for one, message in CALLS if one.type is not _TYPE.SUBSCRIBE]
    with subscribed(theatre.address, encoding), Client(theatre.address) as calls:
        wait(lambda: theatre.agent.executor)
        heartbeat = request(call(_TYPE.HEARTBEAT), encoding)
        calls.send(b"".join([heartbeat, *(request(one, encoding) for one, _ in later), heartbeat]))
        assert [calls.response()[0] for _ in range(len(later) + 2)] == [202] * (len(later) + 2)
        wait(lambda: len(theatre.agent.told) > len(later))
        assert theatre.agent.told[1:] == [message for _, message in later]


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PROPFIND"])
def test_only_post_is_answered(theatre: Theatre, method: str) -> None:
    with Client(theatre.address) as client:
        client.send(f"{method} {PATH} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        status, headers, _ = client.response()
    assert (status, headers["allow"]) == (405, "POST")


def test_the_agent_sees_that_a_client_has_gone(theatre: Theatre) -> None:
    with subscribed(theatre.address):
        wait(lambda: theatre.agent.executor)
    wait(lambda: theatre.agent.gone)
    assert theatre.agent.gone == [theatre.agent.executor]


def test_a_newer_stream_ends_the_one_before(theatre: Theatre) -> None:
    with subscribed(theatre.address) as old:
        wait(lambda: theatre.agent.executor)
        first = theatre.agent.executor
        with subscribed(theatre.address) as new:
            assert old.chunk() == b""
            wait(lambda: theatre.agent.executor != first)
            theatre.say(executing.ShutdownNow())
            assert event(new).type is Event.Type.SHUTDOWN


def test_an_agent_that_does_not_run_is_not_available() -> None:
    system = PykkaSystem()
    system.start()
    try:
        theatre = Theatre(system)
        system.terminate(system.pid_of("agent"))
        wait(lambda: "agent" not in [actor.pid.name for actor in system.actors()])
        with Client(theatre.address) as client:
            client.send(request(UPDATE))
            status, headers, _ = client.response()
        assert status == 503
        assert "retry-after" in headers
    finally:
        assert system.stop() == ()
