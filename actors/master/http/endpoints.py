"""The v0 endpoints that show the cluster (mesos-protocol.md §5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from actors.gateway.front import Front
from actors.master.http.reading import read
from actors.master.view.forms import Form
from transport.http.exchange import JSON, Request, Response, in_callback
from transport.http.routes import Route

#: What is read, with the arguments that say more; `jsonp` is one of all.
_ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "/state": (),
    "/state-summary": (),
    "/slaves": ("slave_id",),
    "/frameworks": ("framework_id",),
    "/tasks": ("limit", "offset", "order", "framework_id", "task_id"),
    "/roles": (),
}


def endpoint_routes(front: Front) -> Iterator[Route]:
    """Where they are found; for the leading master."""
    return (_route(front, path, names) for path, names in _ARGUMENTS.items())


def _route(front: Front, path: str, names: tuple[str, ...]) -> Route:
    async def handle(request: Request) -> Response:
        """Show the cluster as it is now."""
        arguments = {name: request.query[name] for name in names if name in request.query}
        return in_callback(request, await read(front, path, Form.V0, JSON, arguments))

    return Route(path, handle, ("GET", "HEAD"))
