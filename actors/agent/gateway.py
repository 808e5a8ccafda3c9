"""What an agent serves over HTTP at its --port."""

from __future__ import annotations

from actors.agent.flags import AgentFlags
from actors.gateway.gateway import GATEWAY, Gateway, serve
from actors.gateway.ordinary import ordinary_routes
from actors.metrics import Registry
from actors.pykka_system import PykkaSystem
from transport.http.routes import Routes
from transport.pid import Address

#: The first part of a path, which may be left out: the name of Mesos' agent.
_PREFIX = "slave(1)"


def listen(system: PykkaSystem, flags: AgentFlags, metrics: Registry) -> Address:
    """Serve HTTP at --port from now on; raises StartError when that cannot be had."""
    server, address = serve(system, flags, Routes(ordinary_routes(flags, metrics), prefixes=(_PREFIX,)))
    system.spawn(lambda: Gateway(server), GATEWAY, vital=True)
    return address
