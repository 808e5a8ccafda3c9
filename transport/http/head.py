"""The head of a response, as it goes over the wire."""

from __future__ import annotations

import functools
import http
import time
from collections.abc import Iterable
from email.utils import formatdate
from typing import Final

#: What every response says: no browser may guess its type, and no version is given away.
_ALWAYS: Final = "Server: Pion\r\nX-Content-Type-Options: nosniff\r\n"
_PHRASES: Final = {status.value: status.phrase for status in http.HTTPStatus}
#: Of responses that have no body, and do not even say so.
BODILESS: Final = frozenset({204, 304})


def head(status: int, content_type: str, headers: Iterable[tuple[str, str]], version_minor: int = 1) -> bytes:
    """Status line and headers, up to the empty line; raises ValueError for a header of several lines."""
    lines = [f"HTTP/1.{version_minor} {status} {_PHRASES.get(status, '')}", f"Date: {_dates.now()}"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    lines += [f"{name}: {value}" for name, value in headers]
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
        raise ValueError("a header of the response holds the end of a line")
    return f"{text}\r\n{_ALWAYS}\r\n".encode("utf-8", "surrogateescape")


def plain_head(status: int, content_type: str, length: int, version_minor: int) -> bytes:
    """The head of a response that says nothing else: made once, but for the date."""
    before, after = _around_the_date(status, content_type, length, version_minor)
    return b"%b%b%b" % (before, _dates.now().encode(), after)


@functools.lru_cache(maxsize=256)
def _around_the_date(status: int, content_type: str, length: int, version_minor: int) -> tuple[bytes, bytes]:
    headers = (("Cache-Control", "no-store"), ("Content-Length", str(length)))
    before, date, after = head(status, content_type, headers, version_minor).partition(b"\r\nDate: ")
    return before + date, after[after.index(b"\r\n") :]


class _Dates:
    """The date as HTTP writes it, made anew once a second."""

    def __init__(self) -> None:
        self._until = 0.0
        self._text = ""

    def now(self) -> str:
        now = time.monotonic()
        if now >= self._until:
            self._text, self._until = formatdate(usegmt=True), now + 1.0
        return self._text


_dates: Final = _Dates()
