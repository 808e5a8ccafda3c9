"""What becomes of a response's body before it is sent: nothing if the client has it already, or gzip."""

from __future__ import annotations

import asyncio
import functools
import zlib
from collections.abc import Mapping
from typing import Final

import msgspec

from transport.http.exchange import Response

#: A body below this is not worth the work.
_LEAST_BYTES: Final = 1_024
#: One above is compressed on another thread: the server's own is all clients'.
_LARGE_BYTES: Final = 64 * 1_024
#: Of 1 to 9: what is more takes much longer, and saves little of JSON.
_LEVEL: Final = 3
_GZIP: Final = 16 + zlib.MAX_WBITS
_COMPRESSIBLE: Final = ("text/", "application/json", "application/x-protobuf", "application/javascript")
_VARIES: Final = {"Vary": "Accept-Encoding"}
#: A header that is longer is not kept to be known again.
_KEPT_LENGTH: Final = 256


def is_small(response: Response) -> bool:
    """Whether it is sent as it is, whoever gets it."""
    body = response.body
    return isinstance(body, bytes) and len(body) < _LEAST_BYTES and not response.version


async def fitted(response: Response, method: str, asked: Mapping[str, str]) -> Response:
    """The response as this client gets it, whose request had these headers."""
    if response.version and response.status == 200:
        response = _versioned(response)
        if method in ("GET", "HEAD") and _has_it(asked.get("if-none-match"), response.headers["ETag"]):
            return Response(304, b"", "", response.headers)
    return await _compressed(response, asked)


def size_of(body: bytes | tuple[bytes, ...]) -> int:
    """In bytes."""
    return len(body) if isinstance(body, bytes) else sum(map(len, body))


def _versioned(response: Response) -> Response:
    # Weak, as the same version is sent in several encodings.
    headers = {**response.headers, "ETag": f'W/"{response.version}"', "Cache-Control": "no-cache"}
    return msgspec.structs.replace(response, headers=headers)


def _has_it(header: str | None, tag: str) -> bool:
    if header is None:
        return False
    wanted = tag.removeprefix("W/")
    return any(given.strip().removeprefix("W/") in ("*", wanted) for given in header.split(","))


async def _compressed(response: Response, asked: Mapping[str, str]) -> Response:
    size = size_of(response.body)
    if size < _LEAST_BYTES or not response.content_type.startswith(_COMPRESSIBLE):
        return response
    headers = {**response.headers, **_VARIES}
    body = response.body
    if takes_gzip(asked.get("accept-encoding")):
        headers["Content-Encoding"] = "gzip"
        body = _gzip(body) if size < _LARGE_BYTES else await asyncio.to_thread(_gzip, body)
    return msgspec.structs.replace(response, headers=headers, body=body)


def _gzip(body: bytes | tuple[bytes, ...]) -> tuple[bytes, ...]:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    pieces = (body,) if isinstance(body, bytes) else body
    compressed = [compressor.compress(piece) for piece in pieces]
    compressed.append(compressor.flush())
    return tuple(piece for piece in compressed if piece)


def takes_gzip(header: str | None) -> bool:
    """Whether a client that sends this as `Accept-Encoding` can read gzip."""
    if header is None:
        return False
    return _names_gzip(header) if len(header) > _KEPT_LENGTH else _known_to_name_gzip(header)


def _names_gzip(header: str) -> bool:
    found: dict[str, bool] = {}
    for part in header.lower().split(","):
        name, _, parameter = part.partition(";")
        key, _, quality = parameter.strip().partition("=")
        found.setdefault(name.strip(), key.strip() != "q" or quality.strip().strip("0.") != "")
    return found.get("gzip", found.get("*", False))


_known_to_name_gzip: Final = functools.lru_cache(maxsize=64)(_names_gzip)
