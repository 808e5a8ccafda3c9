from __future__ import annotations

import socket

import pytest

from actors.gateway.gateway import GATEWAY, Gateway, HttpHost
from actors.metrics import Registry
from actors.node.crew import StartError
from actors.node.flags import DaemonFlags
from actors.pykka_system import PykkaSystem
from tests.actors.gateway.browser import fetch
from transport.http.exchange import Request, Response, say
from transport.http.routes import Route, Routes


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
