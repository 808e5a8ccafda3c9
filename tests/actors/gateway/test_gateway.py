from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from typing import Self

import pytest

from actors.gateway.front import Front
from actors.gateway.gateway import GATEWAY, Gateway, HttpHost
from actors.metrics import Registry
from actors.node.crew import StartError
from actors.node.flags import DaemonFlags
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from tests.actors.gateway.browser import fetch
from tests.transport.http.serving import DEADLINE_SECONDS, Client
from transport.http.exchange import Outlet, Request, Response, Streaming, say
from transport.http.routes import Route, Routes
from transport.message import Message
from transport.pid import Pid


async def hello(_request: Request) -> Response:
    return say(200, "hello")


ROUTES = Routes([Route("/", hello)])


def test_the_server_ends_with_the_actor_that_owns_it() -> None:
    system = PykkaSystem()
    system.start()
    host = HttpHost(system, Registry(), lambda _front: ROUTES)
    address = host.listen(DaemonFlags(port=0))
    system.spawn(lambda: Gateway(host.server), GATEWAY, vital=True)
    try:
        assert fetch(address, "/").text == "hello\n"
    finally:
        assert system.stop() == ()
    with pytest.raises(ConnectionRefusedError):
        fetch(address, "/")


def test_a_port_that_is_taken_is_named_with_its_flag() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            StartError, match=rf"^--port={port}: cannot listen on 127\.0\.0\.1:{port}: .*in use"
        ):
            HttpHost(PykkaSystem(), Registry(), lambda _front: ROUTES).listen(DaemonFlags(port=port))


class Over(Message):
    """The client is gone."""


class Feed(Process):
    """An actor of a stream, as each part of the APIs has one: it ends with its client, and the other way."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    def initialize(self) -> None:
        self._outlet.write(threading.current_thread().name.encode())

    def finalize(self) -> None:
        self._outlet.end()

    @handles(Over)
    def over(self, sender: Pid, message: Over) -> None:
        self.terminate()


class Feeds:
    """Routes of streams, each with an actor."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self._numbers = itertools.count()

    def routes(self, front: Front) -> Routes:
        async def feed(_request: Request) -> Streaming:
            pids: list[Pid] = []

            def begin(outlet: Outlet) -> None:
                pids.append(front.spawn(lambda: Feed(outlet), f"feed-{next(self._numbers)}"))

            def ended(reason: str) -> None:
                self.reasons.append(reason)
                for pid in pids:
                    front.tell(pid, Over())

            return Streaming(content_type="text/plain", begin=begin, ended=ended)

        return Routes([Route("/feed", feed), Route("/hello", hello)])


class Daemon:
    """A node with a gateway whose streams have actors; closes its clients at the end."""

    def __init__(self) -> None:
        self.system = PykkaSystem()
        self.system.start()
        self.feeds = Feeds()
        self.host = HttpHost(self.system, Registry(), self.feeds.routes)
        self.address = self.host.listen(DaemonFlags(port=0))
        self.system.spawn(lambda: Gateway(self.host.server), GATEWAY)
        self._clients = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.system.stop() == ()
        self._clients.close()

    def client(self) -> Client:
        """One that has heard of its actor."""
        client = self._clients.enter_context(Client(self.address))
        client.send(b"GET /feed HTTP/1.1\r\nHost: here\r\n\r\n")
        assert client.response()[0] == 200
        assert client.chunk() == b"http"  # the server's thread
        return client

    def until_feeds_are(self, count: int) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while sum(actor.pid.name.startswith("feed-") for actor in self.system.actors()) != count:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_actors_of_streams_live_on_the_servers_thread_and_end_with_their_clients() -> None:
    with Daemon() as daemon:
        clients = [daemon.client() for _ in range(3)]
        daemon.until_feeds_are(3)
        clients[0].socket.close()
        daemon.until_feeds_are(2)
        assert daemon.feeds.reasons == ["the client is gone"]
        daemon.system.terminate(daemon.system.pid_of("feed-1"))
        assert clients[1].chunk() == b""
        daemon.until_feeds_are(1)


def test_a_node_that_stops_ends_its_streams_completely() -> None:
    with Daemon() as daemon:
        clients = [daemon.client() for _ in range(3)]
        assert daemon.system.stop() == ()
        assert [client.read_to_end() for client in clients] == [b"0\r\n\r\n"] * 3


def test_a_node_stops_though_its_server_has_ended_before() -> None:
    with Daemon() as daemon:
        daemon.client()
        daemon.host.server.stop(1.0)
        daemon.until_feeds_are(0)
        assert daemon.system.stop() == ()
