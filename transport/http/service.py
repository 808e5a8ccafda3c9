"""What is done with one request: its route is found, its body read, its handler asked, within limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, Protocol

from transport.http.content import fitted, is_small
from transport.http.exchange import HttpError, Request, Response, Streaming, Transfer, refusal, unavailable
from transport.http.limits import HttpLimits
from transport.http.patience import Patience
from transport.http.routes import Route, Routes
from transport.http.target import origin_form, path_parts, query_arguments
from transport.http.witness import Witness
from transport.pid import Address

#: Paths that are kept with the routes they lead to, and how long they may be.
_KNOWN_PATHS: Final = 512
_KNOWN_LENGTH: Final = 128
_NOBODY: Final = Route("", lambda _request: _no_answer())


async def _no_answer() -> Response:
    raise refusal(404, "not found")


class BodyError(Exception):
    """The body of a request breaks the rules of HTTP, or its sender is gone."""


class Incoming(Protocol):
    """A request whose head is here."""

    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def raw_path(self) -> str: ...  # noqa: D102
    @property
    def headers(self) -> Mapping[str, str]:
        """By name, whatever its case."""
        ...

    @property
    def patience(self) -> Patience: ...  # noqa: D102
    @property
    def client(self) -> Address:
        """Where it comes from."""
        ...

    def at_hand(self) -> bytes | None:
        """The body, if all of it is here."""
        ...

    def go_on(self) -> None:
        """Have the client send the body, if it waits to be told."""
        ...

    async def more(self) -> bytes:
        """Some more of the body; nothing at its end. Raises BodyError."""
        ...


class Service:
    """Answers requests."""

    def __init__(
        self, routes: Routes, limits: HttpLimits, witness: Witness, now: Callable[[], float]
    ) -> None:
        self._routes = routes
        self._limits = limits
        self._witness = witness
        self._now = now
        #: Of bodies that are being read.
        self._reading_bytes = 0
        self._known: dict[str, tuple[Route, tuple[str, ...]]] = {}

    async def answer(self, incoming: Incoming) -> Response | Streaming | Transfer:
        """Answer one; what a handler raises, but HttpError, goes to the caller."""
        witness, route, notes = self._witness, _NOBODY, dict[str, str]()
        seen = witness.began(incoming.method, incoming.raw_path, incoming.client)
        status = 500
        try:
            try:
                route, request = await self._read(incoming, notes)
                answer = await self._handled(incoming, route, request)
            except HttpError as error:
                answer = error.response
            if isinstance(answer, Response):
                if not is_small(answer):
                    answer = await fitted(answer, incoming.method, incoming.headers)
                status = answer.status
            else:
                status = 200
            return answer
        finally:
            witness.ended(seen, status, notes, quiet=route.quiet)

    async def _read(self, incoming: Incoming, notes: dict[str, str]) -> tuple[Route, Request]:
        target = origin_form(incoming.raw_path)
        route, rest = self._find(target)
        route.check_method(incoming.method)
        query = query_arguments(target) if "?" in target else {}
        body, pieces = b"", None
        if route.streams_body or (
            route.streamed_type and incoming.headers.get("Content-Type") == route.streamed_type
        ):
            pieces = self._pieces(incoming)
        elif route.body_bytes is not None:
            body = await self._body(incoming, route.body_bytes)
        request = Request(
            method=incoming.method,
            target=target,
            rest=rest,
            query=query,
            headers=incoming.headers,
            body=body,
            pieces=pieces,
            notes=notes,
            take_time=incoming.patience.relax,
        )
        return route, request

    async def _handled(
        self, incoming: Incoming, route: Route, request: Request
    ) -> Response | Streaming | Transfer:
        seconds = self._limits.answer_seconds
        patience = incoming.patience
        patience.begin(self._now() + seconds)
        try:
            return await route.handler(request)
        except asyncio.CancelledError:
            if patience.is_over:
                waited = patience.ends_with_client
                return unavailable("this server stops" if waited else f"no answer within {seconds:g} s")
            raise
        finally:
            patience.end()

    def _find(self, target: str) -> tuple[Route, tuple[str, ...]]:
        path = target.partition("?")[0]
        found = self._known.get(path)
        if found is None:
            found = self._routes.find(path_parts(path))
            if len(path) <= _KNOWN_LENGTH:
                if len(self._known) >= _KNOWN_PATHS:
                    self._known.clear()
                self._known[path] = found
        return found

    async def _body(self, incoming: Incoming, most_bytes: int) -> bytes:
        _check_encodings(incoming.headers)
        body = incoming.at_hand()
        if body is None:
            if _declared_length(incoming.headers) > most_bytes:
                raise _too_long(most_bytes)
            try:
                async with asyncio.timeout(self._limits.body_seconds):
                    return await self._whole(incoming, most_bytes)
            except TimeoutError:
                raise refusal(408, f"body: must come within {self._limits.body_seconds:g} s") from None
        if len(body) > most_bytes:
            raise _too_long(most_bytes)
        return body

    async def _whole(self, incoming: Incoming, most_bytes: int) -> bytes:
        incoming.go_on()
        body = bytearray()
        try:
            while piece := await _more(incoming):
                body += piece
                self._reading_bytes += len(piece)
                if len(body) > most_bytes:
                    raise _too_long(most_bytes)
                if self._reading_bytes > self._limits.bodies_bytes:
                    raise HttpError(unavailable("too much is being sent at a time"))
        finally:
            self._reading_bytes -= len(body)
        return bytes(body)

    async def _pieces(self, incoming: Incoming) -> AsyncIterator[bytes]:
        _check_encodings(incoming.headers)
        incoming.go_on()
        while piece := await _more(incoming):
            yield piece


async def _more(incoming: Incoming) -> bytes:
    try:
        return await incoming.more()
    except BodyError as error:  # or its sender is gone, and reads no answer
        raise refusal(400, "body: its length or its chunks cannot be read") from error


def _check_encodings(headers: Mapping[str, str]) -> None:
    if headers.get("Content-Encoding", "identity") != "identity":
        raise refusal(415, "Content-Encoding: must be identity")
    if headers.get("Transfer-Encoding", "chunked").lower() != "chunked":
        raise refusal(501, "Transfer-Encoding: must be chunked")


def _declared_length(headers: Mapping[str, str]) -> int:
    # What is no number was refused before.
    return int(headers.get("Content-Length", "0"))


def _too_long(most_bytes: int) -> HttpError:
    return refusal(413, f"body: must have at most {most_bytes} bytes")
