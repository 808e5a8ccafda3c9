"""One request and its response, as handlers see them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, Protocol, runtime_checkable

import msgspec

TEXT: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"
HTML: Final = "text/html; charset=utf-8"
_SCRIPT: Final = "text/javascript"

#: What may name a function of JavaScript; a callback is written into a script (reliability.md §3.4, 37).
_CALLBACK: Final = re.compile(r"[A-Za-z_$][\w$.]{0,127}", re.ASCII)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks for; none of it is to be trusted."""

    method: str
    #: Path and query as they were sent, percent-encoded.
    target: str
    #: The parts of the path behind the route's own, decoded.
    rest: tuple[str, ...] = ()
    #: Of arguments given several times, the last.
    query: Mapping[str, str] = {}
    #: By name, in lower case; of headers given several times, the first.
    headers: Mapping[str, str] = {}
    body: bytes = b""
    #: The body as it comes, where the route takes it so; `body` is empty then. The client is held back while
    #: nobody reads. Raises HttpError where the body breaks a rule, or its sender is gone.
    pieces: AsyncIterator[bytes] | None = None
    #: What the handler adds to the request's line in the log.
    notes: dict[str, str] = {}
    #: For a handler to say that it takes as long as its client waits: it is cancelled when that is gone.
    take_time: Callable[[], None] = lambda: None


class Response(msgspec.Struct, frozen=True):
    """What the client gets."""

    status: int = 200
    #: In several pieces where they are at hand like that: they are not copied into one.
    body: bytes | tuple[bytes, ...] = b""
    content_type: str = TEXT
    headers: Mapping[str, str] = {}
    #: Of a body that a client may keep until there is another: what tells the two apart.
    version: str = ""


class Outlet(Protocol):
    """The body of a response that goes on; for the server's thread alone."""

    def write(self, piece: bytes) -> None:
        """Send a piece, as a chunk of its own; never waits.

        A client that leaves too much of what it is sent unread loses its connection; so `ended` is called,
        and what is written then goes nowhere.
        """
        ...

    def end(self) -> None:
        """Nothing more comes; the client sees a complete response."""
        ...


@runtime_checkable
class PacedOutlet(Outlet, Protocol):
    """An outlet, as the server's are, that tells how far its client is behind, for those who can wait."""

    @property
    def unread_bytes(self) -> int:
        """What was written and is not on its way yet."""
        ...

    def abort(self) -> None:
        """Close the connection: the client sees that the response is not complete."""
        ...


class Streaming(msgspec.Struct, frozen=True, kw_only=True):
    """A response whose body goes on: with status 200, and for as long as both sides want."""

    content_type: str
    #: Called when the head of the response is sent, with where the body goes; not if only that was asked for.
    begin: Callable[[Outlet], None]
    #: Called once, whatever happens, with the reason: the client is gone, or was too slow, `Outlet.end` was
    #: called, the server stops, `begin` raised, or was never called.
    ended: Callable[[str], None]
    headers: Mapping[str, str] = {}


class Source(Protocol):
    """Where the body of a Transfer comes from."""

    async def read(self) -> bytes:
        """Some more of it; nothing at its end."""
        ...

    def close(self) -> None:
        """Let go of it; called once, whatever happened."""
        ...


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A response whose body is read while it is sent, no faster than the client takes it."""

    content_type: str
    #: What the source gives; the connection ends where it turns out to have less.
    length_bytes: int
    source: Source
    headers: Mapping[str, str] = {}


class HttpError(Exception):
    """Ends the handling of a request; the client gets its response."""

    def __init__(self, response: Response) -> None:
        body = response.body
        super().__init__((body if isinstance(body, bytes) else b"".join(body)).decode().strip())
        self.response = response


def say(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """A response of plain words."""
    return Response(status, f"{text}\n".encode(), headers=headers or {})


def refusal(status: int, text: str, headers: Mapping[str, str] | None = None) -> HttpError:
    """The error whose response is these words."""
    return HttpError(say(status, text, headers))


def show(request: Request, value: object) -> Response:
    """A value as JSON, or wrapped in the function that the argument `jsonp` names; raises HttpError."""
    return in_callback(request, Response(200, msgspec.json.encode(value), JSON))


def in_callback(request: Request, response: Response) -> Response:
    """JSON, wrapped in the function that the argument `jsonp` names, if it does; raises HttpError."""
    callback = request.query.get("jsonp")
    if callback is None:
        return response
    if not _CALLBACK.fullmatch(callback):
        raise refusal(400, "jsonp: must be the name of a function")
    body, begin, end = response.body, callback.encode() + b"(", b");"
    wrapped = (begin, *body, end) if isinstance(body, tuple) else begin + body + end
    return Response(response.status, wrapped, _SCRIPT, response.headers)


def unavailable(text: str, retry_after_seconds: int = 2) -> Response:
    """A response for what will be there again: the client is told when to try."""
    return say(503, text, {"Retry-After": str(retry_after_seconds)})
