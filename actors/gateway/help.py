"""`/help` and `/openapi.json`: what a daemon serves, told by itself."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from actors.gateway.openapi.document import Described
from actors.gateway.openapi.endpoint import Endpoints
from transport.http.exchange import HTML, JSON, Request, Response, refusal, show
from transport.http.routes import Route

#: What the browser may do with the page: show it.
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_STYLE: Final = """:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 60rem; padding: 1.2rem; font: 1rem/1.5 system-ui, sans-serif; }
dt { font-family: ui-monospace, monospace; margin-top: .9rem; overflow-wrap: anywhere; }
dd { margin: 0 0 0 1.5rem; } dd ul { margin: .2rem 0; } .soft { opacity: .7; }"""


def described_routes(
    name: str, prefix: str, routes: Sequence[Route], endpoints: Endpoints
) -> tuple[Route, ...]:
    """The routes of a daemon, and those at which they are described with the rest."""
    pages: dict[str, bytes] = {}

    async def openapi(_request: Request) -> Response:
        """Describe all of this in the form of OpenAPI 3.1."""
        if "openapi" not in pages:
            pages["openapi"] = msgspec.json.encode(described.document())
        return Response(200, pages["openapi"], JSON)

    async def help_(request: Request) -> Response:
        """Tell what is served here."""
        found = _found(described, request.rest)
        if request.query.get("format") == "json":
            return show(request, found)
        return Response(200, _page(described, found).encode(), HTML, _HEADERS)

    own = (Route("/openapi.json", openapi, exact=True), Route("/help", help_))
    described = Described(name, prefix, (*routes, *own), endpoints)
    return described.routes


def _found(described: Described, rest: Sequence[str]) -> Mapping[str, object]:
    """All processes as Mesos names them, or one of them, or one of its endpoints; raises HttpError."""
    processes = dict(_processes(described))
    if not rest:
        return {"processes": [{"id": name, "endpoints": told} for name, told in processes.items()]}
    name, *path = rest
    endpoints = [one for one in processes.get(name, ()) if not path or one["name"] == "/" + "/".join(path)]
    if not endpoints:
        raise refusal(404, f"nothing is served at /{'/'.join(rest)}")
    return {"id": name, "endpoints": endpoints}


def _processes(described: Described) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Who serves what, as in Mesos: a path's first part is a process, unless the daemon itself serves it."""
    found: dict[str, list[dict[str, str]]] = {described.prefix: []}
    for route in described.routes:
        first, _, behind = route.path.strip("/").partition("/")
        is_own = not behind or first in ("api", "maintenance", "machine", "monitor", "containerizer")
        name, path = (described.prefix, route.path) if is_own else (first, f"/{behind}")
        found.setdefault(name, []).append({"name": path, "text": _text(described, route)})
    yield from sorted(found.items())


def _text(described: Described, route: Route) -> str:
    endpoint = described.endpoint(route)
    lines = [f"{', '.join(described.methods(route))} {route.path}", described.summary(route)]
    lines += [f"  {one.name}: {one.text}" for one in (*endpoint.arguments, *endpoint.form)]
    calls = described.calls(route)
    return "\n".join([*lines, *([f"  type: {', '.join(calls)}"] if calls else [])])


def _page(described: Described, found: Mapping[str, object]) -> str:
    processes = found.get("processes", [found])
    assert isinstance(processes, list)
    entries = "\n".join(
        _entry(endpoint["text"]) for process in processes for endpoint in process["endpoints"]
    )
    name = html.escape(described.name)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{name}: help</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>
<body><h1>{name}</h1><p>What is served here; <a href="/openapi.json">/openapi.json</a> says it to programs.
Paths may begin with <code>/{html.escape(described.prefix)}</code>.</p>
<main><dl>{entries}</dl></main></body></html>
"""


def _entry(text: str) -> str:
    head, summary, *more = text.split("\n")
    items = "".join(f"<li>{html.escape(line.strip())}</li>" for line in more)
    path = head.rpartition(" ")[2]
    return (
        f'<dt id="{html.escape(path)}">{html.escape(head)}</dt><dd>{html.escape(summary)}'
        f"{f'<ul class=soft>{items}</ul>' if items else ''}</dd>"
    )
