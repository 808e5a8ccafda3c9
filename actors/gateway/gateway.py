"""The actor that owns a daemon's HTTP server, and the server's start."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from actors.gateway.asking import ANSWER_SECONDS, asking
from actors.gateway.front import Front
from actors.gateway.witness import RequestWitness
from actors.metrics import Registry
from actors.node.crew import StartError
from actors.node.flags import DaemonFlags
from actors.process import Process
from actors.pykka_system import PykkaSystem
from actors.stage import LoopStage
from transport.http.routes import Routes
from transport.http.server import HttpServer
from transport.http.warming import warm
from transport.message import Message
from transport.pid import Address, Pid
from transport.record import Record

#: The name of the actor.
GATEWAY: Final = "gateway"
#: How long requests that run when the node ends may take to finish.
_STOP_SECONDS: Final = 1.0
#: A node has better to do while it starts.
_WARMING_SECONDS: Final = 0.5


class Server(Protocol):
    """What the actor needs of a server."""

    def stop(self, timeout_seconds: float) -> None:
        """Let requests that run finish within that time, and end."""
        ...


class Gateway(Process):
    """Ends the server with itself; what its requests ask for is served by routes."""

    def __init__(self, server: Server, spoken: Sequence[type[Record]] = ()) -> None:
        """`spoken` are the kinds of records that its clients send and get."""
        self._server = server
        self._cold = list(spoken)

    def initialize(self) -> None:
        """Prepare for the first calls, when the node has started."""
        self.delay(_WARMING_SECONDS, self._warm)

    def _warm(self) -> None:
        if self._cold:
            warm(self._cold.pop(0))
            self.delay(0.0, self._warm)

    def finalize(self) -> None:
        """Take no more requests."""
        self._server.stop(_STOP_SECONDS)


class HttpHost:
    """A daemon's HTTP server, and the actors on its thread.

    `routes` makes what is served from what its handlers may use.
    """

    def __init__(
        self,
        system: PykkaSystem,
        metrics: Registry,
        routes: Callable[[Front], Routes],
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._system = system
        self._stage = LoopStage(self._call_soon)
        self._log = system.logger(system.pid_of(GATEWAY))
        self.front = Front(
            here=system.address,
            ask=asking(system, answer_seconds),
            spawn=self._spawn,
            tell=self._tell,
            metrics=metrics,
            log=self._log,
            now=system.now,
            wall=system.wall,
        )
        self.server = HttpServer(
            routes(self.front),
            log=self._log.error,
            witness=RequestWitness(system.pid_of(GATEWAY), self._log, system.now, system.tracer),
            ended=self._stage.close,
            failed=lambda: system.abort("the thread of HTTP ended by a bug"),
        )

    def listen(self, flags: DaemonFlags) -> Address:
        """Serve at --port; returns the address, whose port tells which one is meant by 0.

        Raises StartError when the port cannot be had.
        """
        wanted = Address(flags.ip, flags.port)
        try:
            address = self.server.start(wanted)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise StartError(f"--port={flags.port}: cannot listen on {wanted}: {reason}") from None
        self._log.info("http is served", address=str(address))
        return address

    def _call_soon(self, callback: Callable[[], None]) -> None:
        self.server.call_soon(callback)

    def _spawn(self, make: Callable[[], Process], name: str) -> Pid:
        return self._system.spawn(make, name, stage=self._stage)

    def _tell(self, to: Pid, message: Message) -> None:
        self._system.send(self._system.pid_of(GATEWAY), to, message)
