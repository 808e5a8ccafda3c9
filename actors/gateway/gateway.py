"""The actor that owns a daemon's HTTP server."""

from __future__ import annotations

import os
from typing import Final, Protocol

from actors.node.crew import StartError
from actors.node.flags import DaemonFlags
from actors.process import Process
from actors.pykka_system import PykkaSystem
from transport.http.routes import Routes
from transport.http.server import HttpServer
from transport.pid import Address

#: The name of the actor.
GATEWAY: Final = "gateway"
#: How long requests that run when the node ends may take to finish.
_STOP_SECONDS: Final = 1.0


class Server(Protocol):
    """What the actor needs of a server."""

    def stop(self, timeout_seconds: float) -> None:
        """Let requests that run finish within that time, and end."""
        ...


class Gateway(Process):
    """Ends the server with itself; what its requests ask for is served by routes."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def finalize(self) -> None:
        """Take no more requests."""
        self._server.stop(_STOP_SECONDS)


def serve(system: PykkaSystem, flags: DaemonFlags, routes: Routes) -> tuple[HttpServer, Address]:
    """Serve routes at --port; returns the address, too, whose port tells which one is meant by 0.

    Raises StartError when the port cannot be had.
    """
    log = system.logger(system.pid_of(GATEWAY))
    server = HttpServer(
        routes, log=log.error, failed=lambda: system.abort("the thread of HTTP ended by a bug")
    )
    wanted = Address(flags.ip, flags.port)
    try:
        address = server.start(wanted)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StartError(f"--port={flags.port}: cannot listen on {wanted}: {reason}") from None
    log.info("http is served", address=str(address))
    return server, address
