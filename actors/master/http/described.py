"""A few words about what only masters serve (mesos-protocol.md §5.1)."""

from __future__ import annotations

from typing import Final

from actors.gateway.openapi.endpoint import JSONP, ORDINARY, Argument, Endpoint, Endpoints
from transport.records import master_call, master_event, master_response, scheduler_call, scheduler_event

_READ: Final = ("GET",)
_WRITE: Final = ("POST",)
_AGENT: Final = Argument("slaveId", "Id of the agent.", True)
_RESOURCES: Final = Argument("resources", "JSON array of resources.", True)
_VOLUMES: Final = Argument("volumes", "JSON array of persistent volumes.", True)
_OPERATOR: Final = Endpoint(
    summary="Answer a call of an operator; SUBSCRIBE is answered by a stream of events.",
    call=master_call.Call,
    answer=master_response.Response,
    event=master_event.Event,
    methods=_WRITE,
)
_MACHINES: Final = "a JSON array of machines, as in [{hostname, ip}]"


def _read(summary: str, *arguments: Argument) -> Endpoint:
    return Endpoint(summary=summary, arguments=(*arguments, JSONP), methods=_READ)


def _write(summary: str, *form: Argument) -> Endpoint:
    return Endpoint(summary=summary, form=form, methods=_WRITE)


#: What a master serves, by path.
ENDPOINTS: Final[Endpoints] = {
    **ORDINARY,
    "/": Endpoint(summary="Tell people who leads, and how the log fares.", content_type="text/html"),
    "/redirect": Endpoint(summary="Lead to the leading master.", content_type=""),
    "/log/status": Endpoint(arguments=(JSONP,)),
    "/api/v1": _OPERATOR,
    "/api/v1/operator": _OPERATOR,
    "/api/v1/scheduler": Endpoint(
        summary="Be a scheduler: SUBSCRIBE is answered by a stream of events, other calls by 202.",
        call=scheduler_call.Call,
        event=scheduler_event.Event,
        methods=_WRITE,
    ),
    "/state": _read("Tell the whole cluster: agents, frameworks, tasks."),
    "/state-summary": _read("Tell the agents and frameworks, with counts of their tasks."),
    "/slaves": _read("List agents.", Argument("slave_id", "That agent alone.")),
    "/frameworks": _read("List frameworks.", Argument("framework_id", "That framework alone.")),
    "/tasks": _read(
        "List tasks, the newest first.",
        Argument("limit", "How many at most; 100 unless given.", kind="integer"),
        Argument("offset", "How many to leave out first.", kind="integer"),
        Argument("order", "`asc` for the oldest first."),
        Argument("framework_id", "Tasks of that framework alone."),
        Argument("task_id", "Tasks of that id alone."),
    ),
    "/roles": _read("List roles with their weights, quotas and resources."),
    "/registrar(1)/registry": _read("Show the registry, as a next leader would read it."),
    "/maintenance/schedule": Endpoint(
        summary="Read or replace the schedule of maintenance.",
        arguments=(JSONP,),
        takes_json=True,
        methods=("GET", "POST"),
    ),
    "/maintenance/status": _read("Tell which machines are being emptied, and which are down."),
    "/machine/down": Endpoint(
        summary=f"Take machines down that are being emptied: {_MACHINES}.", takes_json=True, methods=_WRITE
    ),
    "/machine/up": Endpoint(summary=f"Bring machines up: {_MACHINES}.", takes_json=True, methods=_WRITE),
    "/quota": Endpoint(
        summary="Read, set or remove quotas of roles.",
        arguments=(JSONP,),
        takes_json=True,
        rest="role",
        rest_methods=("DELETE",),
        methods=("GET", "POST", "DELETE"),
    ),
    "/weights": Endpoint(
        summary="Read or change the weights of roles.",
        arguments=(JSONP,),
        takes_json=True,
        methods=("GET", "PUT"),
    ),
    "/reserve": _write(
        "Reserve resources of an agent.",
        _AGENT,
        _RESOURCES,
        Argument("source", "JSON array of what they are reserved as."),
    ),
    "/unreserve": _write("Take back a reservation.", _AGENT, _RESOURCES),
    "/create-volumes": _write("Make persistent volumes.", _AGENT, _VOLUMES),
    "/destroy-volumes": _write("Delete persistent volumes.", _AGENT, _VOLUMES),
    "/teardown": _write(
        "End a framework and all its tasks.", Argument("frameworkId", "Id of the framework.", True)
    ),
}
