"""What an agent serves to operators, put together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from actors.agent.container_rules import rules_of
from actors.agent.flags import AgentFlags
from actors.agent.http.attach import AttachCalls
from actors.agent.http.containers import Containers
from actors.agent.http.endpoints import Endpoints
from actors.agent.http.nested import GuestCalls
from actors.agent.http.operator_api import AgentOperatorApi
from actors.agent.http.operator_calls import ReadCalls
from actors.executor.containment.containment import Containment
from actors.gateway.operator import CallHandler
from actors.gateway.ordinary import shown_flags
from transport.http.routes import Route
from transport.records.agent_call import Call
from transport.records.enumeration import Enumeration


def operator_routes(
    containers: Containers, flags: AgentFlags, common: Mapping[Enumeration, CallHandler[Call]]
) -> Iterator[Route]:
    """The v1 operator API and the v0 endpoints; `common` answers what all daemons do."""
    work_dir = flags.work_dir.absolute()
    rules = rules_of(flags, work_dir, work_dir if flags.runtime_dir is None else flags.runtime_dir)
    containment = Containment(rules, os.path.realpath)
    guests = GuestCalls(containers, flags.work_dir, containment, switch_user=flags.switch_user)
    attach = AttachCalls(containers, guests, flags.http_heartbeat_interval.seconds)
    handlers = {**common, **ReadCalls(containers, flags.advertise_host).handlers(), **guests.handlers()}
    yield from AgentOperatorApi(containers, attach, handlers).routes()
    yield from Endpoints(containers, flags.advertise_host, shown_flags(flags)).routes()
