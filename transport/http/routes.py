"""Which handler a path leads to (mesos-protocol.md §1.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec

from transport.http.exchange import Request, Response, Streaming, Transfer, refusal

Handler = Callable[[Request], Awaitable[Response | Streaming | Transfer]]


class Route(msgspec.Struct, frozen=True):
    """Where a handler is found, and what it takes."""

    #: As `/api/v1`; parts of a path behind it are the request's `rest`.
    path: str
    handler: Handler
    #: None of them: the handler looks at the method itself.
    methods: tuple[str, ...] = ("GET", "HEAD")
    #: The most that the body may have; None for a handler that does not look at it, and it is not read.
    body_bytes: int | None = None
    #: Whether nothing may stand behind the path.
    exact: bool = False
    #: Whether the handler takes the body as it comes (`Request.pieces`); `body_bytes` does not matter then.
    streams_body: bool = False
    #: The same for bodies of this type alone.
    streamed_type: str = ""
    #: Whether its requests are so many, or so small, that nobody wants to read of each.
    quiet: bool = False

    def check_method(self, method: str) -> None:
        """Raise HttpError unless the method is one of its own."""
        if self.methods and method not in self.methods:
            allow = ", ".join(self.methods)
            raise refusal(405, f"{method}: must be one of {allow}", {"Allow": allow})


class Routes:
    """All routes of a server.

    `prefixes` are first parts of a path that mean nothing: a master serves `/state` as `/master/state`, too.
    Of several routes the longest that fits counts. Old clients write `/state.json`.
    """

    def __init__(self, routes: Iterable[Route], prefixes: Sequence[str] = ()) -> None:
        self._prefixes = prefixes
        self._routes: dict[tuple[str, ...], Route] = {}
        for route in routes:
            parts = tuple(part for part in route.path.split("/") if part)
            if self._routes.setdefault(parts, route) is not route:
                raise ValueError(f"route {route.path}: is there already")

    def find(self, parts: Sequence[str]) -> tuple[Route, tuple[str, ...]]:
        """The route, and the parts of the path behind it; raises HttpError where there is none."""
        parts = tuple(parts)
        found = self._longest(parts)
        if found is None and parts and parts[0] in self._prefixes:
            found = self._longest(parts[1:])
        if found is None:
            raise refusal(404, "not found")
        return found

    def _longest(self, parts: tuple[str, ...]) -> tuple[Route, tuple[str, ...]] | None:
        for length in range(len(parts), -1, -1):
            route = self._routes.get(parts[:length]) or self._routes.get(_plain(parts[:length]))
            if route is not None and not (route.exact and length < len(parts)):
                return route, parts[length:]
        return None


def _plain(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Without the suffix `.json`."""
    return (*parts[:-1], parts[-1].removesuffix(".json")) if parts else parts
