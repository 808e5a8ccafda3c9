"""The target of a request: its path and query, read strictly."""

from __future__ import annotations

import re
import urllib.parse
from typing import Final

from transport.http.exchange import refusal

#: So many arguments may a query have.
_MAX_ARGUMENTS: Final = 100
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def origin_form(raw: str) -> str:
    """The target without scheme and host, which a client may name, and which must not matter."""
    if raw.startswith("/"):
        return raw
    return "/" + raw.partition("://")[2].partition("/")[2]


def path_parts(target: str) -> tuple[str, ...]:
    """The decoded parts of the path, without empty ones: `//a/b/` is `/a/b`; raises HttpError."""
    path = target.partition("?")[0]
    return tuple(_decoded(part, "path") for part in path.split("/") if part)


def query_arguments(target: str) -> dict[str, str]:
    """The arguments by name; of several of one name, the last; raises HttpError."""
    query = target.partition("?")[2]
    if not query:
        return {}
    arguments = query.split("&")
    if len(arguments) > _MAX_ARGUMENTS:
        raise refusal(400, f"query: more than {_MAX_ARGUMENTS} arguments")
    pairs = (argument.replace("+", " ").partition("=") for argument in arguments if argument)
    return {_decoded(name, "query"): _decoded(value, "query") for name, _, value in pairs}


def _decoded(text: str, where: str) -> str:
    if _BROKEN_ESCAPE.search(text):
        raise refusal(400, f"{where}: a % must be followed by two hexadecimal digits")
    try:
        decoded = urllib.parse.unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise refusal(400, f"{where}: must be UTF-8") from None
    if _CONTROL.search(decoded):
        raise refusal(400, f"{where}: must not hold control characters")
    return decoded
