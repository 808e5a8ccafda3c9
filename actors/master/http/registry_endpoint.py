"""`/registrar(1)/registry`: what a next leader would know, for people (mesos-protocol.md §1.1)."""

from __future__ import annotations

import asyncio
from typing import Final

from actors.gateway.front import Front
from actors.master.court import REGISTRAR
from transport import json_v1
from transport.http.exchange import JSON, HttpError, Request, Response, in_callback, unavailable
from transport.http.routes import Route
from transport.messages.registry import ReadRegistry, RegistryRecovered

_PATH: Final = "/registrar(1)/registry"


def registry_route(front: Front) -> Route:
    """Where it is found; for the leading master."""

    async def handle(request: Request) -> Response:
        """Show the registry as it is durable now, and as Mesos keeps it."""
        stored = await front.ask(REGISTRAR, ReadRegistry())
        if not isinstance(stored, RegistryRecovered):
            raise HttpError(unavailable(f"{REGISTRAR} answered something else"))
        # That of 50,000 agents takes a while.
        body = await asyncio.to_thread(json_v1.encode, stored.registry)
        return in_callback(request, Response(200, body, JSON))

    return Route(_PATH, handle, ("GET", "HEAD"))
