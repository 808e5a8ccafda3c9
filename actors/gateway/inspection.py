"""What a daemon tells of its process and its host, and how much it logs (mesos-protocol.md §5.2b)."""

from __future__ import annotations

import asyncio
import re
from typing import Final

from actors.gateway.front import Front
from actors.node.control import NODE
from actors.node.host import HostStatistics
from actors.units import Duration
from transport.http.exchange import HttpError, Request, Response, refusal, say, show, unavailable
from transport.http.routes import Route
from transport.messages.node import (
    DescribeNode,
    NodeDescription,
    ReadVerbosity,
    SetVerbosity,
    Verbosity,
)

_LEVEL: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
#: The longest that more may be logged: a forgotten one fills disks.
_LONGEST_SECONDS: Final = 7 * 86_400.0


def inspection_routes(front: Front) -> tuple[Route, ...]:
    """Where the process and its host are looked at."""

    async def toggle(request: Request) -> Response:
        """Log more for a while, or tell how much is logged: 0 is what the flags say."""
        level, duration = request.query.get("level"), request.query.get("duration")
        if level is None and duration is None:
            return say(200, str(await read_level(front)))
        if level is None or duration is None:
            raise refusal(400, f"{'level' if level is None else 'duration'}: must be given, too")
        if not _LEVEL.fullmatch(level):
            raise refusal(400, "level: must be a number from 0 up")
        try:
            seconds = Duration.parse(duration).seconds
        except ValueError as error:
            raise refusal(400, f"duration: {error}") from None
        await set_level(front, int(level), seconds)
        return Response()

    async def stats(request: Request) -> Response:
        """Tell the load and the memory of this host."""
        return show(request, await asyncio.to_thread(HostStatistics.read))

    async def processes(request: Request) -> Response:
        """List the actors of this process: what each has done, and how many messages wait for it."""
        node = await front.ask(NODE, DescribeNode())
        if not isinstance(node, NodeDescription):
            raise HttpError(unavailable(f"{NODE} answered something else"))
        actors = [
            {
                "id": actor.pid.name,
                "pid": str(actor.pid),
                "kind": actor.kind,
                "queued": actor.depth,
                "turns": actor.turns,
                "crashes": actor.crashes,
                "dropped": actor.overflows,
                "longest_turn_secs": actor.longest_turn_seconds,
            }
            for actor in node.actors
        ]
        return show(request, actors)

    return (
        Route("/logging/toggle", toggle, ("GET", "HEAD", "POST")),
        Route("/system/stats.json", stats),
        Route("/__processes__", processes),
    )


async def read_level(front: Front) -> int:
    """How much is logged; raises HttpError."""
    return _verbosity(await front.ask(NODE, ReadVerbosity()))


async def set_level(front: Front, level: int, seconds: float) -> None:
    """Log so much for so long; raises HttpError."""
    if not 0 <= seconds <= _LONGEST_SECONDS:
        raise refusal(400, f"duration: must be at most {Duration.of(_LONGEST_SECONDS)}, and not negative")
    _verbosity(await front.ask(NODE, SetVerbosity(level, seconds)))


def _verbosity(answer: object) -> int:
    if not isinstance(answer, Verbosity):
        raise HttpError(unavailable(f"{NODE} answered something else"))
    return answer.verbosity
