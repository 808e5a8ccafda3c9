"""What an agent serves to operators, put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from actors.agent.flags import AgentFlags
from actors.agent.http.attach import AttachCalls
from actors.agent.http.containers import Containers
from actors.agent.http.endpoints import Endpoints
from actors.agent.http.nested import GuestCalls
from actors.agent.http.operator_api import AgentOperatorApi
from actors.agent.http.operator_calls import ReadCalls
from actors.gateway.front import Front
from actors.gateway.operator import CallHandler
from actors.gateway.ordinary import shown_flags
from transport.http.routes import Route
from transport.records.agent_call import Call
from transport.records.enumeration import Enumeration


def operator_routes(
    front: Front, flags: AgentFlags, common: Mapping[Enumeration, CallHandler[Call]]
) -> Iterator[Route]:
    """The v1 operator API and the v0 endpoints; `common` answers what all daemons do."""
    containers = Containers(front)
    guests = GuestCalls(containers, flags.work_dir, switch_user=flags.switch_user)
    attach = AttachCalls(containers, guests, flags.http_heartbeat_interval.seconds)
    handlers = {**common, **ReadCalls(containers, flags.advertise_host).handlers(), **guests.handlers()}
    yield from AgentOperatorApi(containers, attach, handlers).routes()
    yield from Endpoints(containers, flags.advertise_host, shown_flags(flags)).routes()
