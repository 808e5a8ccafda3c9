"""Calls that read an agent (mesos-protocol.md §4.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from actors.agent.http import reads
from actors.agent.http.containers import Containers
from actors.gateway.operator import Answer, CallHandler
from transport.http.media_type import MediaType
from transport.records.agent_call import Call
from transport.records.agent_response import Response
from transport.records.enumeration import Enumeration

_Type = Call.Type
_Answer = Response.Type


class ReadCalls:
    """Handlers of these calls; `host` is where the agent is reached."""

    def __init__(self, containers: Containers, host: str) -> None:
        self._containers = containers
        self._host = host

    def handlers(self) -> Mapping[Enumeration, CallHandler[Call]]:
        """Who answers which call."""
        return {
            _Type.GET_STATE: self.state,
            _Type.GET_CONTAINERS: self.containers,
            _Type.GET_FRAMEWORKS: self.frameworks,
            _Type.GET_EXECUTORS: self.executors,
            _Type.GET_OPERATIONS: self.operations,
            _Type.GET_TASKS: self.tasks,
            _Type.GET_AGENT: self.agent,
            _Type.GET_RESOURCE_PROVIDERS: self.resource_providers,
        }

    async def state(self, _call: Call, _form: MediaType) -> Answer:
        """All of it."""
        return Response(type=_Answer.GET_STATE, get_state=reads.get_state(await self._containers.read()))

    async def containers(self, call: Call, _form: MediaType) -> Answer:
        """Containers: those of executors, and others if asked for."""
        wanted = call.get_containers or Call.GetContainers()
        read = await self._containers.read()
        measured = await self._containers.measure(read.node)
        nested, standalone = bool(wanted.show_nested), bool(wanted.show_standalone)
        found = await asyncio.to_thread(
            lambda: tuple(reads.containers(read, measured, self._host, nested=nested, standalone=standalone))
        )
        containers = Response.GetContainers(containers=found)
        return Response(type=_Answer.GET_CONTAINERS, get_containers=containers)

    async def frameworks(self, _call: Call, _form: MediaType) -> Answer:
        """Frameworks."""
        found = reads.get_frameworks(await self._containers.read())
        return Response(type=_Answer.GET_FRAMEWORKS, get_frameworks=found)

    async def executors(self, _call: Call, _form: MediaType) -> Answer:
        """Executors."""
        found = reads.get_executors(await self._containers.read())
        return Response(type=_Answer.GET_EXECUTORS, get_executors=found)

    async def operations(self, _call: Call, _form: MediaType) -> Answer:
        """Operations."""
        found = reads.get_operations(await self._containers.read())
        return Response(type=_Answer.GET_OPERATIONS, get_operations=found)

    async def tasks(self, _call: Call, _form: MediaType) -> Answer:
        """Tasks."""
        return Response(type=_Answer.GET_TASKS, get_tasks=reads.get_tasks(await self._containers.read()))

    async def agent(self, _call: Call, _form: MediaType) -> Answer:
        """The agent itself."""
        return Response(type=_Answer.GET_AGENT, get_agent=reads.get_agent(await self._containers.read()))

    async def resource_providers(self, _call: Call, _form: MediaType) -> Answer:
        """Providers of resources, of which there are none."""
        await self._containers.check_recovered()
        found = Response.GetResourceProviders()
        return Response(type=_Answer.GET_RESOURCE_PROVIDERS, get_resource_providers=found)
