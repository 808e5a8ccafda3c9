"""The yardstick of small calls: a handler on aiohttp that parses the same JSON and does nothing.

`python -m tests.benchmarks.api.bare` serves it until its standard input ends.
"""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

from actors.node.garbage import collect_seldom


async def _accept(request: web.Request) -> web.Response:
    await request.json()
    return web.Response(status=202)


async def _serve() -> None:
    application = web.Application()
    application.router.add_post("/api/v1/scheduler", _accept)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    print(f"{host}:{port}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    collect_seldom()  # as Pion's nodes do, lest that be the difference
    asyncio.run(_serve())
