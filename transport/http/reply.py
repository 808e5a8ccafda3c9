"""Writes responses to a connection: whole ones, and those that are read while they are sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Protocol

import msgspec

from transport.http.content import size_of
from transport.http.exchange import Response, Transfer
from transport.http.head import BODILESS, head, plain_head

#: Smaller pieces of a body are put together up to this, and larger ones are sent by so much at a time.
_PORTION_BYTES: Final = 128 * 1_024


class Terms(msgspec.Struct, frozen=True):
    """What a request says of how its response is to be written."""

    is_head: bool = False
    #: Of HTTP/1.
    version_minor: int = 1
    #: Whether the connection goes on behind it.
    keep_alive: bool = True


class Wire(Protocol):
    """A connection; both raise ConnectionError when the client is gone."""

    def write(self, data: bytes | memoryview) -> None:
        """Send something, or keep it to be sent."""
        ...

    def write_soon(self, data: bytes) -> None:
        """Send a whole small response, together with those of other connections."""
        ...

    async def drained(self) -> None:
        """Wait until not much is kept."""
        ...


def fields(terms: Terms, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers of a response, and what every response has."""
    found = list(headers.items())
    if "Cache-Control" not in headers:
        found.append(("Cache-Control", "no-store"))
    if terms.keep_alive and terms.version_minor == 0:
        found.append(("Connection", "keep-alive"))
    elif not terms.keep_alive and terms.version_minor == 1:
        found.append(("Connection", "close"))
    return found


async def send_response(wire: Wire, terms: Terms, response: Response) -> None:
    """Send a response that is there."""
    body = response.body
    begun = _begun(terms, response)
    if terms.is_head or response.status in BODILESS:
        wire.write(begun)
    elif isinstance(body, bytes) and len(body) < _PORTION_BYTES:
        wire.write_soon(begun + body)
    else:
        wire.write(begun)
        for portion in _portions((body,) if isinstance(body, bytes) else body):
            wire.write(portion)
            await wire.drained()


async def send_transfer(wire: Wire, terms: Terms, transfer: Transfer) -> None:
    """Send what a source gives; raises ConnectionError, too, if that is less than it was said to be."""
    headers = [*fields(terms, transfer.headers), ("Content-Length", str(transfer.length_bytes))]
    left = transfer.length_bytes
    try:
        wire.write(head(200, transfer.content_type, headers, terms.version_minor))
        while left and not terms.is_head:
            piece = (await transfer.source.read())[:left]
            if not piece:
                raise ConnectionError("the source is not as long as it was said to be")
            left -= len(piece)
            wire.write(piece)
            await wire.drained()
    finally:
        transfer.source.close()


def _begun(terms: Terms, response: Response) -> bytes:
    status, kind, minor = response.status, response.content_type, terms.version_minor
    if status in BODILESS:
        return head(status, kind, fields(terms, response.headers), minor)
    length = size_of(response.body)
    if minor and terms.keep_alive and not response.headers:
        return plain_head(status, kind, length, minor)
    return head(status, kind, [*fields(terms, response.headers), ("Content-Length", str(length))], minor)


def _portions(pieces: tuple[bytes, ...]) -> Iterator[bytes | memoryview]:
    small: list[bytes] = []
    waiting = 0
    for piece in pieces:
        if waiting + len(piece) > _PORTION_BYTES and small:
            yield b"".join(small)
            small, waiting = [], 0
        if len(piece) > _PORTION_BYTES:
            whole = memoryview(piece)
            for begin in range(0, len(piece), _PORTION_BYTES):
                yield whole[begin : begin + _PORTION_BYTES]
        else:
            small.append(piece)
            waiting += len(piece)
    if small:
        yield b"".join(small)
