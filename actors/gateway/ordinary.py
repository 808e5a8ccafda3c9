"""What every daemon serves (mesos-protocol.md §5.2b), whoever leads."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import msgspec

from actors.build import version_info
from actors.flags import Flags, as_text
from actors.metrics import Registry
from actors.units import Duration
from transport.http.exchange import Request, Response, refusal, show
from transport.http.routes import Route

#: Has metrics be new that are measured elsewhere; raises nothing, and takes no longer than a client waits.
Refresh: TypeAlias = Callable[[], Awaitable[None]]

_PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"
#: The password in a URL, as in zk://user:password@host:2181/mesos.
_PASSWORD: Final = re.compile(r"(://[^:/@]*):[^@]*@")


async def up_to_date() -> None:
    """Do nothing: what a daemon measures itself is never old."""


def ordinary_routes(flags: Flags, metrics: Registry, refresh: Refresh = up_to_date) -> tuple[Route, ...]:
    """The routes of a daemon with those flags; `refresh` is awaited before metrics are shown."""
    text = shown_flags(flags)
    version = msgspec.to_builtins(version_info())

    async def health(_request: Request) -> Response:
        """Answer, as whoever is well does."""
        return Response()

    async def show_flags(request: Request) -> Response:
        """Tell the flags that are in force, without passwords."""
        return show(request, {"flags": text})

    async def show_version(request: Request) -> Response:
        """Tell which version this is, and when it was built."""
        return show(request, version)

    async def show_metrics(request: Request) -> Response:
        """Tell every metric by its name."""
        _check_timeout(request)
        await refresh()
        # The books that some of them are counted from may be large.
        return show(request, await asyncio.to_thread(metrics.snapshot))

    async def prometheus(_request: Request) -> Response:
        """Tell every metric in the form that Prometheus reads."""
        await refresh()
        return Response(200, (await asyncio.to_thread(metrics.prometheus)).encode(), _PROMETHEUS)

    return (
        Route("/health", health),
        Route("/flags", show_flags),
        Route("/version", show_version),
        Route("/metrics", prometheus, exact=True),
        Route("/metrics/snapshot", show_metrics),
    )


def shown_flags(flags: Flags) -> dict[str, str]:
    """Flags as text, without passwords."""
    return {name: _PASSWORD.sub(r"\1:***@", value) for name, value in as_text(flags).items()}


def _check_timeout(request: Request) -> None:
    """Metrics are there at once; but a time-out that is none is refused, as Mesos does."""
    try:
        Duration.parse(request.query.get("timeout", "10secs"))
    except ValueError as error:
        raise refusal(400, f"timeout: {error}") from None
