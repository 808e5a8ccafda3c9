"""What an agent serves over HTTP at its --port."""

from __future__ import annotations

from itertools import chain
from typing import Final

from actors.agent.attached_sandboxes import AttachedSandboxes
from actors.agent.figures import Figures
from actors.agent.flags import AgentFlags
from actors.agent.gauges import NetworkMetrics
from actors.agent.http.containers import Containers
from actors.agent.http.described import ENDPOINTS
from actors.agent.http.executor_api import executor_routes
from actors.agent.http.operator import operator_routes
from actors.gateway.attached import attached_log
from actors.gateway.common_calls import common_calls
from actors.gateway.files import Files, file_routes
from actors.gateway.front import Front
from actors.gateway.gateway import GATEWAY, Gateway, HttpHost
from actors.gateway.help import described_routes
from actors.gateway.inspection import inspection_routes
from actors.gateway.ordinary import ordinary_routes
from actors.metrics import Registry
from actors.pykka_system import PykkaSystem
from transport.http.routes import Routes
from transport.pid import Address
from transport.records.agent_call import Call
from transport.records.agent_response import Response
from transport.records.executor_call import Call as ExecutorCall
from transport.records.executor_event import Event as ExecutorEvent

#: The first part of a path, which may be left out: the name of Mesos' agent.
_PREFIX: Final = "slave(1)"
#: As `actors.cli` calls it.
_DAEMON: Final = "mesos-agent"
#: Where its log is shown, if it is.
_LOG: Final = "/slave/log"
#: What clients say and get, in the order in which it is likely to be needed.
_SPOKEN: Final = (ExecutorCall, ExecutorEvent, Call, Response)


def listen(system: PykkaSystem, flags: AgentFlags, metrics: Registry) -> Address:
    """Serve HTTP at --port from now on; raises StartError when that cannot be had."""

    metrics.add(NetworkMetrics())
    files = Files((*attached_log(_LOG, flags.log_file(_DAEMON)), AttachedSandboxes(flags.work_dir)))

    def routes(front: Front) -> Routes:
        containers = Containers(front)
        refresh = Figures(metrics, containers.metrics, front.now).refresh
        ordinary = ordinary_routes(flags, metrics, refresh), file_routes(files), inspection_routes(front)
        common = common_calls(front, flags, files, Call, Response, refresh)
        own = executor_routes(front), operator_routes(containers, flags, common)
        every = described_routes("Pion agent", _PREFIX, tuple(chain(*ordinary, *own)), ENDPOINTS)
        return Routes(every, prefixes=(_PREFIX,))

    host = HttpHost(system, metrics, routes)
    address = host.listen(flags)
    system.spawn(lambda: Gateway(host.server, _SPOKEN), GATEWAY, vital=True)
    return address
