"""A few words about what only agents serve (mesos-protocol.md §5.2)."""

from __future__ import annotations

from typing import Final

from actors.gateway.openapi.endpoint import JSONP, ORDINARY, Argument, Endpoint, Endpoints
from transport.records import agent_call, agent_response, executor_call, executor_event, process_io

_OPERATOR: Final = Endpoint(
    summary="Answer a call of an operator; what attaches to a container is a stream, application/recordio.",
    call=agent_call.Call,
    answer=agent_response.Response,
    event=process_io.ProcessIO,
    methods=("POST",),
)

#: What an agent serves, by path.
ENDPOINTS: Final[Endpoints] = {
    **ORDINARY,
    "/api/v1": _OPERATOR,
    "/api/v1/operator": _OPERATOR,
    "/api/v1/executor": Endpoint(
        summary="Be an executor: SUBSCRIBE is answered by a stream of events, other calls by 202.",
        call=executor_call.Call,
        event=executor_event.Event,
        methods=("POST",),
    ),
    "/state": Endpoint(
        summary="Tell the whole agent: frameworks, executors, tasks, resources.", arguments=(JSONP,)
    ),
    "/containers": Endpoint(
        summary="List the containers of executors with what they use.",
        arguments=(
            Argument("container_id", "That container alone."),
            Argument("framework_id", "Containers of that framework alone."),
            Argument("executor_id", "Containers of that executor alone."),
            Argument("show_nested", "Whether to list those nested in them, too: true."),
            Argument("show_standalone", "Whether to list those that belong to no executor, too: true."),
            JSONP,
        ),
    ),
    "/monitor/statistics": Endpoint(summary="List what the containers of executors use.", arguments=(JSONP,)),
    "/containerizer/debug": Endpoint(summary="List operations on containers that are under way."),
}
