"""One request and its response, as handlers see them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

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
    #: By name, in lower case.
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Response(msgspec.Struct, frozen=True):
    """What the client gets."""

    status: int = 200
    body: bytes = b""
    content_type: str = TEXT
    headers: Mapping[str, str] = {}


class HttpError(Exception):
    """Ends the handling of a request; the client gets its response."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.body.decode().strip())
        self.response = response


def say(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """A response of plain words."""
    return Response(status, f"{text}\n".encode(), headers=headers or {})


def refusal(status: int, text: str, headers: Mapping[str, str] | None = None) -> HttpError:
    """The error whose response is these words."""
    return HttpError(say(status, text, headers))


def show(request: Request, value: object) -> Response:
    """A value as JSON, or wrapped in the function that the argument `jsonp` names; raises HttpError."""
    content = msgspec.json.encode(value)
    callback = request.query.get("jsonp")
    if callback is None:
        return Response(200, content, JSON)
    if not _CALLBACK.fullmatch(callback):
        raise refusal(400, "jsonp: must be the name of a function")
    return Response(200, b"%s(%s);" % (callback.encode(), content), _SCRIPT)


def unavailable(text: str, retry_after_seconds: int = 2) -> Response:
    """A response for what will be there again: the client is told when to try."""
    return say(503, text, {"Retry-After": str(retry_after_seconds)})
