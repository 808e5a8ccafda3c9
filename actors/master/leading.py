"""Lets requests through to what only the leading master answers (mesos-protocol.md §1.6)."""

from __future__ import annotations

import functools
from typing import Final

from actors.master.redirection import answer_elsewhere
from actors.metrics import Registry
from transport.http.exchange import Request, Response, Streaming, Transfer, unavailable
from transport.http.routes import Handler
from transport.messages.detection import LeaderDetected
from transport.pid import Address

_RECOVERED: Final = "master/recovered"


class Lookout:
    """Who leads, for the handlers on the server's thread: the gateway's actor writes it, whole."""

    def __init__(self) -> None:
        self.leader = LeaderDetected(None)


class Leading:
    """Makes handlers that answer only while the master at `own` leads: others lead clients to the leader."""

    def __init__(self, lookout: Lookout, own: Address, metrics: Registry) -> None:
        self._lookout = lookout
        self._own = own
        self._metrics = metrics

    def led(self, handler: Handler) -> Handler:
        """A handler that answers as soon as this master leads, from what it has recovered so far."""

        @functools.wraps(handler)
        async def handle(request: Request) -> Response | Streaming | Transfer:
            elsewhere = answer_elsewhere(self._lookout.leader, self._own, request)
            return elsewhere or await handler(request)

        return handle

    def led_call(self, handler: Handler) -> Handler:
        """A handler of calls of the v1 APIs, which wait until the leader has recovered."""

        @functools.wraps(handler)
        async def handle(request: Request) -> Response | Streaming | Transfer:
            elsewhere = answer_elsewhere(self._lookout.leader, self._own, request)
            if elsewhere is not None:
                return elsewhere
            if not self._metrics.value(_RECOVERED):
                return unavailable("Master has not finished recovery")
            return await handler(request)

        return handle
