"""The v0 endpoints that only agents have (mesos-protocol.md §5.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from actors.agent.http import reads, state_v0
from actors.agent.http.containers import Containers
from transport.http.exchange import Request, Response, show
from transport.http.routes import Route
from transport.messages.agent_reading import AgentRead
from transport.records.agent_response import Response as AgentResponse

_Container = AgentResponse.GetContainers.Container


class Endpoints:
    """Their handlers; `host` is where the agent is reached, `flags` are what it was started with."""

    def __init__(self, containers: Containers, host: str, flags: Mapping[str, str]) -> None:
        self._containers = containers
        self._host = host
        self._flags = flags

    def routes(self) -> Iterator[Route]:
        """Where they are."""
        yield Route("/state", self.state)
        yield Route("/containers", self.containers)
        yield Route("/containerizer/debug", self.debug)
        yield Route("/monitor/statistics", self.statistics)

    async def state(self, request: Request) -> Response:
        """Tell the whole agent."""
        read = await self._containers.read()
        return await asyncio.to_thread(lambda: show(request, state_v0.state(read, self._host, self._flags)))

    async def containers(self, request: Request) -> Response:
        """List the containers of executors, or those that are asked for."""
        wanted = {name: request.query[name] for name in _NAMES if name in request.query}
        nested, standalone = (request.query.get(name) == "true" for name in _FURTHER)
        read = await self._containers.read()
        measured = await self._containers.measure(read.node)

        def shown() -> Response:
            found = reads.containers(read, measured, self._host, nested=nested, standalone=standalone)
            each = _each(read, found, state_v0.container)
            return show(
                request,
                [one for one in each if all(one.get(name) == value for name, value in wanted.items())],
            )

        return await asyncio.to_thread(shown)

    async def statistics(self, request: Request) -> Response:
        """List what the containers of executors use."""
        read = await self._containers.read()
        measured = await self._containers.measure(read.node, anew=False)

        def shown() -> Response:
            found = reads.containers(read, measured, self._host)
            return show(request, list(_each(read, found, state_v0.statistics)))

        return await asyncio.to_thread(shown)

    async def debug(self, request: Request) -> Response:
        """List operations on containers that are under way."""
        read = await self._containers.read()
        return show(request, state_v0.pending(read, await self._containers.list(read.node)))


def _each(
    read: AgentRead, found: Iterable[_Container], form: Callable[[_Container, str | None], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Containers in one of the forms of v0."""
    sources = {
        executor.container_id: executor.info.source
        for framework in read.frameworks
        for executor in framework.executors
    }
    for record in found:
        yield form(record, sources.get(record.container_id.value))


_NAMES = ("container_id", "framework_id", "executor_id")
#: Which containers are shown beside those of executors.
_FURTHER = ("show_nested", "show_standalone")
