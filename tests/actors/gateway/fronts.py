"""A Front whose actors are functions, and a server for routes that use it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from actors.brief_log import BriefLog
from actors.gateway.front import Front
from actors.metrics import Registry
from transport.http.routes import Route, Routes
from transport.http.server import HttpServer
from transport.message import Message
from transport.pid import Address, Pid


class Answers(msgspec.Struct):
    """What was asked, and what each kind of message is answered."""

    by_type: Mapping[type[Message], object] = {}
    asked: list[tuple[str, Message]] = []

    async def ask(self, name: str, message: Message) -> object:
        self.asked.append((name, message))
        return self.by_type[type(message)]


def front(answers: Answers | None = None, metrics: Registry | None = None) -> Front:
    """Handlers of it spawn and tell nobody."""

    def spawn(make: object, name: str) -> Pid:
        raise AssertionError(f"{name} is spawned")

    def tell(pid: Pid, message: Message) -> None:
        raise AssertionError(f"{pid} is told {message}")

    return Front(
        here=Address("127.0.0.1", 6050),
        ask=(answers or Answers()).ask,
        spawn=spawn,
        tell=tell,
        metrics=metrics or Registry(),
        log=BriefLog("test", "error"),
        now=time.monotonic,
        wall=time.time,
    )


@contextlib.contextmanager
def served(routes: Iterable[Route]) -> Iterator[Address]:
    """A running server."""
    server = HttpServer(Routes(routes))
    address = server.start(Address("127.0.0.1", 0))
    try:
        yield address
    finally:
        server.stop(1.0)
